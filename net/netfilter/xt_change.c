/* SPDX-License-Identifier: MIT */
/* Targets that change a packet, or what is known of it, and let it go on: MARK, TCPMSS, TRACE. */
#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/ipv4/ip_path.h"
#include "net/netfilter/xt_packet.h"
#include "net/wire/tcp_hdr.h"

#define TCPOPT_MSS  2
#define TCPOLEN_MSS 4

static u32 mark_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	const struct xt_mark_tginfo *info = data;

	(void)par;
	skb->mark = (skb->mark & ~info->mask) ^ info->mark;
	return XT_CONTINUE;
}

static u32 trace_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	(void)data;
	(void)par;
	skb->hooks_passed |= NF_TRACE;
	return XT_CONTINUE;
}

/* ---- TCPMSS ---- */

/* A change of TCP's bytes; of the pseudo header's length too. A partial checksum has only the latter in it. */
static void tcp_csum_replace2(struct sk_buff *skb, struct tcphdr *th, be16 old, be16 new,
			      bool pseudo)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		th->check = csum_replace2(th->check, old, new);
	else if (pseudo)
		th->check = ~csum_replace2(~th->check, old, new);
}

static u16 be16_at(const u8 *p)
{
	u16 v;

	__builtin_memcpy(&v, p, 2);
	return v;
}

/* One byte after another, so that it may stand at any offset. */
static void set_mss(struct sk_buff *skb, struct tcphdr *th, u8 *at, u16 mss)
{
	u8 *base = (u8 *)th;
	u32 even = (at - base) & ~1U;
	be16 old[2] = {be16_at(base + even), be16_at(base + even + 2)};

	at[0] = mss >> 8;
	at[1] = mss & 0xff;
	tcp_csum_replace2(skb, th, old[0], be16_at(base + even), false);
	if ((at - base) & 1)
		tcp_csum_replace2(skb, th, old[1], be16_at(base + even + 2), false);
}

/* The way back to who sent this. */
static u32 reverse_mtu(struct net *net, const struct sk_buff *skb)
{
	struct flowi4 fl = {.daddr = ip_hdr(skb)->saddr};
	struct rtable *rt;

	return ip_route_output(net, &fl, &rt) ? U32_MAX : ip_dst_mtu(&rt->dst);
}

/* 0: no segment gets through. */
static u32 clamped_mss(struct net *net, const struct sk_buff *skb, u32 minlen)
{
	u32 mtu = min(ip_dst_mtu(skb->dst), reverse_mtu(net, skb));

	return mtu > minlen ? mtu - minlen : 0;
}

static u8 *find_mss(struct tcphdr *th, u32 hlen)
{
	u8 *opt = (u8 *)th;
	u32 i = TCP_HLEN;

	while (i + TCPOLEN_MSS <= hlen) {
		if (opt[i] == TCPOPT_MSS && opt[i + 1] == TCPOLEN_MSS)
			return opt + i;
		i += opt[i] < 2 || !opt[i + 1] ? 1 : opt[i + 1];
	}
	return NULL;
}

/* A header without the option gets it in front of the others. 0 or -ENOMEM. */
static int add_mss(struct sk_buff *skb, u32 thoff, u32 hlen, u16 mss)
{
	struct iphdr *iph;
	struct tcphdr *th;
	be16 total;
	u8 *opt;

	if (skb_tailroom(skb) < TCPOLEN_MSS && pskb_expand_head(skb, 0, TCPOLEN_MSS))
		return -ENOMEM;
	skb_put(skb, TCPOLEN_MSS);
	iph = ip_hdr(skb);
	th = (struct tcphdr *)(skb->data + thoff);
	opt = (u8 *)th + TCP_HLEN;
	memmove(opt + TCPOLEN_MSS, opt, hlen - TCP_HLEN);
	tcp_csum_replace2(skb, th, cpu_to_be16(hlen), cpu_to_be16(hlen + TCPOLEN_MSS), true);
	opt[0] = TCPOPT_MSS;
	opt[1] = TCPOLEN_MSS;
	opt[2] = mss >> 8;
	opt[3] = mss & 0xff;
	tcp_csum_replace2(skb, th, 0, be16_at(opt), false);
	tcp_csum_replace2(skb, th, 0, be16_at(opt + 2), false);
	total = be16_at(&th->doff);
	th->doff += (TCPOLEN_MSS / 4) << 4;
	tcp_csum_replace2(skb, th, total, be16_at(&th->doff), false);
	total = cpu_to_be16(skb->len);
	iph->check = csum_replace2(iph->check, iph->tot_len, total);
	iph->tot_len = total;
	return 0;
}

