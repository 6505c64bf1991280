/* SPDX-License-Identifier: MIT */
/*
 * IGMP: when to speak. Version 3 (RFC 3376) unless a querier of version 2 (RFC 2236) or 1 has been heard of late, or
 * net.ipv4.conf.*.force_igmp_version says otherwise.
 *
 * Timers: of a group, its answer to a query, and in versions 1 and 2 its unsolicited reports; of the device, the answer to a
 * general query (gq), and the reports of changes (ifc). All wait a random while, so that hosts do not speak at once.
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/igmp_priv.h"
#include "net/ipv4/ip_path.h"

#define QUERY_INTERVAL          (125 * NSEC_PER_SEC) /* RFC 3376 s8.2 */
#define QUERY_RESPONSE_INTERVAL (10 * NSEC_PER_SEC)  /* s8.3 */
/* Joins and leaves in one breath go into one report. */
#define BREATH (4 * NSEC_PER_MSEC)

static int conf(const struct ip_mc_device *mc, unsigned int which)
{
	return in_dev_conf(mc->in_dev, which);
}

unsigned int igmp_version(const struct ip_mc_device *mc)
{
	const struct ipv4_devconf *all = &net_ipv4(mc_net(mc))->devconf_all;
	int of_all = all->data[IPV4_DEVCONF_FORCE_IGMP_VERSION];
	int forced = conf(mc, IPV4_DEVCONF_FORCE_IGMP_VERSION);
	u64 now = plat_now();

	if (forced == 1 || of_all == 1 || now < mc->v1_until)
		return 1;
	return forced == 2 || of_all == 2 || now < mc->v2_until ? 2 : 3;
}

u8 igmp_robustness(const struct ip_mc_device *mc)
{
	return mc->qrv ? mc->qrv : net_ipv4(mc_net(mc))->sysctl_igmp_qrv;
}

/* ---- timers ---- */

/* Some time from now, less than max ns. */
static u64 some_time(u64 max)
{
	u64 r;

	plat_random(&r, sizeof(r));
	return plat_now() + NSEC_PER_MSEC + r % max;
}

static u64 unsolicited_interval(const struct ip_mc_device *mc)
{
	int ms = conf(mc, igmp_version(mc) == 3 ? IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL
						: IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL);

	return max(ms, 1) * NSEC_PER_MSEC;
}

static void gq_expire(struct timer *t, u64 now)
{
	(void)now;
	igmpv3_send_state(container_of(t, struct ip_mc_device, gq_timer), NULL);
}

static void ifc_expire(struct timer *t, u64 now)
{
	struct ip_mc_device *mc = container_of(t, struct ip_mc_device, ifc_timer);

	(void)now;
	igmpv3_send_changes(mc);
	mc_sweep(mc);
	if (--mc->ifc_count)
		net_mod_timer(mc_net(mc), t, some_time(unsolicited_interval(mc)));
}

void igmp_ifc_event(struct ip_mc_device *mc)
{
	mc->ifc_count = igmp_robustness(mc);
	net_mod_timer(mc_net(mc), &mc->ifc_timer, plat_now() + BREATH);
}

/* No changes are to be told any more. */
static void forget_changes(struct ip_mc_device *mc)
{
	struct ip_sf_list *psf;
	struct ip_mc_list *im;

	net_del_timer(mc_net(mc), &mc->ifc_timer);
	list_for_each_entry (im, &mc->groups, list) {
		im->crcount = 0;
		list_for_each_entry (psf, &im->sources, list)
			psf->crcount = 0;
	}
	mc_sweep(mc);
}

static void group_stop(struct ip_mc_list *im)
{
	net_del_timer(im->in_dev->dev->net, &im->timer);
	im->reporter = false;
	im->unsolicit_count = 0;
}

