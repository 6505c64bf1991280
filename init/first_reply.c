/* SPDX-License-Identifier: MIT */
/*
 * The last mark on the boot's time line: the first ping that was answered.
 *
 * A function at POST_ROUTING looks for an echo reply that leaves by a NIC, and takes itself away when it saw one, or
 * enough others: from then on the hook costs nothing again. The reply may still wait for a neighbour's address there.
 */
#include "init/first_reply.h"
#include "kernel/clock.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "net/netdevice.h"
#include "net/netfilter.h"

#define IP_PROTOCOL    9 /* RFC 791 s3.1 */
#define IP_HEADER_MIN  20
#define PROTOCOL_ICMP  1
#define ICMP_ECHOREPLY 0 /* RFC 792 */

static bool is_echo_reply(const struct sk_buff *skb)
{
	u32 ihl = skb_headlen(skb) > IP_HEADER_MIN ? (skb->data[0] & 15U) * 4 : 0;

	return ihl >= IP_HEADER_MIN && skb_headlen(skb) > ihl &&
	       skb->data[IP_PROTOCOL] == PROTOCOL_ICMP && skb->data[ihl] == ICMP_ECHOREPLY;
}

#define PATIENCE 1000 /* packets */

static u32 look(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

static u32 seen;

static const struct nf_hook_ops first_reply_ops = {
	.hook = look,
	.hooknum = NF_INET_POST_ROUTING,
	.priority = NF_IP_PRI_CONNTRACK_CONFIRM,
};

static u32 look(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	bool found = state->out && !(state->out->flags & IFF_LOOPBACK) && is_echo_reply(skb);

	(void)priv;
	if (found)
		boot_mark("first ping reply");
	if (found || ++seen == PATIENCE)
		nf_unregister_net_hook(state->net, &first_reply_ops);
	return NF_ACCEPT;
}

void first_reply_watch(struct net *net)
{
	local_bh_disable();
	if (nf_register_net_hook(net, &first_reply_ops))
		pr_warn("init: no memory to watch for the first ping's reply");
	local_bh_enable();
}
