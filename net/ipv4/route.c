/* SPDX-License-Identifier: MIT */
/*
 * From addresses to a way (rtable), for packets in and packets out.
 *
 * An rtable hangs on the route it was made from, or on the device for ways without a route, and is shared by
 * all packets that go it. Finished decisions are remembered in two small direct-mapped caches. Whatever a decision
 * may depend on, when it changes, moves rt_genid on (rt_cache_flush), and then neither rtables nor decisions of
 * before are used again.
 *
 * Checks of source and destination: RFC 1122 s3.2.1.3, RFC 1812 s5.3.7 (martians), RFC 3704 (rp_filter).
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/igmp.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/neigh_priv.h"
#include "net/ipv4/route_exception.h"
#include "net/ipv4/route_priv.h"
#include "net/ipv4/rt_cache.h"

#define MARTIAN_INTERVAL (5 * NSEC_PER_SEC)
#define MARTIAN_BURST    10

/* ---- rtables ---- */

static void rt_free_rcu(struct net *net, struct rcu_head *head)
{
	struct rtable *rt = container_of(head, struct rtable, rcu);

	(void)net;
	if (rt->neigh)
		neigh_release(rt->neigh);
	plat_free(rt);
}

static void rt_free(struct net *net, struct dst_entry *dst)
{
	call_rcu(net, &container_of(dst, struct rtable, dst)->rcu, rt_free_rcu);
}

/* A way out was asked to take a packet in: somebody gave an output route to the input path. */
static int rt_bug(struct net *net, struct sk_buff *skb)
{
	(void)net;
	kfree_skb_reason(skb, SKB_DROP_REASON_IP_NOFORWARD);
	return -EINVAL;
}

static struct rtable *rt_alloc(struct net *net, struct net_device *dev, u8 type)
{
	struct rtable *rt = plat_alloc(sizeof(*rt));

	if (!rt)
		return NULL;
	memset(rt, 0, sizeof(*rt));
	rt->dst.dev = dev;
	rt->dst.net = net;
	rt->dst.free = rt_free;
	rt->dst.refcnt = 1;
	rt->dst.input = rt_bug;
	rt->dst.output = ip_output;
	rt->genid = net_ipv4(net)->rt_genid;
	rt->type = type;
	return rt;
}

void rt_drop(struct rtable **rt)
{
	if (*rt)
		dst_release(&(*rt)->dst);
	*rt = NULL;
}

bool rt_is_valid(const struct net *net, const struct rtable *rt)
{
	return likely(rt->genid == net_ipv4(net)->rt_genid) || rt_exception_is_valid(net, rt);
}

void rt_cache_flush(struct net *net)
{
	if (++net_ipv4(net)->rt_genid == RT_GENID_NONE)
		net_ipv4(net)->rt_genid++;
}

/* The rtable in *slot, if it is valid; else a new one is put there. */
static struct rtable *rt_renew(struct net *net, struct rtable **slot, struct net_device *dev,
			       u8 type)
{
	if (likely(*slot && rt_is_valid(net, *slot)))
		return *slot;
	rt_drop(slot);
	*slot = rt_alloc(net, dev, type);
	return *slot;
}

static struct rtable *rt_special(struct net *net, struct net_device *dev, unsigned int which)
{
	static const u8 types[] = {RTN_UNICAST, RTN_BROADCAST, RTN_MULTICAST};
	struct rtable *rt;

	rt = rt_renew(net, &in_dev_get(dev)->rt_special[which], dev, types[which]);
	if (rt && which != RT_SPECIAL_ONLINK) {
		rt->dst.input = ip_local_deliver;
		rt->dst.output = ip_mc_output;
	}
	return rt;
}

/* daddr: what nh may know something special of. */
static struct rtable *rt_of_nh(struct net *net, struct fib_nh *nh, be32 daddr, unsigned int slot)
{
	const struct fib_info *fi = nh->parent;
	bool local = fi->type == RTN_LOCAL;
	struct fib_nh_exception *fnhe = NULL;
	struct rtable *rt;

