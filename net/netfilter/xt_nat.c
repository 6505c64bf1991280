/* SPDX-License-Identifier: MIT */
/* The targets of the table nat. They see the first packet of a connection, and bind one of its sides. */
#include "lib/errno.h"
#include "net/netfilter/xt_packet.h"
#include "net/nf_nat.h"

/* As told, with ports as NAT wants them: in wire order. */
static struct nf_nat_range range_of(const void *data)
{
	struct nf_nat_range r = *(const struct nf_nat_range *)data;

	r.min_proto = cpu_to_be16(r.min_proto);
	r.max_proto = cpu_to_be16(r.max_proto);
	r.base_proto = cpu_to_be16(r.base_proto);
	return r;
}

static u32 setup(struct sk_buff *skb, const void *data, const struct xt_action_param *par,
		 enum nf_nat_manip_type type)
{
	struct nf_nat_range range = range_of(data);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct ? nf_nat_setup_info(par->state->net, ct, &range, type) : NF_ACCEPT;
}

static u32 snat_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	return setup(skb, data, par, NF_NAT_MANIP_SRC);
}

static u32 dnat_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	return setup(skb, data, par, NF_NAT_MANIP_DST);
}

static u32 masquerade_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	struct nf_nat_range range = range_of(data);

	return nf_nat_masquerade_ipv4(skb, par->state, &range);
}

static u32 redirect_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	struct nf_nat_range range = range_of(data);

	return nf_nat_redirect_ipv4(skb, par->state, &range);
}

static u32 netmap_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	struct nf_nat_range range = range_of(data);

	return nf_nat_netmap_ipv4(skb, par->state, &range);
}

static int netmap_check(struct xt_chk_param *par, const void *data)
{
	const struct nf_nat_range *range = data;

	if (range->flags & NF_NAT_RANGE_MAP_IPS)
		return 0;
	par->why = "bad MAP_IPS.";
	return -EINVAL;
}

static int masquerade_check(struct xt_chk_param *par, const void *data)
{
	const struct nf_nat_range *range = data;

	if (!(range->flags & NF_NAT_RANGE_MAP_IPS))
		return 0;
	par->why = "bad MAP_IPS.";
	return -EINVAL;
}

#define HOOK(hook) BIT(NF_INET_##hook)
#define NAT_TARGET(fn)                                          \
	.is_target = true, .size = sizeof(struct nf_nat_range), \
	.usersize = sizeof(struct nf_nat_range), .tables = BIT(XT_TABLE_NAT), .target = fn

const struct xt_ext xt_nat_exts[] = {
	{.name = "SNAT", NAT_TARGET(snat_target), .hooks = HOOK(POST_ROUTING) | HOOK(LOCAL_IN)},
	{.name = "DNAT", NAT_TARGET(dnat_target), .hooks = HOOK(PRE_ROUTING) | HOOK(LOCAL_OUT)},
	{.name = "MASQUERADE",
	 NAT_TARGET(masquerade_target),
	 .hooks = HOOK(POST_ROUTING),
	 .check = masquerade_check},
	{.name = "REDIRECT",
	 NAT_TARGET(redirect_target),
	 .hooks = HOOK(PRE_ROUTING) | HOOK(LOCAL_OUT)},
	{.name = "NETMAP",
	 NAT_TARGET(netmap_target),
	 .hooks = HOOK(PRE_ROUTING) | HOOK(POST_ROUTING) | HOOK(LOCAL_OUT) | HOOK(LOCAL_IN),
	 .check = netmap_check},
};
const u32 xt_nat_nr = ARRAY_SIZE(xt_nat_exts);
