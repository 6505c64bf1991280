/* SPDX-License-Identifier: MIT */
/*
 * ICMP's way out: answers and errors, and their limits.
 *
 * Errors quote as much as fits in 576 bytes (RFC 1812 s4.3.2.3), and are not sent about errors,
 * casts, pieces behind the first, or packets from nowhere (RFC 1122 s3.2.2). Two limits as in
 * Linux: one for all messages of icmp_ratemask (icmp_msgs_per_sec, icmp_msgs_burst), one for each
 * destination (icmp_ratelimit).
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/icmp.h"
#include "net/ipv4/inetpeer.h"
#include "net/ipv4/ip_options.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/rt_cache.h"
#include "net/wire/icmp_hdr.h"

#define ICMP_ERROR_MAX    576
#define ICMP_TOS_INTERNET 0xc0 /* RFC 1812 s4.3.2.5: precedence internetwork control */
#define ICMP_QUERIES      0x7e101 /* types that are no errors: 0, 8, 13 to 18; of others nobody knows */
#define XRLIM_BURST       6
#define NSEC_OF(ms)       ((u64)(ms)*NSEC_PER_MSEC)

void icmp_count_in(struct net *net, u8 type)
{
	static const u8 mibs[NR_ICMP_TYPES + 1] = {
		[ICMP_ECHOREPLY] = ICMP_MIB_INECHOREPS,
		[ICMP_DEST_UNREACH] = ICMP_MIB_INDESTUNREACHS,
		[ICMP_SOURCE_QUENCH] = ICMP_MIB_INSRCQUENCHS,
		[ICMP_REDIRECT] = ICMP_MIB_INREDIRECTS,
		[ICMP_ECHO] = ICMP_MIB_INECHOS,
		[ICMP_TIME_EXCEEDED] = ICMP_MIB_INTIMEEXCDS,
		[ICMP_PARAMETERPROB] = ICMP_MIB_INPARMPROBS,
		[ICMP_TIMESTAMP] = ICMP_MIB_INTIMESTAMPS,
		[ICMP_TIMESTAMPREPLY] = ICMP_MIB_INTIMESTAMPREPS,
		[ICMP_ADDRESS] = ICMP_MIB_INADDRMASKS,
		[ICMP_ADDRESSREPLY] = ICMP_MIB_INADDRMASKREPS,
	};

	net->icmpmsg_in[type]++;
	if (type <= NR_ICMP_TYPES && mibs[type])
		NET_INC_STATS(net, mibs[type]);
}

void icmp_count_out(struct net *net, u8 type)
{
	static const u8 mibs[NR_ICMP_TYPES + 1] = {
		[ICMP_ECHOREPLY] = ICMP_MIB_OUTECHOREPS,
		[ICMP_DEST_UNREACH] = ICMP_MIB_OUTDESTUNREACHS,
		[ICMP_SOURCE_QUENCH] = ICMP_MIB_OUTSRCQUENCHS,
		[ICMP_REDIRECT] = ICMP_MIB_OUTREDIRECTS,
		[ICMP_ECHO] = ICMP_MIB_OUTECHOS,
		[ICMP_TIME_EXCEEDED] = ICMP_MIB_OUTTIMEEXCDS,
		[ICMP_PARAMETERPROB] = ICMP_MIB_OUTPARMPROBS,
		[ICMP_TIMESTAMP] = ICMP_MIB_OUTTIMESTAMPS,
		[ICMP_TIMESTAMPREPLY] = ICMP_MIB_OUTTIMESTAMPREPS,
		[ICMP_ADDRESS] = ICMP_MIB_OUTADDRMASKS,
		[ICMP_ADDRESSREPLY] = ICMP_MIB_OUTADDRMASKREPS,
	};

	NET_INC_STATS(net, ICMP_MIB_OUTMSGS);
	net->icmpmsg_out[type]++;
	if (type <= NR_ICMP_TYPES && mibs[type])
		NET_INC_STATS(net, mibs[type]);
}

/* ---- limits ---- */

/* Filled again only when it is empty, and then by what has passed meanwhile: that is Linux's. */
static bool global_allowed(struct net *net)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);
	struct icmp_bucket *b = &ipv4->icmp_global;
	u64 now = plat_now(), since = min(now - b->stamp, NSEC_PER_SEC);
	s64 fill = since * (u32)ipv4->sysctl_icmp_msgs_per_sec / NSEC_PER_SEC;

	if (b->credit > 0)
		return true;
	if (since < NSEC_PER_SEC / 50 || !fill)
		return false;
	b->credit = min(b->credit + fill, (s64)ipv4->sysctl_icmp_msgs_burst);
	b->stamp = now;
	return true;
}