	if (unlikely(nh->exceptions))
		fnhe = fnhe_find(net, nh, daddr);
	rt = rt_renew(net, fnhe ? fnhe_slot(fnhe, slot) : &nh->rt[slot],
		      local ? net->loopback_dev : nh->dev, fi->type);
	if (!rt)
		return NULL;
	if (local)
		rt->dst.input = ip_local_deliver;
	else if (slot == FIB_RT_IN)
		rt->dst.input = ip_forward;
	rt->gateway = nh->scope == RT_SCOPE_LINK ? nh->gw : 0;
	rt->prefsrc = fi->prefsrc;
	rt->mtu = fi->mtu;
	rt->mtu_locked = fi->mtu_locked;
	rt->hoplimit = fi->hoplimit;
	if (fnhe)
		fnhe_fill(net, fnhe, rt, slot == FIB_RT_IN);
	return rt;
}

/* ---- in ---- */

/* Whether one more event may pass: burst of them per interval (ns). */
static bool ratelimit_pass(struct ratelimit *r, u64 interval, u32 burst)
{
	u64 now = plat_now();

	if (now - r->begin >= interval) {
		r->begin = now;
		r->count = 0;
	}
	return r->count++ < burst;
}

static void martian(struct net *net, const struct net_device *dev, const char *which, be32 daddr,
		    be32 saddr)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);

	if (!in_dev_orconf(in_dev_get(dev), IPV4_DEVCONF_LOG_MARTIANS) ||
	    !ratelimit_pass(&ipv4->martian_log, MARTIAN_INTERVAL, MARTIAN_BURST))
		return;
	plat_log(4, "martian %s: %pI4 from %pI4 on %s", which, &daddr, &saddr, dev->name);
}

/* addr is certainly none of ours, without a look into the tables. */
static inline bool knows_no_local(const struct net *net, be32 addr)
{
	const struct fib_state *fib = fib_of(net);

	return !fib->rules && !fib_may_be_local(fib, addr) && !ipv4_is_loopback(addr);
}

/*
 * What Linux calls fib_validate_source(): would an answer to in leave by dev (RFC 3704)? -EINVAL: no source
 * for a packet; -EXDEV; 0; 1: yes, and straight to saddr's holder. out: where the packet goes on, NULL: it is ours.
 */
static int validate_source(struct net *net, const struct flowi4 *in, struct net_device *dev,
			   const struct net_device *out)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct flowi4 fl = {.daddr = in->saddr,
			    .saddr = in->daddr,
			    .tos = in->tos,
			    .iif = out ? out->ifindex : 0,
			    .proto = in->proto,
			    .sport = in->dport,
			    .dport = in->sport};
	int rpf = dev->flags & IFF_LOOPBACK ? 0 : in_dev_maxconf(in_dev, IPV4_DEVCONF_RP_FILTER);
	bool redirects = dev == out && in_dev_orconf(in_dev, IPV4_DEVCONF_SEND_REDIRECTS);
	struct fib_result res;

	if (!rpf && !redirects && knows_no_local(net, in->saddr))
		return 0;
	if (in_dev_orconf(in_dev, IPV4_DEVCONF_SRC_VMARK))
		fl.mark = in->mark;
	if (fib_lookup(net, &fl, &res))
		return rpf ? -EXDEV : 0;
	if (res.fi->type == RTN_LOCAL && !in_dev_orconf(in_dev, IPV4_DEVCONF_ACCEPT_LOCAL))
		return -EINVAL;
	if (!rpf && !redirects)
		return 0; /* nobody asks for more */
	if (res.fi->type != RTN_UNICAST && res.fi->type != RTN_LOCAL)
		return -EINVAL;
	if (fib_info_uses_dev(res.fi, dev))
		return res.nh->scope >= RT_SCOPE_HOST;
	if (rpf == 1 || (rpf && list_empty(&in_dev->ifa_list)))
		return -EXDEV;
	fl.oif = dev->ifindex;
	return !list_empty(&in_dev->ifa_list) && !fib_lookup(net, &fl, &res) &&
	       res.fi->type == RTN_UNICAST && res.nh->scope >= RT_SCOPE_HOST;
}

