/* SPDX-License-Identifier: MIT */
/*
 * ICMP's way in (RFC 792, RFC 1122 s3.2.2, RFC 1812 s4.3): a table says what each type asks for.
 */
#include "lib/errno.h"
#include "net/ipv4/icmp.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/rt_cache.h"
#include "net/wire/icmp_hdr.h"

#define SEC_PER_DAY 86400ULL

enum { ICMP_IS_ERROR = 1, ICMP_MAY_BE_CAST = 2 };

/* What a message ends as. */
enum outcome { SERVED, TAKEN, DROP_INVALID, DROP_UNKNOWN };

static struct icmphdr *icmp_hdr(const struct sk_buff *skb)
{
	return skb_transport_header(skb);
}

/* A packet of ours came to grief: data at the quoted header, whose length is checked. */
static enum outcome deliver_error(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	const struct iphdr *quoted = (const struct iphdr *)skb->data;
	u8 protocol = quoted->protocol;
	const struct net_protocol *proto = ipv4->protos[protocol];

	if (!pskb_may_pull(skb, ip_hdrlen(quoted) + 8)) /* quoted is void from here on */
		return DROP_INVALID;
	if (ipv4->raw_ops && ipv4->raw_ops->err)
		ipv4->raw_ops->err(net, skb, protocol, type, code, info);
	if (proto && proto->err_handler)
		proto->err_handler(net, skb, type, code, info);
	return SERVED;
}

/* RFC 1122 s3.2.2: an error about a broadcast is bogus. */
static bool is_bogus(struct net *net, const struct sk_buff *skb, be32 daddr)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);

	(void)skb;
	return !ipv4->sysctl_icmp_ignore_bogus_error_responses &&
	       inet_addr_type(net, skb->dev, daddr) == RTN_BROADCAST;
}

/* Data goes on to the quoted IP header, if it is one. */
static bool pull_quoted(struct sk_buff *skb)
{
	skb_pull(skb, ICMP_HLEN);
	return pskb_may_pull(skb, sizeof(struct iphdr)) &&
	       ip_hdrlen((const struct iphdr *)skb->data) >= IP_HLEN_MIN;
}

/*
 * The MTU of an ICMP 3/4 (RFC 1191 s4) as ip_no_pmtu_disc has it: 1: whatever it says, the smallest; 2: none is
 * believed; 3: those whose protocol can tell a forged one. False: not to be believed.
 */
static bool frag_needed_mtu(const struct net *net, u8 protocol, u32 *info)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	const struct net_protocol *proto = ipv4->protos[protocol];

	*info = ipv4->sysctl_ip_no_pmtu_disc == 1 ? 0 : *info & 0xffff;
	if (ipv4->sysctl_ip_no_pmtu_disc == 3)
		return proto && proto->icmp_strict_tag_validation;
	return ipv4->sysctl_ip_no_pmtu_disc != 2;
}

static enum outcome icmp_error(struct net *net, struct sk_buff *skb)
{
	const struct icmphdr *icmph = icmp_hdr(skb);
	u8 type = icmph->type, code = icmph->code;
	u32 info = be32_to_cpu(icmph->un.rest);

	if (!pull_quoted(skb))
		return DROP_INVALID;
	if (type == ICMP_DEST_UNREACH && code > NR_ICMP_UNREACH)
		return DROP_UNKNOWN;
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED &&
	    !frag_needed_mtu(net, ((const struct iphdr *)skb->data)->protocol, &info))
		return DROP_UNKNOWN;
	if (type == ICMP_PARAMETERPROB)
		info >>= 24;
	if (type == ICMP_TIME_EXCEEDED && code == ICMP_EXC_FRAGTIME)
		return DROP_UNKNOWN;
	if (is_bogus(net, skb, ((const struct iphdr *)skb->data)->daddr))
		return DROP_UNKNOWN;
	return deliver_error(net, skb, type, code, info);
}

static enum outcome icmp_redirect(struct net *net, struct sk_buff *skb)
{
	const struct icmphdr *icmph = icmp_hdr(skb);
	u32 gateway = be32_to_cpu(icmph->un.gateway);
	u8 code = icmph->code;

	return pull_quoted(skb) ? deliver_error(net, skb, ICMP_REDIRECT, code, gateway)
				: DROP_INVALID;
}