/*
 * 0, 1 or 2: with a fixed price, whoever counts what is left for him learns how many messages others were sent
 * (RFC 5927; "SAD DNS").
 */
static void global_consume(struct net *net)
{
	u32 r;

	plat_random(&r, sizeof(r));
	net_ipv4(net)->icmp_global.credit -= r % 3;
}

static bool host_allowed(struct net *net, be32 daddr)
{
	u64 step = NSEC_OF(net_ipv4(net)->sysctl_icmp_ratelimit);

	/* Without a limit the other limits for this host are none of our business. */
	return !step || inet_peer_allow(inet_getpeer(net, daddr), step, XRLIM_BURST * step);
}

static bool type_limited(const struct net *net, u8 type, u8 code)
{
	if (type > NR_ICMP_TYPES || (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED))
		return false; /* path MTU discovery lives on them */
	return net_ipv4(net)->sysctl_icmp_ratemask >> type & 1;
}

/* Whether a message of this type may go to daddr by dev now; counts it against the limits. */
static bool icmp_xmit_allowed(struct net *net, const struct net_device *dev, be32 daddr, u8 type,
			      u8 code)
{
	if (!type_limited(net, type, code) || dev->flags & IFF_LOOPBACK)
		return true;
	if (!global_allowed(net)) {
		NET_INC_STATS(net, ICMP_MIB_RATELIMITGLOBAL);
		return false;
	}
	if (!host_allowed(net, daddr)) {
		NET_INC_STATS(net, ICMP_MIB_RATELIMITHOST);
		return false;
	}
	global_consume(net);
	return true;
}

/* ---- sending ---- */

/* A message in the making. */
struct icmp_bxm {
	u8 type, code;
	const void *head; /* what stands behind type, code and checksum */
	u32 head_len;
	struct sk_buff *from; /* and then data of this packet */
	u32 offset, len;
	struct ip_options opt;
	u8 opt_data[IP_MAX_OPTLEN];
};

static struct sk_buff *icmp_build(struct net *net, const struct icmp_bxm *m)
{
	u32 total = 4 + m->head_len + m->len;
	struct sk_buff *skb = alloc_skb(net, IP_TX_HEADROOM + total);
	struct icmphdr *icmph;

	if (!skb)
		return NULL;
	skb_reserve(skb, IP_TX_HEADROOM);
	icmph = skb_put(skb, total);
	icmph->type = m->type;
	icmph->code = m->code;
	icmph->checksum = 0;
	memcpy((u8 *)icmph + 4, m->head, m->head_len);
	if (skb_copy_bits(m->from, m->offset, (u8 *)icmph + 4 + m->head_len, m->len)) {
		consume_skb(skb);
		return NULL;
	}
	icmph->checksum = csum_fold(csum_partial(icmph, total, ~0U));
	return skb;
}

/* What a hook function refuses of a message on its way out gets no message: it is made while another is. */
static void icmp_push(struct net *net, const struct icmp_bxm *m, struct rtable *rt,
		      struct ip_tx *tx)
{
	struct sk_buff *skb;

	if (net_ipv4(net)->icmp_busy)
		return;
	skb = icmp_build(net, m);
	if (!skb) {
		NET_INC_STATS(net, ICMP_MIB_OUTERRORS);
		return;
	}
	skb->mark = 0;
	if (net->nfct_attach && m->from->nfct && icmp_type_is_error(m->type))
		net->nfct_attach(skb, m->from);
	tx->ttl = rt->type == RTN_MULTICAST; /* RFC 1112 s6.1 */
	icmp_count_out(net, m->type);
	net_ipv4(net)->icmp_busy = true;
	if (ip_build_and_send(net, skb, rt, tx))
		NET_INC_STATS(net, ICMP_MIB_OUTERRORS);
	net_ipv4(net)->icmp_busy = false;
}

/* Options of the packet go back with the answer; a source route reversed. */
static int echo_options(struct net *net, struct icmp_bxm *m, struct ip_tx *tx, struct sk_buff *skb)
{
	m->opt.optlen = 0;
	if (likely(!IPCB(skb)->opt.optlen))
		return 0;
	if (ip_options_echo(net, &m->opt, m->opt_data, skb))
		return -EINVAL;
	if (!m->opt.optlen)
		return 0;
	tx->opt = &m->opt;
	tx->opt_data = m->opt_data;
	if (m->opt.srr)
		tx->daddr = m->opt.faddr;
	return 0;
}

