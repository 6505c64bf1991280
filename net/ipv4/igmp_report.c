/* SPDX-License-Identifier: MIT */
/*
 * IGMP: what to say. Reports go out with TTL 1, a router alert and TOS 0xc0: versions 1 and 2 one packet for a group, to it;
 * version 3 as many records as a packet holds, to 224.0.0.22 (RFC 3376 s4.2).
 */
#include "net/ipv4/igmp_priv.h"
#include "net/ipv4/ip_path.h"

#define ALL_ROUTERS  CPU_TO_BE32(0xe0000002)
#define IGMPV3_ALL   CPU_TO_BE32(0xe0000016)
#define IP_ALERT_LEN 4
#define REPORT_MAX   9000 /* of a report, on links that would take more */

static bool is_of(const struct in_device *in_dev, be32 addr)
{
	const struct in_ifaddr *ifa;

	in_dev_for_each_ifa(ifa, in_dev)
	{
		if (ifa->local == addr)
			return true;
	}
	return false;
}

/* Sends a packet of IGMP, data at its header. Version 3's are from an address of the link, or from none (RFC 3376 s4.2.13). */
static void igmp_xmit(const struct ip_mc_device *mc, struct sk_buff *skb, be32 daddr)
{
	static const u8 router_alert[IP_ALERT_LEN] = {148, 4, 0, 0}; /* RFC 2113 */
	static const struct ip_options opt = {.optlen = IP_ALERT_LEN, .router_alert = 1};
	struct flowi4 fl = {.daddr = daddr, .oif = mc->in_dev->dev->ifindex, .proto = IPPROTO_IGMP};
	struct igmphdr *ih = (struct igmphdr *)skb->data;
	struct rtable *rt;

	if (ip_route_output(mc_net(mc), &fl, &rt)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_OUTNOROUTES);
		return;
	}
	if (daddr == IGMPV3_ALL && !is_of(mc->in_dev, fl.saddr))
		fl.saddr = 0;
	ih->csum = 0;
	ih->csum = csum_fold(csum_partial(ih, skb->len, 0));
	ip_build_and_send(mc_net(mc), skb, rt,
			  &(struct ip_tx){.saddr = fl.saddr,
					  .daddr = daddr,
					  .protocol = IPPROTO_IGMP,
					  .tos = 0xc0,
					  .ttl = 1,
					  .df = true,
					  .opt = &opt,
					  .opt_data = router_alert});
}

static struct sk_buff *igmp_alloc(const struct ip_mc_device *mc, u32 len)
{
	struct sk_buff *skb = alloc_skb(mc_net(mc), IP_TX_HEADROOM + len);

	if (skb)
		skb_reserve(skb, IP_TX_HEADROOM);
	return skb;
}

void igmp_send_report(struct ip_mc_list *im, u8 type)
{
	struct sk_buff *skb = igmp_alloc(im->in_dev->mc, IGMP_HLEN);
	struct igmphdr *ih;

	if (!skb)
		return; /* as if the wire had lost it */
	ih = skb_put(skb, sizeof(*ih));
	*ih = (struct igmphdr){.type = type, .group = im->multiaddr};
	igmp_xmit(im->in_dev->mc, skb, type == IGMP_LEAVE ? ALL_ROUTERS : im->multiaddr);
}

/* ---- version 3 ---- */

/* A report that grows, and a record in it that does. */
struct report {
	struct ip_mc_device *mc;
	struct sk_buff *skb; /* NULL: nothing said yet */
	u32 room;            /* in skb */
	bool asked;          /* only what a router has asked for */
	struct igmpv3_grec *grec;
};

static void report_send(struct report *r)
{
	if (r->skb)
		igmp_xmit(r->mc, r->skb, IGMPV3_ALL);
	r->skb = NULL;
	r->room = 0;
	r->grec = NULL;
}

/* Room for len bytes, in a new packet if need be. NULL: no memory, or the link is too narrow. */
static void *report_put(struct report *r, u32 len)
{
	u32 mtu = min(r->mc->in_dev->dev->mtu, (u32)REPORT_MAX) - IP_HLEN_MIN - IP_ALERT_LEN;
	struct igmpv3_report *ih;

	if (r->room < len) {
		report_send(r);
		r->skb = mtu < sizeof(*ih) + len ? NULL : igmp_alloc(r->mc, mtu);
		if (!r->skb)
			return NULL;
		ih = skb_put(r->skb, sizeof(*ih));
		*ih = (struct igmpv3_report){.type = IGMP_V3_REPORT};
		r->room = mtu - sizeof(*ih);
	}
	r->room -= len;
	return skb_put(r->skb, len);
}