static enum outcome icmp_echo(struct net *net, struct sk_buff *skb)
{
	if (net_ipv4(net)->sysctl_icmp_echo_ignore_all)
		return DROP_UNKNOWN;
	icmp_reply(net, skb, ICMP_ECHOREPLY, icmp_hdr(skb)->code, &icmp_hdr(skb)->un, 4);
	return SERVED;
}

/* Milliseconds since midnight UT, network order. */
static be32 current_timestamp(void)
{
	return cpu_to_be32(plat_wall() / NSEC_PER_MSEC % (SEC_PER_DAY * 1000));
}

static enum outcome icmp_timestamp(struct net *net, struct sk_buff *skb)
{
	struct {
		be32 id, originate, receive, transmit;
	} ts;

	if (skb_copy_bits(skb, 4, &ts, 8))
		return DROP_INVALID;
	ts.receive = ts.transmit = current_timestamp();
	icmp_reply(net, skb, ICMP_TIMESTAMPREPLY, 0, &ts, sizeof(ts));
	return SERVED;
}

static enum outcome icmp_echoreply(struct net *net, struct sk_buff *skb)
{
	const struct ping_ops *ops = net_ipv4(net)->ping_ops;

	if (!ops)
		return DROP_UNKNOWN;
	ops->rcv(net, skb);
	return TAKEN;
}

static const struct icmp_control {
	enum outcome (*handler)(struct net *net, struct sk_buff *skb);
	u8 flags;
} controls[NR_ICMP_TYPES + 1] = {
	[ICMP_ECHOREPLY] = {icmp_echoreply, 0},
	[ICMP_DEST_UNREACH] = {icmp_error, ICMP_IS_ERROR},
	[ICMP_SOURCE_QUENCH] = {icmp_error, ICMP_IS_ERROR},
	[ICMP_REDIRECT] = {icmp_redirect, ICMP_IS_ERROR},
	[ICMP_ECHO] = {icmp_echo, ICMP_MAY_BE_CAST},
	[ICMP_TIME_EXCEEDED] = {icmp_error, ICMP_IS_ERROR},
	[ICMP_PARAMETERPROB] = {icmp_error, ICMP_IS_ERROR},
	[ICMP_TIMESTAMP] = {icmp_timestamp, ICMP_MAY_BE_CAST},
	[ICMP_ADDRESS] = {NULL, ICMP_MAY_BE_CAST},
	[ICMP_ADDRESSREPLY] = {NULL, ICMP_MAY_BE_CAST},
};

static void drop(struct net *net, struct sk_buff *skb, enum skb_drop_reason reason)
{
	NET_INC_STATS(net, ICMP_MIB_INERRORS);
	kfree_skb_reason(skb, reason);
}

/* RFC 1122 s3.2.2.6, s3.2.2.8: what may be answered that was sent to many. */
static bool cast_allowed(const struct net *net, const struct sk_buff *skb, u8 type)
{
	const struct rtable *rt = skb_rtable(skb);

	if (rt->type != RTN_BROADCAST && rt->type != RTN_MULTICAST)
		return true;
	if ((type == ICMP_ECHO || type == ICMP_TIMESTAMP) &&
	    net_ipv4(net)->sysctl_icmp_echo_ignore_broadcasts)
		return false;
	return controls[type].flags & ICMP_MAY_BE_CAST;
}

static void finish(struct net *net, struct sk_buff *skb, enum outcome outcome)
{
	switch (outcome) {
	case SERVED:
		consume_skb(skb);
		break;
	case TAKEN:
		break;
	case DROP_INVALID:
		drop(net, skb, SKB_DROP_REASON_ICMP_INVALID);
		break;
	case DROP_UNKNOWN:
		kfree_skb_reason(skb, SKB_DROP_REASON_ICMP_UNKNOWN);
		break;
	}
}

