/* SPDX-License-Identifier: MIT */
/* Targets that tell somebody, or give a packet away: LOG, REJECT, NFQUEUE. */
#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/netfilter/nf_log.h"
#include "net/netfilter/nf_reject.h"
#include "net/netfilter/xt_packet.h"
#include "net/wire/icmp_hdr.h"

static u32 log_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	const struct xt_log_info *info = data;

	nf_log_packet(skb, par->state, info->level, info->logflags, info->prefix);
	return XT_CONTINUE;
}

static int log_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_log_info *info = data;

	(void)par;
	if (info->level >= 8 || info->logflags & XT_LOG_UID)
		return -EINVAL;
	return strnlen(info->prefix, XT_LOG_PREFIX_LEN) == XT_LOG_PREFIX_LEN ? -EINVAL : 0;
}

static u32 reject_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	static const u8 codes[] = {[IPT_ICMP_NET_UNREACHABLE] = ICMP_NET_UNREACH,
				   [IPT_ICMP_HOST_UNREACHABLE] = ICMP_HOST_UNREACH,
				   [IPT_ICMP_PROT_UNREACHABLE] = ICMP_PROT_UNREACH,
				   [IPT_ICMP_PORT_UNREACHABLE] = ICMP_PORT_UNREACH,
				   [IPT_ICMP_NET_PROHIBITED] = ICMP_NET_ANO,
				   [IPT_ICMP_HOST_PROHIBITED] = ICMP_HOST_ANO,
				   [IPT_ICMP_ADMIN_PROHIBITED] = ICMP_PKT_FILTERED};
	const struct ipt_reject_info *info = data;

	if (info->with == IPT_TCP_RESET)
		nf_send_reset(par->state->net, skb, par);
	else
		nf_send_unreach(par->state->net, skb, par, codes[info->with]);
	return NF_DROP;
}

static int reject_check(struct xt_chk_param *par, const void *data)
{
	const struct ipt_reject_info *info = data;
	const struct ipt_ip *ip = &par->rule->ip;

	if (info->with == IPT_ICMP_ECHOREPLY)
		par->why = "ECHOREPLY no longer supported.";
	else if (info->with == IPT_TCP_RESET &&
		 (ip->proto != IPPROTO_TCP || ip->invert & IPT_INV_PROTO))
		par->why = "TCP_RESET invalid for non-tcp";
	return par->why || info->with > IPT_ICMP_ADMIN_PROHIBITED ? -EINVAL : 0;
}

/* Packets of a flow go to one queue, both ways. */
static u32 nfqueue_hash(const struct sk_buff *skb)
{
	const struct iphdr *iph = xt_ip_hdr(skb);
	be32 low = min(iph->saddr, iph->daddr), high = max(iph->saddr, iph->daddr);

	return siphash13_2u64((u64)low << 32 | high, iph->protocol, &skb->net->hash_key);
}

static u32 nfqueue_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	const struct xt_nfq_info *info = data;
	u32 queue = info->queuenum;

	(void)par;
	if (info->queues_total > 1)
		queue += ((u64)nfqueue_hash(skb) * info->queues_total) >> 32;
	return NF_QUEUE_NR(queue) | (info->flags & NFQ_FLAG_BYPASS ? NF_QUEUE_BYPASS : 0);
}

static int nfqueue_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_nfq_info *info = data;

	if (!info->queues_total)
		par->why = "number of total queues is 0";
	if (!info->queues_total || info->flags & ~NFQ_FLAG_BYPASS)
		return -EINVAL;
	if (info->queuenum + info->queues_total - 1 <= U16_MAX)
		return 0;
	par->why = "number of queues out of range";
	return -ERANGE;
}

#define TARGET(type) .is_target = true, .size = sizeof(struct type), .usersize = sizeof(struct type)

const struct xt_ext xt_verdict_exts[] = {
	{.name = "LOG", TARGET(xt_log_info), .check = log_check, .target = log_target},
	{.name = "REJECT",
	 TARGET(ipt_reject_info),
	 .tables = BIT(XT_TABLE_FILTER),
	 .hooks = BIT(NF_INET_LOCAL_IN) | BIT(NF_INET_FORWARD) | BIT(NF_INET_LOCAL_OUT),
	 .check = reject_check,
	 .target = reject_target},
	{.name = "NFQUEUE", TARGET(xt_nfq_info), .check = nfqueue_check, .target = nfqueue_target},
};
const u32 xt_verdict_nr = ARRAY_SIZE(xt_verdict_exts);
