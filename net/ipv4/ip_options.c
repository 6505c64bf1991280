/* SPDX-License-Identifier: MIT */
/*
 * IPv4 options (RFC 791 s3.1, RFC 1122 s3.2.1.8, RFC 1812 s5.2.4): checked, filled in, echoed.
 *
 * compile reads a packet's options once and notes where each is (offsets from the IP header); everything later works
 * on the notes. Record route and time stamp are filled in when the packet comes in, with the address it came for;
 * a forwarded packet's route entry is rewritten with the address it leaves by. The header's checksum is mended only
 * then: errors quote what was sent, as far as that is possible. What leaves from here gets its entry when it is built.
 */
#include "lib/errno.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/ipv4/ip_options.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/rt_cache.h"
#include "net/wire/icmp_hdr.h"

/* One option in the making. */
struct option {
	struct net *net;
	struct ip_options *opt;
	struct sk_buff *skb; /* NULL: our own */
	u8 *p;               /* type, length, pointer ... */
	u32 len;             /* of it */
	u8 at;               /* its offset from the IP header */
	be32 spec_dst;       /* the address of ours to fill in */
};

#define BAD(offset) ((int)(offset)) /* which byte of the option is wrong */
#define GOOD        (-1)

static be32 midnight_ms(void)
{
	return cpu_to_be32(plat_wall() / NSEC_PER_MSEC % 86400000);
}

static int parse_source_route(struct option *o)
{
	struct ip_options *opt = o->opt;

	if (o->len < 3)
		return BAD(1);
	if (o->p[2] < 4)
		return BAD(2);
	if (opt->srr)
		return BAD(0);
	if (!o->skb) {
		if (o->p[2] != 4 || o->len < 7 || (o->len - 3) & 3)
			return BAD(1);
		memcpy(&opt->faddr, o->p + 3, 4);
		if (o->len > 7)
			memmove(o->p + 3, o->p + 7, o->len - 7);
	}
	opt->is_strictroute = o->p[0] == IPOPT_SSRR;
	opt->srr = o->at;
	return GOOD;
}

static int parse_record_route(struct option *o)
{
	if (o->opt->rr)
		return BAD(0);
	if (o->len < 3)
		return BAD(1);
	if (o->p[2] < 4)
		return BAD(2);
	if (o->p[2] <= o->len) {
		if (o->p[2] + 3U > o->len)
			return BAD(2);
		if (o->skb) {
			memcpy(o->p + o->p[2] - 1, &o->spec_dst, 4);
			o->opt->is_changed = 1;
		}
		o->p[2] += 4;
		o->opt->rr_needaddr = 1;
	}
	o->opt->rr = o->at;
	return GOOD;
}

/* Where the time goes, NULL: nowhere; -1 in *bad unless the entry does not fit. */
static u8 *stamp_entry(struct option *o, int *bad)
{
	u8 *entry = o->p + o->p[2] - 1;
	be32 addr;

	*bad = GOOD;
	switch (o->p[3] & 0xf) {
	case IPOPT_TS_TSONLY:
		o->p[2] += 4;
		o->opt->ts_needtime = 1;
		return entry;
	case IPOPT_TS_TSANDADDR:
		if (o->p[2] + 7U > o->len)
			break;
		if (o->skb)
			memcpy(entry, &o->spec_dst, 4);
		o->opt->ts_needaddr = 1;
		o->opt->ts_needtime = 1;
		o->p[2] += 8;
		return entry + 4;
	case IPOPT_TS_PRESPEC:
		if (o->p[2] + 7U > o->len)
			break;
		memcpy(&addr, entry, 4);
		if (inet_addr_type(o->net, NULL, addr) == RTN_UNICAST)
			return NULL;
		o->opt->ts_needtime = 1;
		o->p[2] += 8;
		return entry + 4;
	default:
		return NULL;
	}
	*bad = BAD(2);
	return NULL;
}

static int parse_timestamp(struct option *o)
{
	be32 now;
	u8 *time;
	int bad;

	if (o->opt->ts)
		return BAD(0);
	if (o->len < 4)
		return BAD(1);
	if (o->p[2] < 5)
		return BAD(2);
	if (o->p[2] <= o->len) {
		if (o->p[2] + 3U > o->len)
			return BAD(2);
		time = stamp_entry(o, &bad);
		if (bad != GOOD)
			return bad;
		if (time && o->skb) {
			now = midnight_ms();
			memcpy(time, &now, 4);
			o->opt->is_changed = 1;
		}
	} else if ((o->p[3] & 0xf) != IPOPT_TS_PRESPEC) {
		if (o->p[3] >> 4 == 15)
			return BAD(3);
		if (o->skb) {
			o->p[3] += 1 << 4;
			o->opt->is_changed = 1;
		}
	}
	o->opt->ts = o->at;
	return GOOD;
}