static void icmp_rcv(struct net *net, struct sk_buff *skb)
{
	u8 type;

	trace_skb(skb, "icmp_rcv");
	NET_INC_STATS(net, ICMP_MIB_INMSGS);
	if (!skb_csum_unnecessary(skb) && csum_fold(skb_checksum(skb, 0, skb->len, 0))) {
		NET_INC_STATS(net, ICMP_MIB_CSUMERRORS);
		drop(net, skb, SKB_DROP_REASON_ICMP_CSUM);
		return;
	}
	if (!pskb_may_pull(skb, ICMP_HLEN)) {
		drop(net, skb, SKB_DROP_REASON_ICMP_INVALID);
		return;
	}
	type = icmp_hdr(skb)->type;
	icmp_count_in(net, type);
	if (type == ICMP_EXT_ECHO || type == ICMP_EXT_ECHOREPLY) {
		kfree_skb_reason(skb, SKB_DROP_REASON_ICMP_UNKNOWN);
		return;
	}
	if (type > NR_ICMP_TYPES) {
		drop(net, skb, SKB_DROP_REASON_ICMP_UNKNOWN);
		return;
	}
	if (!cast_allowed(net, skb, type)) {
		drop(net, skb, SKB_DROP_REASON_ICMP_BROADCAST);
		return;
	}
	finish(net, skb, controls[type].handler ? controls[type].handler(net, skb) : DROP_UNKNOWN);
}

/* About an answer of ours, which no socket sent. */
static void answer_err(struct net *net, const struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	const struct iphdr *quoted = (const struct iphdr *)skb->data;
	struct flowi4 fl = {.daddr = quoted->daddr,
			    .saddr = quoted->saddr,
			    .tos = quoted->tos & IPTOS_RT_MASK,
			    .proto = IPPROTO_ICMP};

	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
		ipv4_update_pmtu(net, &fl, info);
	else if (type == ICMP_REDIRECT)
		ipv4_redirect(net, skb, &fl, code, cpu_to_be32(info));
}

/* Errors about our own echo requests are the ping sockets'. */
static void icmp_err(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	const struct ping_ops *ops = net_ipv4(net)->ping_ops;
	const struct iphdr *quoted = (const struct iphdr *)skb->data;
	const struct icmphdr *inner = (const struct icmphdr *)(skb->data + ip_hdrlen(quoted));

	if (inner->type == ICMP_ECHOREPLY)
		answer_err(net, skb, type, code, info);
	else if (ops && inner->type == ICMP_ECHO)
		ops->err(net, skb, type, code, info);
}

static const struct net_protocol icmp_protocol = {
	.handler = icmp_rcv,
	.err_handler = icmp_err,
};

int icmp_init(struct net *net)
{
	return inet_add_protocol(net, &icmp_protocol, IPPROTO_ICMP);
}

void icmp_exit(struct net *net)
{
	inet_del_protocol(net, IPPROTO_ICMP);
}

/* errno and hardness of each code of ICMP_DEST_UNREACH (RFC 1122 s4.2.3.9; Linux's choice of names). */
static const struct {
	int error;
	bool hard;
} unreach_errors[] = {
	[ICMP_NET_UNREACH] = {ENETUNREACH, false},    [ICMP_HOST_UNREACH] = {EHOSTUNREACH, false},
	[ICMP_PROT_UNREACH] = {ENOPROTOOPT, true},    [ICMP_PORT_UNREACH] = {ECONNREFUSED, true},
	[ICMP_FRAG_NEEDED] = {EMSGSIZE, false},       [ICMP_SR_FAILED] = {EOPNOTSUPP, false},
	[ICMP_NET_UNKNOWN] = {ENETUNREACH, true},     [ICMP_HOST_UNKNOWN] = {EHOSTDOWN, true},
	[ICMP_HOST_ISOLATED] = {ENETUNREACH, true},   [ICMP_NET_ANO] = {ENETUNREACH, true},
	[ICMP_HOST_ANO] = {EHOSTUNREACH, true},       [ICMP_NET_UNR_TOS] = {ENETUNREACH, false},
	[ICMP_HOST_UNR_TOS] = {EHOSTUNREACH, false},  [ICMP_PKT_FILTERED] = {EHOSTUNREACH, true},
	[ICMP_PREC_VIOLATION] = {EHOSTUNREACH, true}, [ICMP_PREC_CUTOFF] = {EHOSTUNREACH, true},
};

int icmp_err_convert(u8 type, u8 code, bool *hard)
{
	*hard = false;
	switch (type) {
	case ICMP_DEST_UNREACH:
		if (code >= ARRAY_SIZE(unreach_errors))
			break;
		*hard = unreach_errors[code].hard;
		return unreach_errors[code].error;
	case ICMP_SOURCE_QUENCH:
		return 0;
	case ICMP_PARAMETERPROB:
		*hard = true;
		return EPROTO;
	}
	return EHOSTUNREACH;
}