static bool report_record(struct report *r, const struct ip_mc_list *im, u8 type, u32 nsrcs)
{
	u32 first = sizeof(*r->grec) + (nsrcs ? sizeof(be32) : 0);
	struct igmpv3_report *ih;

	if (r->room < first)
		report_send(r);
	r->grec = report_put(r, sizeof(*r->grec));
	if (!r->grec)
		return false;
	*r->grec = (struct igmpv3_grec){.type = type, .group = im->multiaddr};
	ih = (struct igmpv3_report *)r->skb->data;
	ih->ngrec = cpu_to_be16(be16_to_cpu(ih->ngrec) + 1);
	return true;
}

/* Which sources a record of a type is about. */
static bool in_record(const struct report *r, const struct ip_mc_list *im,
		      const struct ip_sf_list *psf, u8 type)
{
	switch (type) {
	case IGMPV3_ALLOW_NEW_SOURCES:
		return psf->crcount && psf->in == (im->sfmode == MCAST_INCLUDE);
	case IGMPV3_BLOCK_OLD_SOURCES:
		return psf->crcount && psf->in == (im->sfmode == MCAST_EXCLUDE);
	case IGMPV3_MODE_IS_INCLUDE:
		return psf->in && (!r->asked || psf->gsresp);
	default:
		return psf->in;
	}
}

/*
 * A group's record of a type with its sources: more than one when they do not fit, but for those of mode EXCLUDE, where the
 * rest is left out (RFC 3376 s4.2.16). Without sources only a mode is worth a record.
 */
static void report_group(struct report *r, struct ip_mc_list *im, u8 type)
{
	bool list = type >= IGMPV3_ALLOW_NEW_SOURCES;
	bool cut = type == IGMPV3_MODE_IS_EXCLUDE || type == IGMPV3_CHANGE_TO_EXCLUDE;
	struct ip_sf_list *psf;
	void *src;
	u32 n = 0;

	list_for_each_entry (psf, &im->sources, list)
		n += in_record(r, im, psf, type);
	if (!n && list)
		return;
	/* What is cut should have as much room as there can be. */
	if (cut && r->room < sizeof(*r->grec) + n * sizeof(be32))
		report_send(r);
	if (!report_record(r, im, type, n))
		return;
	list_for_each_entry (psf, &im->sources, list) {
		if (!in_record(r, im, psf, type))
			continue;
		if (r->room < sizeof(be32) && (cut || !report_record(r, im, type, 1)))
			return;
		src = report_put(r, sizeof(be32));
		if (!src || !r->grec)
			return;
		memcpy(src, &psf->addr, sizeof(be32));
		r->grec->nsrcs = cpu_to_be16(be16_to_cpu(r->grec->nsrcs) + 1);
	}
}

void igmpv3_send_state(struct ip_mc_device *mc, struct ip_mc_list *only)
{
	struct report r = {.mc = mc, .asked = only && only->gsquery};
	struct ip_sf_list *psf;
	struct ip_mc_list *im;

	list_for_each_entry (im, &mc->groups, list) {
		if ((only && im != only) || !im->users || !mc_reported(im))
			continue;
		report_group(&r, im,
			     im->sfmode == MCAST_EXCLUDE ? IGMPV3_MODE_IS_EXCLUDE
							 : IGMPV3_MODE_IS_INCLUDE);
	}
	report_send(&r);
	if (!only)
		return;
	only->gsquery = false;
	list_for_each_entry (psf, &only->sources, list)
		psf->gsresp = false;
}

static void report_changes(struct report *r, struct ip_mc_list *im)
{
	bool include = im->sfmode == MCAST_INCLUDE;
	struct ip_sf_list *psf;

	report_group(r, im, include ? IGMPV3_ALLOW_NEW_SOURCES : IGMPV3_BLOCK_OLD_SOURCES);
	report_group(r, im, include ? IGMPV3_BLOCK_OLD_SOURCES : IGMPV3_ALLOW_NEW_SOURCES);
	list_for_each_entry (psf, &im->sources, list)
		psf->crcount -= psf->crcount != 0;
	if (!im->crcount)
		return;
	report_group(r, im, include ? IGMPV3_CHANGE_TO_INCLUDE : IGMPV3_CHANGE_TO_EXCLUDE);
	im->crcount--;
}

/* Those that ended first, as Linux. */
void igmpv3_send_changes(struct ip_mc_device *mc)
{
	struct report r = {.mc = mc};
	struct ip_mc_list *im;

	list_for_each_entry (im, &mc->groups, list)
		if (!im->users)
			report_changes(&r, im);
	list_for_each_entry (im, &mc->groups, list)
		if (im->users)
			report_changes(&r, im);
	report_send(&r);
}