static struct rtable *input_special(struct net *net, const struct flowi4 *fl,
				    struct net_device *dev, unsigned int which, int *err)
{
	struct rtable *rt;

	*err = ipv4_is_zeronet(fl->saddr) ? 0 : validate_source(net, fl, dev, NULL);
	if (*err < 0)
		return NULL;
	rt = rt_special(net, dev, which);
	*err = rt ? 0 : -ENOMEM;
	return rt;
}

/* Addresses that no packet on a wire may have. */
static bool source_is_martian(const struct in_device *in_dev, be32 saddr)
{
	if (ipv4_is_multicast(saddr) || ipv4_is_lbcast(saddr))
		return true;
	return ipv4_is_loopback(saddr) && !(in_dev->dev->flags & IFF_LOOPBACK) &&
	       !in_dev_orconf(in_dev, IPV4_DEVCONF_ROUTE_LOCALNET);
}

static bool dest_is_martian(const struct in_device *in_dev, be32 daddr)
{
	if (ipv4_is_zeronet(daddr))
		return true;
	return ipv4_is_loopback(daddr) && !(in_dev->dev->flags & IFF_LOOPBACK) &&
	       !in_dev_orconf(in_dev, IPV4_DEVCONF_ROUTE_LOCALNET);
}

static struct rtable *input_unicast(struct net *net, const struct sk_buff *skb, struct flowi4 *fl,
				    struct net_device *dev, int *err)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct fib_result res;
	struct rtable *rt;

	*err = fib_lookup(net, fl, &res);
	if (*err) {
		if (!in_dev_conf(in_dev, IPV4_DEVCONF_FORWARDING))
			*err = -EHOSTUNREACH;
		else if (*err == -EINVAL)
			*err = -ENODEV; /* a black hole, not a martian */
		return NULL;
	}
	if (res.fi->type == RTN_BROADCAST && !in_dev_andconf(in_dev, IPV4_DEVCONF_BC_FORWARDING))
		return input_special(net, fl, dev, RT_SPECIAL_BROADCAST, err);
	if (res.fi->type != RTN_LOCAL && res.fi->type != RTN_BROADCAST) {
		*err = -EHOSTUNREACH;
		if (!in_dev_conf(in_dev, IPV4_DEVCONF_FORWARDING))
			return NULL;
		*err = -EINVAL;
		if (res.fi->type != RTN_UNICAST)
			return NULL;
		fib_select_path(net, &res, fl, skb);
	}
	*err = validate_source(net, fl, dev, res.fi->type == RTN_LOCAL ? NULL : res.nh->dev);
	if (*err < 0)
		return NULL;
	rt = rt_of_nh(net, res.nh, fl->daddr, FIB_RT_IN);
	*err = rt ? 0 : -ENOMEM;
	return rt;
}

static struct rtable *input_slow(struct net *net, const struct sk_buff *skb, struct flowi4 *fl,
				 struct net_device *dev, int *err)
{
	struct in_device *in_dev = in_dev_get(dev);
	be32 saddr = fl->saddr, daddr = fl->daddr;

	*err = -EINVAL;
	if (source_is_martian(in_dev, saddr))
		return NULL;
	if (ipv4_is_multicast(daddr)) {
		/* Sources are looked at later, for each packet. */
		*err = -EADDRNOTAVAIL;
		if (!ip_check_mc(in_dev, daddr, 0, 0))
			return NULL;
		return input_special(net, fl, dev, RT_SPECIAL_MULTICAST, err);
	}
	if (ipv4_is_lbcast(daddr) || (!saddr && !daddr))
		return input_special(net, fl, dev, RT_SPECIAL_BROADCAST, err);
	if (ipv4_is_zeronet(saddr) || dest_is_martian(in_dev, daddr))
		return NULL;
	return input_unicast(net, skb, fl, dev, err);
}

