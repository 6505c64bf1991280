/* SPDX-License-Identifier: MIT */
/*
 * Translation at the hooks. The first packet of a connection asks the table nat at each of them what becomes of its source or
 * destination; the answer is written into the tuple of the connection's replies, and that tuple is all there is to know:
 * every packet, of either direction, is made to look like the inverse of the other direction's tuple.
 *
 * A packet that belongs to a translated connection and that conntrack calls invalid has no right translation; it passes all
 * rules and ends here. Linux sends it on with the wrong address.
 */
#include "lib/errno.h"
#include "net/netfilter/nat.h"
#include "net/netfilter/xt_packet.h"

/* ---- binding ---- */

u32 nf_nat_setup_info(struct net *net, struct nf_conn *ct, const struct nf_nat_range *range,
		      enum nf_nat_manip_type type)
{
	struct nf_ct_net *ctn = net->ct;
	struct nf_conntrack_tuple now, new;

	if (nf_ct_is_confirmed(ct))
		return NF_ACCEPT;
	if (nf_nat_initialized(ct, type) || !ctn->nat)
		return NF_DROP_REASON(SKB_DROP_REASON_NF_NAT);
	nf_ct_invert_tuple(&now, &ct->tuple[IP_CT_DIR_REPLY], ct->protonum);
	new = now;
	nat_unique_tuple(ctn, &new, range, ct, type);
	if (memcmp(&new, &now, sizeof(new))) {
		nf_ct_invert_tuple(&ct->tuple[IP_CT_DIR_REPLY], &new, ct->protonum);
		ct->status |= type == NF_NAT_MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;
	}
	if (type == NF_NAT_MANIP_SRC)
		nf_nat_remember(ctn, ct);
	ct->status |= type == NF_NAT_MANIP_SRC ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE;
	return NF_ACCEPT;
}

u32 nf_nat_alloc_null_binding(struct net *net, struct nf_conn *ct, unsigned int hooknum)
{
	enum nf_nat_manip_type type = HOOK2MANIP(hooknum);
	const struct nf_conntrack_tuple *reply = &ct->tuple[IP_CT_DIR_REPLY];
	be32 addr = type == NF_NAT_MANIP_SRC ? reply->dst : reply->src;
	struct nf_nat_range range = {
		.flags = NF_NAT_RANGE_MAP_IPS, .min_addr = addr, .max_addr = addr};

	return nf_nat_setup_info(net, ct, &range, type);
}

/* The first packet at this hook. */
static noinline u32 bind_first(const struct nf_nat_net *nat, struct nf_conn *ct,
			       struct sk_buff *skb, const struct nf_hook_state *state)
{
	u32 verdict = nat->fn(nat->priv, skb, state);

	if (verdict != NF_ACCEPT || nf_nat_initialized(ct, HOOK2MANIP(state->hook)))
		return verdict;
	return nf_nat_alloc_null_binding(state->net, ct, state->hook);
}

/* ---- translating ---- */

static __always_inline u32 nf_nat_packet(const struct nf_conn *ct, enum ip_conntrack_info ctinfo,
					 enum nf_nat_manip_type type, struct sk_buff *skb)
{
	u32 dir = CTINFO2DIR(ctinfo);
	u16 bit = type == NF_NAT_MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;
	const struct nf_conntrack_tuple *other = &ct->tuple[!dir];

	if (dir == IP_CT_DIR_REPLY)
		bit ^= IPS_NAT_MASK;
	if (likely(!(ct->status & bit)))
		return NF_ACCEPT;
	return nf_nat_manip_pkt(skb, 0, type == NF_NAT_MANIP_SRC ? other->dst : other->src,
				type == NF_NAT_MANIP_SRC ? nat_dport(other, ct->protonum)
							 : other->sport,
				type)
		       ? NF_ACCEPT
		       : NF_DROP_REASON(SKB_DROP_REASON_NF_NAT);
}

/* The masqueraded flow goes out elsewhere now: its address is not that way's. */
static bool oif_changed(const struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			const struct nf_hook_state *state)
{
	return ct->masq_dev && CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL &&
	       ct->masq_dev != state->out->ifindex;
}

static u32 without_connection(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	bool last = HOOK2MANIP(state->hook) == NF_NAT_MANIP_SRC;

	if (skb->nfct >> NFCT_PTR_SHIFT)
		return NF_DROP_REASON(SKB_DROP_REASON_NF_CONNTRACK_GONE);
	return skb->nfct == NFCT_INVALID_NAT && last ? NF_DROP_REASON(SKB_DROP_REASON_NF_NAT)
						     : NF_ACCEPT;
}

/* All but packets of a connection that is bound. */
static noinline u32 nf_nat_fn_slow(const struct nf_nat_net *nat, struct sk_buff *skb,
				   const struct nf_hook_state *state, struct nf_conn *ct,
				   enum ip_conntrack_info ctinfo)
{
	u32 verdict;

	if (!ct)
		return without_connection(skb, state);
	if ((ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY) &&
	    ((const struct iphdr *)skb->data)->protocol == IPPROTO_ICMP)
		return nf_nat_icmp_reply_translation(skb, ct, ctinfo, state->hook)
			       ? NF_ACCEPT
			       : NF_DROP_REASON(SKB_DROP_REASON_NF_NAT);
	if (!nf_nat_initialized(ct, HOOK2MANIP(state->hook)) && ctinfo != IP_CT_ESTABLISHED &&
	    ctinfo != IP_CT_ESTABLISHED_REPLY) {
		verdict = bind_first(nat, ct, skb, state);
		if (verdict != NF_ACCEPT)
			return verdict;
	} else if (state->hook == NF_INET_POST_ROUTING && oif_changed(ct, ctinfo, state)) {
		if (nf_ct_is_confirmed(ct))
			nf_ct_delete(state->net, ct, 0);
		return NF_DROP_REASON(SKB_DROP_REASON_NF_NAT);
	}
	return nf_nat_packet(ct, ctinfo, HOOK2MANIP(state->hook), skb);
}