/* Labels of domains (CIPSO 2.2), none of which is known here. */
static int parse_cipso(struct option *o)
{
	if (!o->skb || o->opt->cipso)
		return BAD(0);
	o->opt->cipso = o->at; /* the error echoes it */
	return BAD(o->len < 8 ? 1 : 2);
}

static int parse_option(struct option *o)
{
	switch (o->p[0]) {
	case IPOPT_LSRR:
	case IPOPT_SSRR:
		return parse_source_route(o);
	case IPOPT_RR:
		return parse_record_route(o);
	case IPOPT_TIMESTAMP:
		return parse_timestamp(o);
	case IPOPT_CIPSO:
		return parse_cipso(o);
	case IPOPT_RA:
		if (o->len < 4)
			return BAD(1);
		if (!o->p[2] && !o->p[3])
			o->opt->router_alert = o->at;
		return GOOD;
	default:
		return GOOD;
	}
}

/* Behind the end of the list there is nothing but zeros. */
static void clear_rest(struct ip_options *opt, u8 *p, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		if (p[i] != IPOPT_END) {
			p[i] = IPOPT_END;
			opt->is_changed = 1;
		}
	}
}

int ip_options_compile(struct net *net, struct ip_options *opt, u8 *data, u32 len,
		       struct sk_buff *skb, u32 *bad)
{
	struct option o = {.net = net, .opt = opt, .skb = skb};
	u32 at = 0;

	if (skb)
		o.spec_dst = fib_compute_spec_dst(net, skb);
	while (at < len) {
		int wrong;

		o.p = data + at;
		o.at = IP_HLEN_MIN + at;
		if (o.p[0] == IPOPT_END) {
			clear_rest(opt, o.p, len - at);
			break;
		}
		if (o.p[0] == IPOPT_NOOP) {
			at++;
			continue;
		}
		*bad = at;
		if (len - at < 2 || o.p[1] < 2 || o.p[1] > len - at)
			return -EINVAL;
		o.len = o.p[1];
		wrong = parse_option(&o);
		*bad = at + wrong;
		if (wrong != GOOD)
			return -EINVAL;
		at += o.len;
	}
	return 0;
}

/* Follows a source route that names us up to the next address that is not ours. */
static bool follow_source_route(struct net *net, struct sk_buff *skb)
{
	struct ip_options *opt = &IPCB(skb)->opt;
	struct iphdr *iph = ip_hdr(skb);
	u8 *p = (u8 *)iph + opt->srr;
	struct rtable *rt = skb_rtable(skb);
	u32 ptr;

	if (skb->pkt_type != PACKET_HOST || !rt)
		return false;
	if (rt->type == RTN_UNICAST) {
		if (opt->is_strictroute)
			icmp_send(net, skb, ICMP_PARAMETERPROB, 0, 16U << 24);
		return !opt->is_strictroute;
	}
	if (rt->type != RTN_LOCAL)
		return false;
	for (ptr = p[2]; ptr <= p[1]; ptr += 4) {
		be32 nexthop;

		if (ptr + 3 > p[1]) {
			icmp_send(net, skb, ICMP_PARAMETERPROB, 0, (opt->srr + 2U) << 24);
			return false;
		}
		memcpy(&nexthop, p + ptr - 1, 4);
		if (ip_route_input(net, skb, nexthop, iph->saddr, iph->tos & IPTOS_RT_MASK,
				   skb->dev, &rt) ||
		    (rt->type != RTN_UNICAST && rt->type != RTN_LOCAL))
			return false;
		opt->is_changed = 1;
		if (rt->type == RTN_UNICAST) {
			opt->srr_is_hit = 1;
			opt->nexthop = nexthop;
			skb_dst_set_noref(skb, &rt->dst);
			break;
		}
		iph->daddr = nexthop;
	}
	return true;
}

static bool drop_options(struct net *net, struct sk_buff *skb, enum snmp_mib mib,
			 enum skb_drop_reason reason)
{
	NET_INC_STATS(net, mib);
	kfree_skb_reason(skb, reason);
	return false;
}

