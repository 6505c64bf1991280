/* SPDX-License-Identifier: MIT */
/*
 * Matches on what stands behind the IP header: tcp, udp, icmp, multiport, tcpmss.
 *
 * Pieces behind the first have no such header and never fit; a TCP piece that begins within it, or a packet that ends
 * within it, is made to get by rules: it is dropped (RFC 1858).
 */
#include "lib/errno.h"
#include "net/netfilter/xt_packet.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "net/wire/udp_hdr.h"

#define TCPOPT_MSS   2
#define TCPOLEN_MSS  4
#define TCP_OPT_ROOM (TCP_HLEN_MAX - TCP_HLEN)

static bool port_in(const u16 range[2], be16 port, bool invert)
{
	u16 p = be16_to_cpu(port);

	return (p >= range[0] && p <= range[1]) != invert;
}

/* Options of a TCP header; *len of them. NULL: none, or cut off (hotdrop). */
static const u8 *tcp_opts(const struct sk_buff *skb, struct xt_action_param *par,
			  const struct tcphdr *th, u32 *len, u8 *buf)
{
	u32 hlen = tcp_hdrlen(th);
	const u8 *op = NULL;

	if (hlen < TCP_HLEN) {
		par->hotdrop = true;
		return NULL;
	}
	*len = hlen - TCP_HLEN;
	if (*len) {
		op = skb_header_pointer(skb, par->thoff + TCP_HLEN, *len, buf);
		par->hotdrop |= !op;
	}
	return op;
}

/* Where an option of this kind is; -1: nowhere. A length of 0 counts as 1, as on Linux. */
static int opt_find(const u8 *op, u32 len, u8 kind, u8 kind_len)
{
	u32 i = 0;

	while (i < len) {
		u8 l = op[i] < 2 || i + 1 >= len || !op[i + 1] ? 1 : op[i + 1];

		if (op[i] == kind && (!kind_len || (len - i >= kind_len && op[i + 1] == kind_len)))
			return i;
		i += l;
	}
	return -1;
}

static noinline bool tcp_option_fits(const struct xt_tcp_info *info, const struct sk_buff *skb,
				     struct xt_action_param *par, const struct tcphdr *th)
{
	u8 buf[TCP_OPT_ROOM];
	u32 len = 0;
	const u8 *op = tcp_opts(skb, par, th, &len, buf);

	if (par->hotdrop)
		return false;
	return (op && opt_find(op, len, info->option, 0) >= 0) !=
	       !!(info->invert & XT_TCP_INV_OPTION);
}

static bool tcp_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_tcp_info *info = data;
	const struct tcphdr *th = xt_header(par, sizeof(*th));

	if (!th) {
		par->hotdrop |= par->fragoff == 1;
		return false;
	}
	if (!port_in(info->spts, th->source, info->invert & XT_TCP_INV_SRCPT) ||
	    !port_in(info->dpts, th->dest, info->invert & XT_TCP_INV_DSTPT))
		return false;
	if (((th->flags & info->flg_mask) == info->flg_cmp) == !!(info->invert & XT_TCP_INV_FLAGS))
		return false;
	return !info->option || tcp_option_fits(info, skb, par, th);
}

static bool udp_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_udp_info *info = data;
	const struct udphdr *uh = xt_header(par, sizeof(*uh));

	(void)skb;
	return uh && port_in(info->spts, uh->source, info->invert & XT_UDP_INV_SRCPT) &&
	       port_in(info->dpts, uh->dest, info->invert & XT_UDP_INV_DSTPT);
}

static bool icmp_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_icmp_info *info = data;
	const struct icmphdr *icmph = xt_header(par, sizeof(*icmph));

	(void)skb;
	if (!icmph)
		return false;
	return (info->type == XT_ICMP_ANY ||
		(icmph->type == info->type && icmph->code >= info->code[0] &&
		 icmph->code <= info->code[1])) != !!info->invert;
}

static bool multiport_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_multiport_info *info = data;
	const be16 *ports = xt_header(par, 4);
	u16 a, b;

	(void)skb;
	if (!ports)
		return false;
	a = be16_to_cpu(ports[info->flags == XT_MULTIPORT_DESTINATION]);
	b = be16_to_cpu(ports[info->flags != XT_MULTIPORT_SOURCE]);
	for (u32 i = 0; i < info->count; i++) {
		u16 low = info->ports[i], high = info->pflags[i] ? info->ports[++i] : low;

		if ((a >= low && a <= high) || (b >= low && b <= high))
			return !info->invert;
	}
	return info->invert;
}

static int multiport_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_multiport_info *info = data;
	const struct ipt_ip *ip = &par->rule->ip;
	bool has_ports = ip->proto == IPPROTO_TCP || ip->proto == IPPROTO_UDP ||
			 ip->proto == IPPROTO_UDPLITE || ip->proto == IPPROTO_SCTP ||
			 ip->proto == IPPROTO_DCCP;

	if (!has_ports || ip->invert & IPT_INV_PROTO || info->flags > XT_MULTIPORT_EITHER ||
	    info->count > XT_MULTI_PORTS)
		return -EINVAL;
	return info->count && info->pflags[info->count - 1] ? -EINVAL : 0;
}

static bool tcpmss_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_tcpmss_match_info *info = data;
	struct tcphdr buf;
	const struct tcphdr *th = skb_header_pointer(skb, par->thoff, sizeof(buf), &buf);
	u8 opt_buf[TCP_OPT_ROOM];
	const u8 *op;
	u32 len = 0;
	int at;
	u16 mss;

	if (!th) {
		par->hotdrop = true;
		return false;
	}
	op = tcp_opts(skb, par, th, &len, opt_buf);
	if (par->hotdrop)
		return false;
	at = op ? opt_find(op, len, TCPOPT_MSS, TCPOLEN_MSS) : -1;
	if (at < 0)
		return info->invert;
	mss = op[at + 2] << 8 | op[at + 3];
	return (mss >= info->mss_min && mss <= info->mss_max) != !!info->invert;
}

#define MATCH(ext, type, p)                                                                 \
	{                                                                                   \
		.name = #ext, .size = sizeof(struct type), .usersize = sizeof(struct type), \
		.match = ext##_match, .proto = (p)                                          \
	}

const struct xt_ext xt_proto_exts[] = {
	MATCH(tcp, xt_tcp_info, IPPROTO_TCP),
	MATCH(udp, xt_udp_info, IPPROTO_UDP),
	MATCH(icmp, xt_icmp_info, IPPROTO_ICMP),
	MATCH(tcpmss, xt_tcpmss_match_info, IPPROTO_TCP),
	{.name = "multiport",
	 .size = sizeof(struct xt_multiport_info),
	 .usersize = sizeof(struct xt_multiport_info),
	 .check = multiport_check,
	 .match = multiport_match},
};
const u32 xt_proto_nr = ARRAY_SIZE(xt_proto_exts);
