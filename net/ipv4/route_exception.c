/* SPDX-License-Identifier: MIT */
/* Exceptions of next hops: how they are learnt, found, forgotten. RFC 1191 s5 and s6.3, RFC 1122 s3.2.2.2. */
#include "net/ipv4/devinet.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/neigh_priv.h"
#include "net/ipv4/route_exception.h"
#include "net/ipv4/route_priv.h"
#include "net/wire/icmp_hdr.h"

struct fib_nh_exception {
	struct fib_nh_exception *next;
	be32 daddr;
	u32 genid; /* netns_ipv4.fnhe_genid when it was learnt */
	be32 gw;   /* 0: the next hop's own */
	u32 pmtu;  /* 0: none */
	bool mtu_locked;
	u64 expires;
	struct rtable *rt[FIB_RT_NR]; /* held */
};

struct fnhe_hash {
	struct fib_nh_exception *slot[FNHE_SLOTS]; /* the newest first */
};

/* What is to be learnt. */
struct lesson {
	be32 gw;
	u32 pmtu;
	bool mtu_locked;
	u64 expires;
};

static struct fib_nh_exception **list_of(struct net *net, struct fib_nh *nh, be32 daddr)
{
	return &nh->exceptions->slot[siphash13_1u64(daddr, &net->hash_key) % FNHE_SLOTS];
}

static void rt_kill(struct rtable **rt)
{
	if (*rt)
		(*rt)->genid = (*rt)->exception_genid = RT_GENID_NONE;
	rt_drop(rt);
}

static void forget(struct fib_nh_exception **link)
{
	struct fib_nh_exception *e = *link;

	*link = e->next;
	for (unsigned int i = 0; i < FIB_RT_NR; i++)
		rt_kill(&e->rt[i]);
	plat_free(e);
}

struct fib_nh_exception *fnhe_find(struct net *net, struct fib_nh *nh, be32 daddr)
{
	struct fib_nh_exception **link = list_of(net, nh, daddr);

	while (*link && (*link)->daddr != daddr)
		link = &(*link)->next;
	if (*link &&
	    ((*link)->genid != net_ipv4(net)->fnhe_genid || plat_now() >= (*link)->expires))
		forget(link);
	return *link && (*link)->daddr == daddr ? *link : NULL;
}

struct rtable **fnhe_slot(struct fib_nh_exception *e, unsigned int which)
{
	return &e->rt[which];
}

/* Forwarded packets may be sent by who knows nothing of what we were told: RFC 1191 s6.3 is for hosts. */
void fnhe_fill(struct net *net, const struct fib_nh_exception *e, struct rtable *rt, bool forward)
{
	rt->exception_genid = net_ipv4(net)->rt_genid;
	rt->genid = RT_GENID_NONE;
	rt->expires = e->expires;
	rt->pmtu = e->pmtu;
	rt->mtu_locked |= e->mtu_locked;
	rt->redirected = e->gw != 0;
	if (e->gw)
		rt->gateway = e->gw;
	if (e->pmtu && (!forward || e->mtu_locked || net_ipv4(net)->sysctl_ip_fwd_use_pmtu))
		rt->mtu = e->pmtu;
}

bool rt_exception_is_valid(const struct net *net, const struct rtable *rt)
{
	return rt->exception_genid == net_ipv4(net)->rt_genid && plat_now() < rt->expires;
}

void fnhe_free_all(struct fib_nh *nh)
{
	if (!nh->exceptions)
		return;
	for (unsigned int i = 0; i < FNHE_SLOTS; i++) {
		while (nh->exceptions->slot[i])
			forget(&nh->exceptions->slot[i]);
	}
	plat_free(nh->exceptions);
	nh->exceptions = NULL;
}

/* ---- learning ---- */

/* Room for one more in a list: what is old goes. */
static void make_room(struct fib_nh_exception **link)
{
	u32 depth;

	plat_random(&depth, sizeof(depth));
	for (depth = FNHE_DEPTH + depth % FNHE_DEPTH; *link && depth; depth--)
		link = &(*link)->next;
	while (*link)
		forget(link);
}

static struct fib_nh_exception *fnhe_new(struct net *net, struct fib_nh *nh, be32 daddr)
{
	struct fib_nh_exception *e = plat_alloc(sizeof(*e)), **link;

	if (e && !nh->exceptions) {
		nh->exceptions = plat_alloc(sizeof(*nh->exceptions));
		if (nh->exceptions)
			memset(nh->exceptions, 0, sizeof(*nh->exceptions));
	}
	if (!e || !nh->exceptions) {
		plat_free(e);
		return NULL;
	}
	link = list_of(net, nh, daddr);
	make_room(link);
	*e = (struct fib_nh_exception){.next = *link, .daddr = daddr};
	*link = e;
	/* whoever keeps the common way looks again, and finds this one */
	for (unsigned int i = 0; i < FIB_RT_NR; i++)
		rt_kill(&nh->rt[i]);
	return e;
}

static void update_or_create(struct net *net, struct fib_nh *nh, be32 daddr,
			     const struct lesson *lesson)
{
	struct fib_nh_exception *e = nh->exceptions ? fnhe_find(net, nh, daddr) : NULL;

	if (!e)
		e = fnhe_new(net, nh, daddr);
	if (!e)
		return; /* the next packet will be answered the same, and then perhaps */
	e->genid = net_ipv4(net)->fnhe_genid;
	e->expires = lesson->expires;
	if (lesson->gw)
		e->gw = lesson->gw;
	if (lesson->pmtu) {
		e->pmtu = lesson->pmtu;
		e->mtu_locked = lesson->mtu_locked;
	}
	for (unsigned int i = 0; i < FIB_RT_NR; i++) {
		if (e->rt[i])
			fnhe_fill(net, e, e->rt[i], i == FIB_RT_IN);
	}
}