/* What rules and hashes may ask of a packet beyond its addresses. Ports: of whole packets and first fragments. */
static void flow_of_skb(const struct sk_buff *skb, struct flowi4 *fl)
{
	const struct iphdr *iph = ip_hdr(skb);
	s32 at = skb_network_offset(skb) + (s32)ip_hdrlen(iph);
	be16 ports[2];

	fl->mark = skb->mark;
	fl->proto = iph->protocol;
	if (iph->frag_off & CPU_TO_BE16(IP_OFFSET) || at < 0 ||
	    (fl->proto != IPPROTO_UDP && fl->proto != IPPROTO_TCP))
		return;
	if (skb_copy_bits(skb, (u32)at, ports, sizeof(ports)))
		return;
	fl->sport = ports[0];
	fl->dport = ports[1];
}

/* A unicast address that stands for one station elsewhere: 1 to 126, 128 to 223. */
static inline bool is_plain_unicast(be32 addr)
{
	u8 first = addr & 0xff;

	return (u8)(first - 1) < 223 && first != 127;
}

/* Packets of this key go this way. */
static inline void in_cache_put(struct rt_cache_in *c, struct rt_in_key key, struct rtable *rt)
{
	dst_hold(&rt->dst);
	rt_drop(&c->rt);
	*c = (struct rt_cache_in){key, rt};
}

static inline bool forwards_all(const struct net *net, const struct in_device *in_dev)
{
	return in_dev && in_dev->cnf.data[IPV4_DEVCONF_FORWARDING] &&
	       !(in_dev->cnf.data[IPV4_DEVCONF_RP_FILTER] |
		 net_ipv4(net)->devconf_all.data[IPV4_DEVCONF_RP_FILTER]);
}

struct rtable *ip_route_input_plain(struct net *net, struct rt_in_key key, struct rt_cache_in *c,
				    const struct net_device *dev)
{
	const struct fib_state *fib = fib_of(net);
	be32 saddr = (u32)key.addrs, daddr = key.addrs >> 32;
	const struct fib_alias *fa;
	const struct fib_nh *nh;
	struct rtable *rt;

	if (fib->rules || !is_plain_unicast(daddr) || !is_plain_unicast(saddr) ||
	    fib_may_be_local(fib, daddr) || fib_may_be_local(fib, saddr) ||
	    !forwards_all(net, in_dev_get(dev)))
		return NULL;
	fa = fib_trie_match(&fib->main->trie, be32_to_cpu(daddr));
	if (!fa || fa->tos || fa->fi->type != RTN_UNICAST || fa->fi->nhs != 1)
		return NULL;
	nh = fa->fi->nh;
	rt = nh->rt[FIB_RT_IN];
	if (nh->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) || nh->exceptions || nh->dev == dev ||
	    !rt || rt->genid != net_ipv4(net)->rt_genid)
		return NULL;
	in_cache_put(c, key, rt);
	return rt;
}

bool ip_source_is_onlink(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct flowi4 fl = {.saddr = iph->saddr,
			    .daddr = iph->daddr,
			    .tos = iph->tos & IPTOS_RT_MASK,
			    .iif = skb->dev->ifindex};

	if (fib_asks_flow(net))
		flow_of_skb(skb, &fl);
	return validate_source(net, &fl, skb->dev, skb->dev) > 0;
}

int ip_route_input(struct net *net, const struct sk_buff *skb, be32 daddr, be32 saddr, u8 tos,
		   struct net_device *dev, struct rtable **rtp)
{
	struct flowi4 fl = {.daddr = daddr, .saddr = saddr, .tos = tos, .iif = dev->ifindex};
	struct rt_in_key key = rt_in_key((u64)daddr << 32 | saddr, tos, dev);
	struct rt_cache_in *c = rt_cache_in_slot(net, key);
	struct rtable *rt;
	int err;

