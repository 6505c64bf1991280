/* SPDX-License-Identifier: MIT */
/* Matches and targets about a packet's connection: conntrack, state, connmark; CONNMARK, CT, NOTRACK. */
#include "lib/errno.h"
#include "net/netfilter/xt_packet.h"
#include "net/nf_conntrack.h"

static u16 state_bit(const struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	if (ct)
		return XT_CONNTRACK_STATE_BIT(ctinfo);
	return ctinfo == IP_CT_UNTRACKED ? XT_CONNTRACK_STATE_UNTRACKED
					 : XT_CONNTRACK_STATE_INVALID;
}

static bool state_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_state_info *info = data;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	(void)par;
	return info->statemask & state_bit(ct, ctinfo);
}

/* One criterion of conntrack: true if it is not asked for, or is as it is wanted. */
static bool holds(const struct xt_conntrack_info *info, u16 what, bool is)
{
	return !(info->match_flags & what) || is != !!(info->invert_flags & what);
}

static bool addr_is(be32 addr, const struct xt_conntrack_addr *a)
{
	return !((addr ^ a->addr) & a->mask);
}

static bool port_is(be16 port, const struct xt_conntrack_ports *p)
{
	return be16_to_cpu(port) >= p->low && be16_to_cpu(port) <= p->high;
}

static bool tuples_hold(const struct xt_conntrack_info *info, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *o = &ct->tuple[IP_CT_DIR_ORIGINAL];
	const struct nf_conntrack_tuple *r = &ct->tuple[IP_CT_DIR_REPLY];

	return holds(info, XT_CONNTRACK_ORIGSRC, addr_is(o->src, &info->origsrc)) &&
	       holds(info, XT_CONNTRACK_ORIGDST, addr_is(o->dst, &info->origdst)) &&
	       holds(info, XT_CONNTRACK_REPLSRC, addr_is(r->src, &info->replsrc)) &&
	       holds(info, XT_CONNTRACK_REPLDST, addr_is(r->dst, &info->repldst)) &&
	       holds(info, XT_CONNTRACK_PROTO, ct->protonum == info->l4proto) &&
	       holds(info, XT_CONNTRACK_ORIGSRC_PORT, port_is(o->sport, &info->origsrc_port)) &&
	       holds(info, XT_CONNTRACK_ORIGDST_PORT, port_is(o->dport, &info->origdst_port)) &&
	       holds(info, XT_CONNTRACK_REPLSRC_PORT, port_is(r->sport, &info->replsrc_port)) &&
	       holds(info, XT_CONNTRACK_REPLDST_PORT, port_is(r->dport, &info->repldst_port));
}

static bool conntrack_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_conntrack_info *info = data;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	u16 state = state_bit(ct, ctinfo);
	u32 expires;

	(void)par;
	if (ct && ct->status & IPS_SRC_NAT)
		state |= XT_CONNTRACK_STATE_SNAT;
	if (ct && ct->status & IPS_DST_NAT)
		state |= XT_CONNTRACK_STATE_DNAT;
	if (!holds(info, XT_CONNTRACK_STATE, info->state_mask & state))
		return false;
	if (!ct)
		return info->match_flags & XT_CONNTRACK_STATE;
	if (!(info->match_flags & ~XT_CONNTRACK_STATE))
		return true;
	expires = info->match_flags & XT_CONNTRACK_EXPIRES ? nf_ct_expires(ct) : 0;
	return holds(info, XT_CONNTRACK_DIRECTION, CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL) &&
	       tuples_hold(info, ct) &&
	       holds(info, XT_CONNTRACK_STATUS, info->status_mask & ct->status) &&
	       holds(info, XT_CONNTRACK_EXPIRES,
		     expires >= info->expires_min && expires <= info->expires_max);
}

static bool connmark_match(struct sk_buff *skb, void *data, struct xt_action_param *par)
{
	const struct xt_connmark_info *info = data;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	(void)par;
	return ct && ((ct->mark & info->mask) == info->mark) != !!info->invert;
}

static u32 shifted(const struct xt_connmark_tginfo *info, u32 mark)
{
	return info->shift_dir == D_SHIFT_RIGHT ? mark >> info->shift_bits
						: mark << info->shift_bits;
}

static u32 connmark_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	const struct xt_connmark_tginfo *info = data;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	u32 mark;

	(void)par;
	if (!ct)
		return XT_CONTINUE;
	if (info->mode == XT_CONNMARK_RESTORE) {
		skb->mark = (skb->mark & ~info->nfmask) ^ shifted(info, ct->mark & info->ctmask);
		return XT_CONTINUE;
	}
	if (info->mode == XT_CONNMARK_SET)
		mark = shifted(info, (ct->mark & ~info->ctmask) ^ info->ctmark);
	else
		mark = (ct->mark & ~info->ctmask) ^ shifted(info, skb->mark & info->nfmask);
	if (mark != ct->mark) {
		ct->mark = mark;
		nf_ct_event(ct, IPCT_MARK);
	}
	return XT_CONTINUE;
}

static int connmark_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_connmark_tginfo *info = data;

	(void)par;
	return info->mode > XT_CONNMARK_RESTORE || info->shift_bits > 31 ? -EINVAL : 0;
}

static u32 notrack_target(struct sk_buff *skb, void *data, const struct xt_action_param *par)
{
	(void)data;
	(void)par;
	if (!nf_ct_is_seen(skb))
		nf_ct_set_untracked(skb);
	return XT_CONTINUE;
}

static int ct_check(struct xt_chk_param *par, const void *data)
{
	const struct xt_ct_target_info *info = data;

	(void)par;
	return info->flags == XT_CT_NOTRACK ? 0 : -EINVAL;
}

/* Rules about connections are why there are any. */
static int need_conntrack(struct net *net, void *data)
{
	(void)data;
	return nf_ct_netns_get(net);
}

static void leave_conntrack(struct net *net, void *data)
{
	(void)data;
	nf_ct_netns_put(net);
}

#define OF(type)  .size = sizeof(struct type), .usersize = sizeof(struct type)
#define NEEDS_CT  .init = need_conntrack, .destroy = leave_conntrack
#define TARGET_OF .is_target = true

const struct xt_ext xt_conn_exts[] = {
	{.name = "conntrack", OF(xt_conntrack_info), NEEDS_CT, .match = conntrack_match},
	{.name = "state", OF(xt_state_info), NEEDS_CT, .match = state_match},
	{.name = "connmark", OF(xt_connmark_info), NEEDS_CT, .match = connmark_match},
	{.name = "CONNMARK",
	 TARGET_OF,
	 OF(xt_connmark_tginfo),
	 NEEDS_CT,
	 .check = connmark_check,
	 .target = connmark_target},
	{.name = "CT",
	 TARGET_OF,
	 OF(xt_ct_target_info),
	 .tables = BIT(XT_TABLE_RAW),
	 .check = ct_check,
	 .target = notrack_target},
	{.name = "NOTRACK", TARGET_OF, .tables = BIT(XT_TABLE_RAW), .target = notrack_target},
};
const u32 xt_conn_nr = ARRAY_SIZE(xt_conn_exts);