/* Never a larger one than it says; none is added to what carries data, or has no room (RFC 1122 s4.2.2.6: then 536). */
static u32 tcpmss_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	const struct xt_tcpmss_info *info = data;
	u32 thoff = par->thoff, len = skb->len - thoff, hlen, mss = info->mss;
	struct tcphdr *th;
	u8 *opt;

	if (par->fragoff)
		return XT_CONTINUE;
	if (skb_ensure_writable(skb, skb->len) || len < TCP_HLEN || skb->len < thoff)
		return NF_DROP;
	th = (struct tcphdr *)(skb->data + thoff);
	hlen = tcp_hdrlen(th);
	if (len < hlen || hlen < TCP_HLEN)
		return NF_DROP;
	if (mss == XT_TCPMSS_CLAMP_PMTU)
		mss = clamped_mss(par->state->net, skb, thoff + TCP_HLEN);
	if (!mss && info->mss == XT_TCPMSS_CLAMP_PMTU)
		return NF_DROP;
	opt = find_mss(th, hlen);
	if (opt && (opt[2] << 8 | opt[3]) > (int)mss)
		set_mss(skb, th, opt + 2, mss);
	if (opt || len > hlen || hlen > TCP_HLEN_MAX - TCPOLEN_MSS)
		return XT_CONTINUE;
	return add_mss(skb, thoff, hlen, min(mss, (u32)TCP_MSS_DEFAULT)) ? NF_DROP : XT_CONTINUE;
}

static bool is_about_syn(const struct ipt_rule *rule)
{
	for (u32 i = 0; i < rule->nr_matches; i++) {
		const struct xt_tcp_info *tcp = rule->matches[i].data;

		if (!strcmp(rule->matches[i].ext->name, "tcp") && tcp->flg_cmp & TCP_SYN &&
		    !(tcp->invert & XT_TCP_INV_FLAGS))
			return true;
	}
	return false;
}

static int tcpmss_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_tcpmss_info *info = data;

	if (info->mss == XT_TCPMSS_CLAMP_PMTU &&
	    par->hooks & (BIT(NF_INET_PRE_ROUTING) | BIT(NF_INET_LOCAL_IN)))
		par->why =
			"path-MTU clamping only supported in FORWARD, OUTPUT and POSTROUTING hooks";
	else if (!is_about_syn(par->rule))
		par->why = "Only works on TCP SYN packets";
	return par->why ? -EINVAL : 0;
}

const struct xt_ext xt_change_exts[] = {
	{.name = "MARK",
	 .is_target = true,
	 .size = sizeof(struct xt_mark_tginfo),
	 .usersize = sizeof(struct xt_mark_tginfo),
	 .target = mark_target},
	{.name = "TCPMSS",
	 .is_target = true,
	 .size = sizeof(struct xt_tcpmss_info),
	 .usersize = sizeof(struct xt_tcpmss_info),
	 .proto = IPPROTO_TCP,
	 .check = tcpmss_check,
	 .target = tcpmss_target},
	{.name = "TRACE", .is_target = true, .tables = BIT(XT_TABLE_RAW), .target = trace_target},
};
const u32 xt_change_nr = ARRAY_SIZE(xt_change_exts);