bool ip_rcv_options(struct net *net, struct sk_buff *skb)
{
	const struct in_device *in_dev = in_dev_get(skb->dev);
	struct ip_options *opt = &IPCB(skb)->opt;
	u32 bad;

	if (skb_cow_head(skb, skb_headroom(skb)))
		return drop_options(net, skb, IPSTATS_MIB_INDISCARDS, SKB_DROP_REASON_NOMEM);
	opt->optlen = ip_hdrlen_skb(skb) - IP_HLEN_MIN;
	if (ip_options_compile(net, opt, (u8 *)(ip_hdr(skb) + 1), opt->optlen, skb, &bad)) {
		icmp_send(net, skb, ICMP_PARAMETERPROB, 0, (IP_HLEN_MIN + bad) << 24);
		return drop_options(net, skb, IPSTATS_MIB_INHDRERRORS, SKB_DROP_REASON_IP_OPTIONS);
	}
	if (opt->srr && (!in_dev_andconf(in_dev, IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE) ||
			 !follow_source_route(net, skb))) {
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_OPTIONS);
		return false;
	}
	return true;
}

/* The address by which a forwarded packet leaves. */
static be32 leaving_addr(struct net *net, const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);
	be32 nexthop = rt->gateway ? rt->gateway : ip_hdr(skb)->daddr;

	return inet_select_addr(net, rt->dst.dev, nexthop, RT_SCOPE_UNIVERSE);
}

/* The hop is used up: our leaving address takes its place, and it becomes the destination. */
static void advance_source_route(struct sk_buff *skb, struct ip_options *opt, be32 own)
{
	struct iphdr *iph = ip_hdr(skb);
	u8 *p = (u8 *)iph + opt->srr;

	for (u32 ptr = p[2]; ptr + 3 <= p[1]; ptr += 4) {
		be32 hop;

		memcpy(&hop, p + ptr - 1, 4);
		if (hop != opt->nexthop)
			continue;
		memcpy(p + ptr - 1, &own, 4);
		iph->daddr = opt->nexthop;
		p[2] = ptr + 4;
		return;
	}
}

void ip_forward_options(struct net *net, struct sk_buff *skb)
{
	struct ip_options *opt = &IPCB(skb)->opt;
	u8 *raw = skb_network_header(skb);
	be32 own;

	if (!opt->is_changed)
		return;
	own = leaving_addr(net, skb);
	if (opt->rr_needaddr)
		memcpy(raw + opt->rr + raw[opt->rr + 2] - 5, &own, 4);
	if (opt->srr_is_hit) {
		advance_source_route(skb, opt, own);
		if (opt->ts_needaddr) /* else the address it came in by stays, as in Linux */
			memcpy(raw + opt->ts + raw[opt->ts + 2] - 9, &own, 4);
	}
	ip_send_check(ip_hdr(skb));
}

/* ---- echo ---- */

/* Appends a copy of the option at offset from of skb's header; returns the copy. */
static u8 *echo_copy(struct ip_options *opt, u8 *data, const struct sk_buff *skb, u8 from)
{
	const u8 *src = (const u8 *)ip_hdr(skb) + from;
	u8 *copy = data + opt->optlen;

	memcpy(copy, src, src[1]);
	opt->optlen += src[1];
	return copy;
}

/* RFC 1122 s3.2.1.8 (c): the answer records its own way, from us on. */
static int echo_record_route(struct ip_options *opt, u8 *data, const struct sk_buff *skb)
{
	const struct ip_options *sopt = &IPCB((struct sk_buff *)(uintptr_t)skb)->opt;
	u8 *p;

	opt->rr = IP_HLEN_MIN + opt->optlen;
	p = echo_copy(opt, data, skb, sopt->rr);
	if (!sopt->rr_needaddr || p[2] > p[1])
		return 0;
	if (p[2] + 3U > p[1])
		return -EINVAL;
	opt->rr_needaddr = 1;
	p[2] += 4;
	return 0;
}

