/* SPDX-License-Identifier: MIT */
/* Reassembly before anything else sees a packet. */
#include "net/netfilter/nf_defrag.h"

#include "net/core/net_namespace.h"
#include "net/ipv4/inet_sock.h"
#include "net/ipv4/ip_path.h"
#include "net/nf_conntrack.h"
#include "net/sockopt.h"
#include "net/wire/tcp_hdr.h"

/*
 * The packet is in its first piece's skb; the function that called goes on with the one that came last. They change
 * their contents, and the places where others know them.
 */
static void become(struct sk_buff *skb, struct sk_buff *whole)
{
	struct sk_buff **link = &skb_shinfo(whole)->frag_list, keep;

	while (*link != skb)
		link = &(*link)->next;
	*link = whole;
	keep = *skb;
	*skb = *whole;
	*whole = keep;
}

/* Linux's early demux pulls TCP's header together: a packet whose first piece was shorter leaves in other pieces. */
static bool look_ahead(struct net *net, struct sk_buff *skb)
{
	return ip_hdr(skb)->protocol == IPPROTO_TCP && net_ipv4(net)->sysctl_ip_early_demux &&
	       pskb_may_pull(skb, ip_hdrlen_skb(skb) + TCP_HLEN);
}

static u32 ipv4_conntrack_defrag(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	u32 user =
		state->hook == NF_INET_LOCAL_OUT ? IP_DEFRAG_CONNTRACK_OUT : IP_DEFRAG_CONNTRACK_IN;
	struct sk_buff *whole;

	(void)priv;
	if (likely(!ip_is_fragment(ip_hdr(skb))) || nf_ct_is_seen(skb))
		return NF_ACCEPT;
	if (state->hook == NF_INET_LOCAL_OUT && skb->sk && skb->sk->nodefrag)
		return NF_ACCEPT;
	skb_orphan(skb);
	whole = ip_defrag(state->net, skb, user);
	if (!whole)
		return NF_STOLEN;
	if (whole != skb)
		become(skb, whole);
	if (state->hook == NF_INET_PRE_ROUTING)
		look_ahead(state->net, skb);
	return NF_ACCEPT;
}

static const struct nf_hook_ops defrag_ops[] = {
	{ipv4_conntrack_defrag, NULL, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK_DEFRAG},
	{ipv4_conntrack_defrag, NULL, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK_DEFRAG},
};

int nf_defrag_ipv4_enable(struct net *net)
{
	int err = 0;

	if (!net->nf_defrag_users)
		err = nf_register_net_hooks(net, defrag_ops, ARRAY_SIZE(defrag_ops));
	net->nf_defrag_users += !err;
	return err;
}

void nf_defrag_ipv4_disable(struct net *net)
{
	if (!--net->nf_defrag_users)
		nf_unregister_net_hooks(net, defrag_ops, ARRAY_SIZE(defrag_ops));
}