static void group_expire(struct timer *t, u64 now)
{
	struct ip_mc_list *im = container_of(t, struct ip_mc_list, timer);
	struct ip_mc_device *mc = im->in_dev->mc;
	unsigned int version = igmp_version(mc);

	(void)now;
	if (im->unsolicit_count && --im->unsolicit_count)
		net_mod_timer(mc_net(mc), t, some_time(unsolicited_interval(mc)));
	im->reporter = true;
	if (version == 3)
		igmpv3_send_state(mc, im);
	else
		igmp_send_report(im, version == 2 ? IGMP_V2_REPORT : IGMP_V1_REPORT);
}

/* An answer within max ns; one that is due sooner stands. */
static void group_answer(struct ip_mc_list *im, u64 max)
{
	u64 at = some_time(max);

	im->unsolicit_count = 0;
	if (timer_pending(&im->timer) && im->timer.expires < at)
		return;
	net_mod_timer(im->in_dev->dev->net, &im->timer, at);
}

/* ---- life ---- */

void igmp_mc_reset(struct ip_mc_device *mc)
{
	mc->qrv = 0;
	mc->qi = QUERY_INTERVAL;
	mc->qri = QUERY_RESPONSE_INTERVAL;
}

void igmp_mc_init(struct ip_mc_device *mc)
{
	timer_setup(&mc->gq_timer, gq_expire);
	timer_setup(&mc->ifc_timer, ifc_expire);
	igmp_mc_reset(mc);
}

void igmp_group_init(struct ip_mc_list *im)
{
	timer_setup(&im->timer, group_expire);
}

void igmp_group_added(struct ip_mc_list *im)
{
	struct ip_mc_device *mc = im->in_dev->mc;

	if (igmp_version(mc) == 3 || !mc_reported(im))
		return;
	im->unsolicit_count = net_ipv4(mc_net(mc))->sysctl_igmp_qrv;
	net_mod_timer(mc_net(mc), &im->timer, plat_now() + BREATH);
}

void igmp_group_dropped(struct ip_mc_list *im)
{
	bool leave = im->reporter && mc_reported(im);

	group_stop(im);
	if (leave && igmp_version(im->in_dev->mc) == 2)
		igmp_send_report(im, IGMP_LEAVE);
}

void igmp_stop(struct ip_mc_device *mc)
{
	struct ip_mc_list *im;

	net_del_timer(mc_net(mc), &mc->ifc_timer);
	net_del_timer(mc_net(mc), &mc->gq_timer);
	list_for_each_entry (im, &mc->groups, list)
		group_stop(im);
}

/* ---- packets in ---- */

/* Another host has spoken for the group: our answer is not needed (RFC 2236 s3). */
static void heard_report(const struct ip_mc_device *mc, be32 group)
{
	struct ip_mc_list *im = mc_find(mc, group);

	if (im && mc_reported(im))
		group_stop(im);
}

/* An older querier is about, and is answered in its words for a while (RFC 3376 s7.2.1). */
static void heard_old_querier(struct ip_mc_device *mc, unsigned int version)
{
	u64 until = plat_now() + igmp_robustness(mc) * mc->qi + mc->qri;

	if (version == 1)
		mc->v1_until = until;
	else
		mc->v2_until = until;
	forget_changes(mc);
}

/* What the querier says of itself. RFC 3376 s4.1.6, s4.1.7, s8.3. */
static void heard_settings(struct ip_mc_device *mc, const struct igmp_query *q)
{
	mc->qrv = q->qrv;
	mc->qi = q->qqi ? q->qqi * NSEC_PER_SEC : QUERY_INTERVAL;
	if (mc->qri >= mc->qi)
		mc->qri = mc->qi - NSEC_PER_SEC;
}