/* At all next hops of the route: nobody knows which of them the packet went by. */
static void learn(struct net *net, const struct flowi4 *fl, const struct lesson *lesson)
{
	struct fib_result res;

	if (fib_lookup(net, fl, &res) || res.fi->type != RTN_UNICAST)
		return;
	for (unsigned int i = 0; i < res.fi->nhs; i++)
		update_or_create(net, &res.fi->nh[i], fl->daddr, lesson);
}

void ipv4_update_pmtu(struct net *net, struct flowi4 *fl, u32 mtu)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	u64 now = plat_now(), life = (u64)ipv4->sysctl_mtu_expires * NSEC_PER_SEC;
	struct lesson lesson = {.expires = now + life};
	struct rtable *rt;
	u32 old;

	if (ip_route_output(net, fl, &rt) || rt->mtu_locked)
		return;
	old = ip_dst_mtu(&rt->dst);
	if (old < mtu)
		return;
	/* too small to be true, or not said (RFC 1191 s5): as small as paths are, and packets may be cut */
	lesson.mtu_locked = mtu < (u32)ipv4->sysctl_min_pmtu;
	lesson.pmtu = lesson.mtu_locked ? min(old, (u32)ipv4->sysctl_min_pmtu) : mtu;
	if (rt->pmtu == mtu && !lesson.mtu_locked && rt->expires > now + life / 2)
		return;
	learn(net, fl, &lesson);
}

/* ---- redirects ---- */

static bool accepts_redirects(const struct in_device *in_dev)
{
	return in_dev_conf(in_dev, IPV4_DEVCONF_FORWARDING)
		       ? in_dev_andconf(in_dev, IPV4_DEVCONF_ACCEPT_REDIRECTS)
		       : in_dev_orconf(in_dev, IPV4_DEVCONF_ACCEPT_REDIRECTS);
}

static bool is_our_gateway(void *arg, struct fib_nh *nh)
{
	const struct fib_nh *like = arg;

	return nh->gw == like->gw && nh->dev == like->dev && !(nh->flags & RTNH_F_DEAD);
}

/* Whether new_gw may be a gateway in place of old_gw. */
static bool gateway_is_plausible(struct net *net, struct net_device *dev, be32 new_gw, be32 old_gw)
{
	const struct in_device *in_dev = in_dev_get(dev);
	struct fib_nh like = {.gw = new_gw, .dev = dev};

	if (new_gw == old_gw || !accepts_redirects(in_dev) || ipv4_is_multicast(new_gw) ||
	    ipv4_is_lbcast(new_gw) || ipv4_is_zeronet(new_gw))
		return false;
	if (in_dev_orconf(in_dev, IPV4_DEVCONF_SHARED_MEDIA))
		return inet_addr_type(net, NULL, new_gw) == RTN_UNICAST;
	return inet_addr_onlink(in_dev, new_gw, old_gw) &&
	       (!in_dev_orconf(in_dev, IPV4_DEVCONF_SECURE_REDIRECTS) ||
		fib_any_nh(net, is_our_gateway, &like));
}

void ipv4_redirect(struct net *net, const struct sk_buff *skb, struct flowi4 *fl, u8 code,
		   be32 new_gw)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	be32 old_gw = ip_hdr(skb)->saddr;
	struct lesson lesson = {.gw = new_gw};
	struct neighbour *n;
	struct rtable *rt;

	if ((code & 7) > ICMP_REDIR_HOSTTOS || ip_route_output(net, fl, &rt))
		return;
	if (!rt->gateway || rt->gateway != old_gw ||
	    !gateway_is_plausible(net, skb->dev, new_gw, old_gw))
		return;
	n = neigh_lookup(rt->dst.dev, new_gw);
	if (!n)
		n = neigh_create(rt->dst.dev, new_gw, true);
	if (!n)
		return;
	if (!(n->nud_state & NUD_VALID)) {
		neigh_event_send(n); /* the next redirect counts, if it is there */
		return;
	}
	lesson.expires = plat_now() + (u64)ipv4->sysctl_gc_timeout * NSEC_PER_SEC;
	learn(net, fl, &lesson);
}

/* ---- flushing, showing ---- */

void rt_flush_exceptions(struct net *net)
{
	net_ipv4(net)->fnhe_genid++;
	rt_cache_flush(net);
}

struct show {
	struct net *net;
	void (*fn)(void *arg, const struct rt_exception *e);
	void *arg;
};

static bool show_nh(void *arg, struct fib_nh *nh)
{
	const struct show *s = arg;
	u64 now = plat_now();

	for (unsigned int i = 0; nh->exceptions && i < FNHE_SLOTS; i++) {
		const struct fib_nh_exception *e = nh->exceptions->slot[i];

		for (; e; e = e->next) {
			struct rt_exception shown = {.dst = e->daddr,
						     .gateway = e->gw ? e->gw : nh->gw,
						     .dev = nh->dev,
						     .mtu = e->pmtu,
						     .mtu_locked = e->mtu_locked,
						     .redirected = e->gw != 0};

			if (e->genid != net_ipv4(s->net)->fnhe_genid || now >= e->expires)
				continue;
			shown.expires = (e->expires - now) / NSEC_PER_SEC;
			s->fn(s->arg, &shown);
		}
	}
	return false;
}

void rt_for_each_exception(struct net *net, void (*fn)(void *arg, const struct rt_exception *e),
			   void *arg)
{
	struct show s = {net, fn, arg};

	fib_any_nh(net, show_nh, &s);
}