void icmp_reply(struct net *net, struct sk_buff *skb, u8 type, u8 code, const void *head,
		u32 head_len)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct icmp_bxm m = {
		.type = type, .code = code, .head = head, .head_len = head_len, .from = skb};
	struct ip_tx tx = {.protocol = IPPROTO_ICMP, .tos = iph->tos, .daddr = iph->saddr};
	struct flowi4 fl = {.proto = IPPROTO_ICMP, .tos = iph->tos & IPTOS_RT_MASK};
	struct rtable *rt;

	m.offset = min(skb->len, 4 + head_len);
	m.len = type == ICMP_ECHOREPLY ? skb->len - m.offset : 0;
	if (echo_options(net, &m, &tx, skb))
		return;
	fl.daddr = tx.daddr;
	fl.saddr = fib_compute_spec_dst(net, skb);
	if (ip_route_output(net, &fl, &rt))
		return;
	if (!icmp_xmit_allowed(net, rt->dst.dev, fl.daddr, type, 0))
		return;
	tx.saddr = fl.saddr;
	icmp_push(net, &m, rt, &tx);
}

/* RFC 1122 s3.2.2: no error about an error, nor about what cannot be told from one. */
static bool is_about_error(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	u32 at = skb_network_offset(skb) + ip_hdrlen(iph);
	u8 type;

	if (iph->protocol != IPPROTO_ICMP)
		return false;
	if ((s32)at < 0)
		type = *((const u8 *)iph + ip_hdrlen(iph));
	else if (skb_copy_bits(skb, at, &type, 1))
		return true;
	return type > NR_ICMP_TYPES || !(ICMP_QUERIES >> type & 1);
}

static bool error_forbidden(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct rtable *rt = skb_rtable(skb);
	u8 type = rt ? rt->type : inet_addr_type(net, NULL, iph->daddr);

	if (skb->pkt_type != PACKET_HOST || type == RTN_BROADCAST || type == RTN_MULTICAST)
		return true;
	return iph->frag_off & CPU_TO_BE16(IP_OFFSET);
}

/* Ours if the packet was for us, else chosen by the route, or by where it came in. */
static be32 error_source(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct rtable *rt = skb_rtable(skb);
	struct net_device *in = dev_get_by_index(net, skb->iif);

	if (rt && rt->type == RTN_LOCAL)
		return iph->daddr;
	if (net_ipv4(net)->sysctl_icmp_errors_use_inbound_ifaddr && in)
		return inet_select_addr(net, in, iph->saddr, RT_SCOPE_LINK);
	return 0;
}

void icmp_send(struct net *net, struct sk_buff *skb_in, u8 type, u8 code, u32 info)
{
	const struct iphdr *iph = ip_hdr(skb_in);
	bool is_error = icmp_type_is_error(type);
	be32 rest = cpu_to_be32(info);
	struct icmp_bxm m = {.type = type, .code = code, .head = &rest, .head_len = 4};
	struct ip_tx tx = {.protocol = IPPROTO_ICMP, .daddr = iph->saddr};
	struct flowi4 fl = {.proto = IPPROTO_ICMP};
	s32 back = -skb_network_offset(skb_in);
	struct rtable *rt;
	u32 room;

	if (error_forbidden(net, skb_in) || (is_error && is_about_error(skb_in)))
		return;
	tx.tos = is_error ? (iph->tos & 0x1e) | ICMP_TOS_INTERNET : iph->tos;
	if (echo_options(net, &m, &tx, skb_in))
		return;
	fl.daddr = tx.daddr;
	fl.saddr = error_source(net, skb_in);
	fl.tos = tx.tos & IPTOS_RT_MASK;
	if (ip_route_output(net, &fl, &rt))
		return;
	if (!icmp_xmit_allowed(net, rt->dst.dev, fl.daddr, type, code))
		return;
	tx.saddr = fl.saddr;
	room = min(ip_dst_mtu(&rt->dst), (u32)ICMP_ERROR_MAX) - sizeof(*iph) - m.opt.optlen -
	       ICMP_HLEN;
	if (room <= sizeof(*iph))
		return; /* nobody could make anything of it */
	/* the quotation begins at the IP header, wherever data is now */
	if (back > 0)
		skb_push(skb_in, back);
	m.from = skb_in;
	m.offset = back > 0 ? 0 : -back;
	m.len = min(skb_in->len - m.offset, room);
	icmp_push(net, &m, rt, &tx);
	if (back > 0)
		skb_pull(skb_in, back);
}