/* Notes which sources are asked for; false: we have nothing to say of them. RFC 3376 s5.2. */
static bool mark_sources(struct ip_mc_list *im, const struct igmp_query *q)
{
	struct ip_sf_list *psf;
	u32 found = 0;

	list_for_each_entry (psf, &im->sources, list) {
		if (!psf->in)
			continue;
		for (u32 i = 0; i < q->nsrcs; i++) {
			be32 addr;

			memcpy(&addr, q->srcs + i * sizeof(addr), sizeof(addr));
			if (addr != psf->addr)
				continue;
			psf->gsresp = im->sfmode == MCAST_INCLUDE;
			found++;
			break;
		}
	}
	if (im->sfmode == MCAST_INCLUDE)
		return found;
	im->gsquery = false; /* we want some of them: all that we do not is said */
	return found < q->nsrcs;
}

static void answer_group(struct ip_mc_list *im, const struct igmp_query *q, bool about_sources,
			 u64 max)
{
	if (!im->users || !mc_reported(im))
		return;
	im->gsquery = about_sources && (im->gsquery || !timer_pending(&im->timer));
	if (im->gsquery && !mark_sources(im, q))
		return;
	group_answer(im, max);
}

/* A general query of version 3: one answer for all groups. */
static void answer_all(struct ip_mc_device *mc, u64 max)
{
	u64 at = some_time(max);

	if (!timer_pending(&mc->gq_timer) || at < mc->gq_timer.expires)
		net_mod_timer(mc_net(mc), &mc->gq_timer, at);
}

static bool heard_query(struct ip_mc_device *mc, const struct igmp_query *q)
{
	u64 max = max(q->max_resp_ds, 1U) * (NSEC_PER_SEC / 10);
	unsigned int version;
	be32 group = q->group;
	struct ip_mc_list *im;

	if (q->version < 3)
		heard_old_querier(mc, q->version);
	version = igmp_version(mc);
	if (q->version == 1 || (q->version == 3 && version == 1)) {
		group = 0;
		max = QUERY_RESPONSE_INTERVAL;
	} else if (q->version == 3 && version == 3) {
		if (!q->srcs || (!group && q->nsrcs))
			return false;
		heard_settings(mc, q);
		if (!group) {
			answer_all(mc, max);
			return true;
		}
	}
	if (group) {
		im = mc_find(mc, group);
		if (im)
			answer_group(im, q, version == 3 && q->nsrcs, max);
		return true;
	}
	list_for_each_entry (im, &mc->groups, list)
		answer_group(im, q, false, max);
	return true;
}

static bool igmp_take(struct sk_buff *skb)
{
	const struct igmphdr *ih = (const struct igmphdr *)skb->data;
	struct in_device *in_dev = in_dev_get(skb->dev);
	struct ip_mc_device *mc = in_dev->mc;
	struct igmp_query q;

	switch (ih->type) {
	case IGMP_QUERY:
		mc = ip_mc_device(in_dev); /* who queries is remembered also before anybody joins */
		return mc && igmp_query_parse(&q, ih, skb->len) && heard_query(mc, &q);
	case IGMP_V1_REPORT:
	case IGMP_V2_REPORT:
		/* Not our own that came back, and none that was sent to us alone. */
		if (mc && (skb->pkt_type == PACKET_MULTICAST || skb->pkt_type == PACKET_BROADCAST))
			heard_report(mc, ih->group);
	}
	return true; /* the others are for routers */
}

void igmp_rcv(struct net *net, struct sk_buff *skb)
{
	(void)net;
	trace_skb(skb, "igmp_rcv");
	if (skb->len < IGMP_HLEN || skb_linearize(skb))
		kfree_skb_reason(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
	else if (!igmp_csum_ok(skb->data, skb->len))
		kfree_skb_reason(skb, SKB_DROP_REASON_IGMP_CSUM);
	else if (!igmp_take(skb))
		kfree_skb_reason(skb, SKB_DROP_REASON_IGMP_INVALID);
	else
		consume_skb(skb);
}

static const struct net_protocol igmp_protocol = {.handler = igmp_rcv};

int igmp_init(struct net *net)
{
	return inet_add_protocol(net, &igmp_protocol, IPPROTO_IGMP);
}

void igmp_exit(struct net *net)
{
	inet_del_protocol(net, IPPROTO_IGMP);
}