static int echo_timestamp(struct net *net, struct ip_options *opt, u8 *data,
			  const struct sk_buff *skb)
{
	const struct ip_options *sopt = &IPCB((struct sk_buff *)(uintptr_t)skb)->opt;
	be32 addr;
	u8 *p;

	opt->ts = IP_HLEN_MIN + opt->optlen;
	p = echo_copy(opt, data, skb, sopt->ts);
	if (!sopt->ts_needtime || p[2] > p[1])
		return 0;
	if (p[2] + 3U + 4 * sopt->ts_needaddr > p[1])
		return -EINVAL;
	if ((p[3] & 0xf) == IPOPT_TS_PRESPEC) {
		if (p[2] + 7U > p[1])
			return 0;
		memcpy(&addr, p + p[2] - 1, 4);
		if (inet_addr_type(net, NULL, addr) == RTN_UNICAST)
			return 0;
		p[2] += 4;
	} else if (sopt->ts_needaddr) {
		opt->ts_needaddr = 1;
		p[2] += 4;
	}
	opt->ts_needtime = 1;
	p[2] += 4;
	return 0;
}

/*
 * The way back is the way here, reversed (RFC 1122 s3.2.1.8 (c)): the last hop recorded is the first to go back to, the
 * sender comes last, and once only. A pointer that stands within an entry is followed as it is, as by Linux.
 */
static void echo_source_route(struct ip_options *opt, u8 *data, const struct sk_buff *skb)
{
	const struct ip_options *sopt = &IPCB((struct sk_buff *)(uintptr_t)skb)->opt;
	const u8 *src = (const u8 *)ip_hdr(skb) + sopt->srr;
	s32 from = (s32)min((u32)src[2], src[1] + 1U) - 4;
	be32 faddr, sender = ip_hdr(skb)->saddr;
	u8 *p = data + opt->optlen;
	u32 len = 4;

	if (from <= 3)
		return;
	memcpy(&faddr, src + from - 1, 4);
	for (from -= 4; from > 3; from -= 4, len += 4)
		memcpy(p + len - 1, src + from - 1, 4);
	if (!memcmp(src + from + 3, &sender, 4))
		len -= 4;
	if (!len)
		return;
	memcpy(p + len - 1, &sender, 4);
	len += 3;
	p[0] = src[0];
	p[1] = len;
	p[2] = 4;
	opt->faddr = faddr;
	opt->srr = IP_HLEN_MIN + opt->optlen;
	opt->is_strictroute = sopt->is_strictroute;
	opt->optlen += len;
}

int ip_options_echo(struct net *net, struct ip_options *opt, u8 *data, struct sk_buff *skb)
{
	const struct ip_options *sopt = &IPCB(skb)->opt;

	memset(opt, 0, sizeof(*opt));
	if (sopt->rr && echo_record_route(opt, data, skb))
		return -EINVAL;
	if (sopt->ts && echo_timestamp(net, opt, data, skb))
		return -EINVAL;
	if (sopt->srr)
		echo_source_route(opt, data, skb);
	if (sopt->cipso)
		echo_copy(opt, data, skb, sopt->cipso);
	while (opt->optlen & 3)
		data[opt->optlen++] = IPOPT_END;
	return 0;
}

/* ---- what leaves from here ---- */

/* Takes back an entry that was left room for. */
static void undo_entry(u8 *p)
{
	p[2] -= 4;
	memset(p + p[2] - 1, 0, 4);
}

void ip_options_undo(const struct ip_options *opt, u8 *data)
{
	u8 *p = data - IP_HLEN_MIN;

	if (opt->srr && p[opt->srr + 1] >= 7) { /* the first hop first */
		memmove(p + opt->srr + 7, p + opt->srr + 3, p[opt->srr + 1] - 7);
		memcpy(p + opt->srr + 3, &opt->faddr, 4);
	}
	if (opt->rr_needaddr)
		undo_entry(p + opt->rr);
	p += opt->ts;
	if (opt->ts && opt->ts_needtime) {
		undo_entry(p);
		if ((p[3] & 0xf) == IPOPT_TS_PRESPEC)
			p[2] -= 4; /* the address in front of it stays */
	}
	if (opt->ts && opt->ts_needaddr)
		undo_entry(p);
}

void ip_options_build(struct iphdr *iph, const struct ip_options *opt)
{
	u8 *raw = (u8 *)iph;
	be32 now;

	if (opt->rr_needaddr)
		memcpy(raw + opt->rr + raw[opt->rr + 2] - 5, &iph->saddr, 4);
	if (opt->ts_needaddr)
		memcpy(raw + opt->ts + raw[opt->ts + 2] - 9, &iph->saddr, 4);
	if (opt->ts_needtime) {
		now = midnight_ms();
		memcpy(raw + opt->ts + raw[opt->ts + 2] - 5, &now, 4);
	}
}