	*rtp = rt_cache_in_get(net, c, key);
	if (*rtp)
		return 0;
	if (unlikely(!in_dev_get(dev)))
		return -EINVAL;
	if (skb && (fib_asks_flow(net) || net_ipv4(net)->sysctl_fib_multipath_hash_policy))
		flow_of_skb(skb, &fl);
	rt = input_slow(net, skb, &fl, dev, &err);
	if (!rt) {
		if (err == -EINVAL || err == -EXDEV)
			martian(net, dev, "source or destination", daddr, saddr);
		return err;
	}
	*rtp = rt;
	if (!fl.own && !fib_asks_flow(net))
		in_cache_put(c, key, rt);
	return 0;
}

int ip_route_input_ask(struct net *net, struct flowi4 *fl, struct net_device *dev,
		       struct rtable **rt)
{
	const struct in_device *in_dev = in_dev_get(dev);
	int err = -EINVAL;

	*rt = in_dev ? input_slow(net, NULL, fl, dev, &err) : NULL;
	if (!*rt)
		return err == -EXDEV || err == -ENODEV || err == -EADDRNOTAVAIL ? -EINVAL : err;
	return (*rt)->type == RTN_UNICAST && (*rt)->dst.dev == dev &&
	       in_dev_orconf(in_dev, IPV4_DEVCONF_SEND_REDIRECTS) &&
	       validate_source(net, fl, dev, dev) > 0 &&
	       (in_dev_orconf(in_dev, IPV4_DEVCONF_SHARED_MEDIA) ||
		inet_addr_onlink(in_dev, fl->saddr, (*rt)->gateway));
}

/* ---- out ---- */

/* Whether packets may have addr for their source; the last that was found is known until something changes. */
static bool is_ours(struct net *net, be32 addr)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);

	if (likely(ipv4->own_addr == addr && ipv4->own_genid == ipv4->rt_genid))
		return true;
	if (!ip_dev_find(net, addr))
		return false;
	ipv4->own_addr = addr;
	ipv4->own_genid = ipv4->rt_genid;
	return true;
}

/* A source that was asked for must be ours, unless the socket may say otherwise. */
static int output_check_source(struct net *net, const struct flowi4 *fl)
{
	if (!fl->saddr)
		return 0;
	if (ipv4_is_multicast(fl->saddr) || ipv4_is_lbcast(fl->saddr) || ipv4_is_zeronet(fl->saddr))
		return -EINVAL;
	/* to many it leaves by a device that is named, or that has the source */
	if (fl->anysrc && (fl->oif || !(ipv4_is_multicast(fl->daddr) || ipv4_is_lbcast(fl->daddr))))
		return 0;
	return is_ours(net, fl->saddr) ? 0 : -ENETUNREACH;
}

/* Without a route for it: the destination is taken to be on the link that was asked for. */
static struct rtable *output_by_dev(struct net *net, struct flowi4 *fl, struct net_device *dev,
				    unsigned int which)
{
	if (!fl->saddr)
		fl->saddr = inet_select_addr(net, dev, 0, RT_SCOPE_LINK);
	fl->oif = dev->ifindex;
	return rt_special(net, dev, which);
}

/* Group and broadcast destinations leave by the device of the source, if only that is known. */
static struct net_device *output_dev(struct net *net, const struct flowi4 *fl)
{
	if (fl->oif)
		return dev_get_by_index(net, fl->oif);
	if (fl->saddr && (ipv4_is_multicast(fl->daddr) || ipv4_is_lbcast(fl->daddr)))
		return ip_dev_find(net, fl->saddr);
	return NULL;
}