static __always_inline u32 nf_nat_fn(const struct nf_nat_net *nat, struct sk_buff *skb,
				     const struct nf_hook_state *state, unsigned int hook)
{
	enum nf_nat_manip_type type = HOOK2MANIP(hook);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (unlikely(!ct || !nf_nat_initialized(ct, type) || ctinfo == IP_CT_RELATED ||
		     ctinfo == IP_CT_RELATED_REPLY ||
		     (hook == NF_INET_POST_ROUTING && oif_changed(ct, ctinfo, state))))
		return nf_nat_fn_slow(nat, skb, state, ct, ctinfo);
	return nf_nat_packet(ct, ctinfo, type, skb);
}

/* ---- hooks ---- */

static u32 nf_nat_pre_routing(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	be32 daddr = ((const struct iphdr *)skb->data)->daddr;
	u32 verdict = nf_nat_fn(priv, skb, state, NF_INET_PRE_ROUTING);

	if (verdict == NF_ACCEPT && ((const struct iphdr *)skb->data)->daddr != daddr)
		skb_dst_drop(skb);
	return verdict;
}

/* A socket that early demux has found is not the right one once the source is another. */
static u32 nf_nat_local_in(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	be32 saddr = ((const struct iphdr *)skb->data)->saddr;
	u32 verdict = nf_nat_fn(priv, skb, state, NF_INET_LOCAL_IN);

	if (verdict == NF_ACCEPT && ((const struct iphdr *)skb->data)->saddr != saddr)
		skb_orphan(skb);
	return verdict;
}

static u32 nf_nat_local_out(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	be32 daddr = ((const struct iphdr *)skb->data)->daddr;
	u32 verdict = nf_nat_fn(priv, skb, state, NF_INET_LOCAL_OUT);

	if (verdict != NF_ACCEPT || ((const struct iphdr *)skb->data)->daddr == daddr)
		return verdict;
	return ip_route_me_harder(state->net, skb, RTN_UNSPEC)
		       ? NF_DROP_REASON(SKB_DROP_REASON_IP_OUTNOROUTES)
		       : NF_ACCEPT;
}

static u32 nf_nat_post_routing(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_nat_fn(priv, skb, state, NF_INET_POST_ROUTING);
}

static const struct nf_hook_ops nat_ops[] = {
	{nf_nat_pre_routing, NULL, NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
	{nf_nat_local_in, NULL, NF_INET_LOCAL_IN, NF_IP_PRI_NAT_SRC},
	{nf_nat_local_out, NULL, NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST},
	{nf_nat_post_routing, NULL, NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC},
};

static struct nf_nat_net *nat_alloc(const struct nf_ct_net *ctn)
{
	u32 buckets = max(ctn->s.buckets / 2, 512);
	struct nf_nat_net *nat = plat_alloc(sizeof(*nat) + buckets * sizeof(u32));

	if (!nat)
		return NULL;
	memset(nat, 0, sizeof(*nat) + buckets * sizeof(u32));
	nat->nr_buckets = buckets;
	for (u32 i = 0; i < ARRAY_SIZE(nat_ops); i++) {
		nat->ops[i] = nat_ops[i];
		nat->ops[i].priv = nat;
	}
	return nat;
}

int nf_nat_register_table(struct net *net, nf_hookfn fn, void *priv)
{
	struct nf_ct_net *ctn = net->ct;
	int err;

	if (ctn->nat)
		return -EBUSY;
	err = nf_ct_netns_get(net);
	if (err)
		return err;
	ctn->nat = nat_alloc(ctn);
	err = -ENOMEM;
	if (!ctn->nat)
		goto put;
	ctn->nat->fn = fn;
	ctn->nat->priv = priv;
	err = nf_nat_masquerade_init(ctn);
	if (err)
		goto free;
	err = nf_register_net_hooks(net, ctn->nat->ops, ARRAY_SIZE(ctn->nat->ops));
	if (!err)
		return 0;
	nf_nat_masquerade_exit(ctn);
free:
	plat_free(ctn->nat);
	ctn->nat = NULL;
put:
	nf_ct_netns_put(net);
	return err;
}

/* What was begun without translation lives on; what was translated cannot. */
static void forget_all(struct nf_ct_net *ctn)
{
	u32 cursor = 0;
	struct nf_conn *ct;

	while ((ct = nf_ct_next(ctn->net, &cursor))) {
		if (ct->status & IPS_NAT_MASK)
			ct_kill(ctn, ct);
		else
			ct->status &= ~IPS_NAT_DONE_MASK;
	}
}

void nf_nat_unregister_table(struct net *net)
{
	struct nf_ct_net *ctn = net->ct;
	struct nf_nat_net *nat = ctn->nat;

	nf_unregister_net_hooks(net, nat->ops, ARRAY_SIZE(nat->ops));
	nf_nat_masquerade_exit(ctn);
	forget_all(ctn);
	ctn->nat = NULL;
	plat_free(nat);
	nf_ct_netns_put(net);
}