static struct rtable *output_by_route(struct net *net, struct flowi4 *fl,
				      const struct fib_result *res)
{
	const struct fib_info *fi = res->fi;
	struct net_device *dev = fi->type == RTN_LOCAL ? net->loopback_dev : res->nh->dev;

	if (!fl->saddr && fi->prefsrc)
		fl->saddr = fi->prefsrc;
	if (!fl->saddr)
		fl->saddr = fi->type == RTN_LOCAL
				    ? fl->daddr
				    : inet_select_addr(net, dev, res->nh->gw, fi->scope);
	fl->oif = dev->ifindex;
	if (fi->type == RTN_BROADCAST || ipv4_is_lbcast(fl->daddr))
		return rt_special(net, dev, RT_SPECIAL_BROADCAST);
	if (ipv4_is_multicast(fl->daddr))
		return rt_special(net, dev, RT_SPECIAL_MULTICAST);
	return rt_of_nh(net, res->nh, fl->daddr, FIB_RT_OUT);
}

static struct rtable *output_slow(struct net *net, struct flowi4 *fl, int *err)
{
	struct net_device *dev = output_dev(net, fl);
	struct fib_result res;

	*err = output_check_source(net, fl);
	if (*err)
		return NULL;
	*err = -ENODEV;
	if (fl->oif && !dev)
		return NULL;
	*err = -ENETUNREACH;
	if (dev && (!(dev->flags & IFF_UP) || !in_dev_get(dev)))
		return NULL;
	if (!fl->daddr)
		fl->daddr = fl->saddr ? fl->saddr : CPU_TO_BE32(INADDR_LOOPBACK);
	*err = 0;
	if (dev && ipv4_is_lbcast(fl->daddr))
		return output_by_dev(net, fl, dev, RT_SPECIAL_BROADCAST);
	if (dev && ipv4_is_multicast(fl->daddr))
		return output_by_dev(net, fl, dev, RT_SPECIAL_MULTICAST);
	*err = -EINVAL;
	if (ipv4_is_zeronet(fl->daddr))
		return NULL;
	*err = fib_lookup(net, fl, &res);
	if (*err && dev && fl->oif) { /* whatever the tables say, as in Linux: it is on the link */
		*err = 0;
		return output_by_dev(net, fl, dev, RT_SPECIAL_ONLINK);
	}
	if (*err)
		return NULL;
	fib_select_path(net, &res, fl, NULL);
	return output_by_route(net, fl, &res);
}

int ip_route_output(struct net *net, struct flowi4 *fl, struct rtable **rtp)
{
	u32 bits = fl->tos | fl->scope << 8 | fl->anysrc << 16;
	struct flowi4 asked = *fl;
	struct rt_cache_out *c;
	struct rtable *rt;
	int err;

	c = &net_ipv4(net)->out_cache[rt_cache_slot(fl->daddr, fl->saddr, fl->oif)];
	if (likely(c->rt && c->daddr == fl->daddr && c->saddr == fl->saddr && c->oif == fl->oif &&
		   c->bits == bits && rt_is_valid(net, c->rt) && fl->daddr)) {
		fl->saddr = c->src;
		fl->oif = c->out_oif;
		*rtp = c->rt;
		return 0;
	}
	rt = output_slow(net, fl, &err);
	if (!rt)
		return err ? err : -ENOMEM;
	if (ipv4_is_loopback(fl->saddr) && !(rt->dst.dev->flags & IFF_LOOPBACK) &&
	    !in_dev_orconf(in_dev_get(rt->dst.dev), IPV4_DEVCONF_ROUTE_LOCALNET))
		return -EINVAL;
	fl->own |= fib_asks_flow(net);
	*rtp = rt;
	if (unlikely(fl->own))
		return 0;
	dst_hold(&rt->dst);
	rt_drop(&c->rt);
	*c = (struct rt_cache_out){asked.daddr, asked.saddr, asked.oif, bits,
				   fl->saddr,   fl->oif,     rt};
	return 0;
}

/* ---- life ---- */

void rt_cache_drop_all(struct net *net)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);

	for (unsigned int i = 0; i < RT_CACHE_SIZE; i++) {
		rt_drop(&ipv4->in_cache[i].rt);
		rt_drop(&ipv4->out_cache[i].rt);
	}
}
