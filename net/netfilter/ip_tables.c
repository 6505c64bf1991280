/* SPDX-License-Identifier: MIT */
/*
 * The tables and the interpreter: the first rule that fits says what becomes of the packet.
 *
 * No policy is in here, and nothing is parsed or allocated: steps are walked, a rule's own part is looked at before its
 * matches, and what its target says is done.
 */
#include "net/netfilter/ip_tables.h"

#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/core/nf_hook.h"
#include "net/netfilter/nf_log.h"
#include "net/netfilter/xt_packet.h"
#include "net/nf_nat.h"
#include "net/route.h"

#define PRE_ROUTING  BIT(NF_INET_PRE_ROUTING)
#define LOCAL_IN     BIT(NF_INET_LOCAL_IN)
#define FORWARD      BIT(NF_INET_FORWARD)
#define LOCAL_OUT    BIT(NF_INET_LOCAL_OUT)
#define POST_ROUTING BIT(NF_INET_POST_ROUTING)

/* Which table runs at which hook, and when. nat's hooks are NAT's (nf_nat_core): only a flow's first packet comes here. */
static const struct {
	char name[9];
	u8 hooks;
	s16 priority;
} tables[XT_TABLE_NR] = {
	[XT_TABLE_RAW] = {"raw", PRE_ROUTING | LOCAL_OUT, NF_IP_PRI_RAW},
	[XT_TABLE_MANGLE] = {"mangle", PRE_ROUTING | LOCAL_IN | FORWARD | LOCAL_OUT | POST_ROUTING,
			     NF_IP_PRI_MANGLE},
	[XT_TABLE_NAT] = {"nat", PRE_ROUTING | LOCAL_IN | LOCAL_OUT | POST_ROUTING, 0},
	[XT_TABLE_FILTER] = {"filter", LOCAL_IN | FORWARD | LOCAL_OUT, NF_IP_PRI_FILTER},
	[XT_TABLE_SECURITY] = {"security", LOCAL_IN | FORWARD | LOCAL_OUT, NF_IP_PRI_SECURITY},
};

static const char chains[NF_INET_NUMHOOKS][12] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT",
						  "POSTROUTING"};

const char *xt_table_name(u32 table)
{
	return tables[table].name;
}

int xt_table_find(const char *name)
{
	for (int i = 0; i < XT_TABLE_NR; i++) {
		if (strcmp(tables[i].name, name) == 0)
			return i;
	}
	return -1;
}

u32 xt_table_hooks(u32 table)
{
	return tables[table].hooks;
}

const char *xt_chain_name(u32 hook)
{
	return chains[hook];
}

u32 xt_tables_used(const struct net *net, u8 used[XT_TABLE_NR])
{
	const struct xt_net *xt = net->xt;

	if (!xt)
		return 0;
	memcpy(used, xt->used, XT_TABLE_NR);
	return xt->nr_used;
}

/* ---- the interpreter ---- */

/* A packet on its way through one table. */
struct walk {
	struct sk_buff *skb;
	u64 addrs;
	u64 in, out; /* the first 8 bytes of the devices' names */
	u8 proto;
	const struct ipt_step *hot; /* whose match wants the packet dropped */
	struct xt_action_param par;
};

static __always_inline u64 name_begin(const struct net_device *dev)
{
	u64 v = 0;

	if (dev)
		__builtin_memcpy(&v, dev->name, sizeof(v));
	return v;
}

/* What stands behind the IP header is not linear, or is nothing of the kind. */
static noinline void look_odd(struct xt_action_param *par, const struct sk_buff *skb)
{
	par->header = par->copy;
	par->avail = par->fragoff ? 0 : min(par->avail, (u32)sizeof(par->copy));
	if (skb_copy_bits(skb, par->thoff, par->copy, par->avail))
		par->avail = 0;
}

static __always_inline void walk_look(struct walk *w)
{
	const struct iphdr *iph = skb_network_header(w->skb);

	__builtin_memcpy(&w->addrs, &iph->saddr, sizeof(w->addrs));
	w->proto = iph->protocol;
	w->par.thoff = ip_hdrlen(iph);
	w->par.fragoff = be16_to_cpu(iph->frag_off) & IP_OFFSET;
	w->par.header = w->skb->data + w->par.thoff;
	w->par.avail = w->skb->len - w->par.thoff;
	if (unlikely(skb_is_nonlinear(w->skb) || w->par.fragoff))
		look_odd(&w->par, w->skb);
}

static bool iface_fits(const char *told, const u64 mask[2], const struct net_device *dev)
{
	static const char none[IFNAMSIZ] = "";
	const char *is = dev ? dev->name : none;
	u64 want[2], name[2];

	__builtin_memcpy(want, told, IFNAMSIZ);
	__builtin_memcpy(name, is, IFNAMSIZ);
	return !(((want[0] ^ name[0]) & mask[0]) | ((want[1] ^ name[1]) & mask[1]));
}

static bool odd_fits(const struct ipt_ip *ip, const struct walk *w)
{
	be32 saddr = (u32)w->addrs, daddr = w->addrs >> 32;

	if (((saddr & ip->smsk) != ip->src) != !!(ip->invert & IPT_INV_SRCIP))
		return false;
	if (((daddr & ip->dmsk) != ip->dst) != !!(ip->invert & IPT_INV_DSTIP))
		return false;
	if (ip->proto && (w->proto != ip->proto) != !!(ip->invert & IPT_INV_PROTO))
		return false;
	return (ip->frag && !w->par.fragoff) == !!(ip->invert & IPT_INV_FRAG);
}

static noinline bool odd_tests_fit(const struct ipt_step *s, const struct walk *w)
{
	const struct ipt_rule *rule = s->rule;
	const struct ipt_ip *ip = &rule->ip;

	if (s->tests & STEP_IFACE) {
		if (iface_fits(ip->iniface, rule->in_mask, w->par.state->in) ==
			    !!(ip->invert & IPT_INV_VIA_IN) ||
		    iface_fits(ip->outiface, rule->out_mask, w->par.state->out) ==
			    !!(ip->invert & IPT_INV_VIA_OUT))
			return false;
	}
	return !(s->tests & STEP_ODD) || odd_fits(ip, w);
}

static __always_inline bool name_fits(const char *told, const u64 mask[2], u64 name)
{
	u64 want;

	__builtin_memcpy(&want, told, sizeof(want));
	return !((want ^ name) & mask[0]);
}

static __always_inline bool tests_fit(const struct ipt_step *s, const struct walk *w)
{
	const struct ipt_rule *rule = s->rule;

	if (s->tests & STEP_IN && !name_fits(rule->ip.iniface, rule->in_mask, w->in))
		return false;
	if (s->tests & STEP_OUT && !name_fits(rule->ip.outiface, rule->out_mask, w->out))
		return false;
	return likely(!(s->tests & (STEP_IFACE | STEP_ODD))) || odd_tests_fit(s, w);
}

static bool matches_fit(const struct ipt_step *s, struct walk *w)
{
	const struct xt_use *m = s->rule->matches, *end = m + s->nr_matches;

	for (; m < end; m++) {
		if (!m->ext->match(w->skb, m->data, &w->par))
			return false;
	}
	return true;
}

/* The next step from s on that fits; the end of the chain always does. NULL: a match wants the packet dropped. */
static __always_inline struct ipt_step *next_fit(struct ipt_step *s, struct walk *w)
{
	for (;; s++) {
		if ((w->addrs & s->mask) != s->addrs || (s->proto && s->proto != w->proto))
			continue;
		if (s->tests && !tests_fit(s, w))
			continue;
		if (!s->nr_matches || matches_fit(s, w))
			return s;
		if (unlikely(w->par.hotdrop)) {
			w->hot = s;
			return NULL;
		}
	}
}

const struct ipt_program_chain *ipt_chain_of(const struct ipt_program *prog, u32 step)
{
	u32 low = 0, high = prog->nr_chains;

	while (high - low > 1) {
		u32 mid = (low + high) / 2;

		*(prog->chains[mid].first <= step ? &low : &high) = mid;
	}
	return &prog->chains[low];
}

/* Where a packet is, in the words of Linux's TRACE: "filter:FORWARD:rule:3"; our own trace has the hook in front. */
static noinline void tell_step(const struct ipt_table *t, const struct ipt_step *s, struct walk *w)
{
	const struct ipt_program *prog = t->program;
	u32 at = s - prog->steps;
	const struct ipt_program_chain *c = ipt_chain_of(prog, at);
	const char *what = s->rule ? "rule" : c->hook >= 0 ? "policy" : "return";
	char text[TRACE_DETAIL];

	size_t hook = scnprintf(text, sizeof(text), "%s:", chains[w->par.state->hook]);

	scnprintf(text + hook, sizeof(text) - hook, "%s:%s:%s:%u", tables[t->id].name, c->name,
		  what, at - c->first + 1);
	if (w->skb->traced)
		trace_note_detail(w->skb, text);
	if (w->skb->hooks_passed & NF_TRACE)
		nf_log_trace(w->skb, w->par.state, text + hook);
}

static __always_inline bool is_told(const struct sk_buff *skb)
{
	return skb->traced || skb->hooks_passed & NF_TRACE;
}

/* A match wants the packet dropped, which Linux's TRACE does not tell. */
static noinline void hotdrop(struct ipt_table *t, struct walk *w)
{
	ipt_count_drop(t, w->hot, w->par.state->hook);
	w->skb->hooks_passed &= (u8)~NF_TRACE;
	if (w->skb->traced)
		tell_step(t, w->hot, w);
}

u32 ipt_do_table(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct ipt_table *t = priv;
	struct ipt_program *prog = t->program;
	struct ipt_step *s = &prog->steps[prog->entry[state->hook]];
	struct walk w;
	u32 stack[IPT_MAX_DEPTH], depth = 0, verdict;

	w.skb = skb;
	w.par.state = state;
	w.par.hotdrop = false;
	w.in = name_begin(state->in);
	w.out = name_begin(state->out);
	walk_look(&w);
	for (;;) {
		struct xt_counters *counters;

		s = next_fit(s, &w);
		if (unlikely(!s)) {
			hotdrop(t, &w);
			return NF_DROP;
		}
		if (s->rule)
			counters = &s->rule->counters;
		else
			counters = &prog->chains[s->jump].counters;
		counters->packets++;
		counters->bytes += skb->len;
		if (unlikely(is_told(skb)))
			tell_step(t, s, &w);
		switch (s->action) {
		case IPT_ACCEPT:
			return NF_ACCEPT;
		case IPT_DROP:
			ipt_count_drop(t, s, state->hook);
			return NF_DROP;
		case IPT_QUEUE:
			return NF_QUEUE_NR(0);
		case IPT_RETURN:
			s = &prog->steps[depth ? stack[--depth] : prog->underflow[state->hook]];
			continue;
		case IPT_JUMP:
			stack[depth++] = s + 1 - prog->steps;
			s = &prog->steps[s->jump];
			continue;
		case IPT_GOTO:
			s = &prog->steps[s->jump];
			continue;
		case IPT_TARGET:
			BUG_ON(!s->rule); /* only policies have none */
			verdict = s->rule->target.ext->target(skb, s->rule->target.data, &w.par);
			if (verdict == XT_CONTINUE) {
				walk_look(&w);
				break;
			}
			if ((verdict & NF_VERDICT_MASK) == NF_DROP)
				ipt_count_drop(t, s, state->hook);
			return verdict;
		}
		s++;
	}
}

/* ---- life ---- */

/* What a packet of ours says may have changed where it goes, as Linux's mangle table looks after it. */
static u32 mangle_out(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct iphdr *iph = skb_network_header(skb);
	be32 saddr = iph->saddr, daddr = iph->daddr;
	u32 mark = skb->mark, verdict;
	u8 tos = iph->tos;

	verdict = ipt_do_table(priv, skb, state);
	if (verdict == NF_DROP || verdict == NF_STOLEN)
		return verdict;
	iph = skb_network_header(skb);
	if (iph->saddr == saddr && iph->daddr == daddr && skb->mark == mark && iph->tos == tos)
		return verdict;
	return ip_route_me_harder(state->net, skb, RTN_UNSPEC) ? NF_DROP : verdict;
}

int ipt_table_attach(struct ipt_table *t)
{
	if (t->id == XT_TABLE_NAT)
		return nf_nat_register_table(t->net, ipt_do_table, t);
	t->nr_ops = 0;
	for (u32 hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
		bool reroutes = t->id == XT_TABLE_MANGLE && hook == NF_INET_LOCAL_OUT;

		if (tables[t->id].hooks & BIT(hook))
			t->ops[t->nr_ops++] =
				(struct nf_hook_ops){reroutes ? mangle_out : ipt_do_table, t,
						     (u8)hook, tables[t->id].priority};
	}
	return nf_register_net_hooks(t->net, t->ops, t->nr_ops);
}

void ipt_table_detach(struct ipt_table *t)
{
	if (t->id == XT_TABLE_NAT)
		nf_nat_unregister_table(t->net);
	else
		nf_unregister_net_hooks(t->net, t->ops, t->nr_ops);
}

static int netfilter_init(struct net *net)
{
	net->xt = NULL;
	return 0;
}

static void netfilter_exit(struct net *net)
{
	struct xt_net *xt = net->xt;

	if (!xt)
		return;
	rcu_run(net); /* old rules give back what they have of this */
	for (u32 i = 0; i < xt->nr_used; i++) {
		struct ipt_table *t = xt->tables[xt->used[i]];

		ipt_table_detach(t);
		ipt_program_free(net, t->program);
		plat_free(t->policy_drops);
		plat_free(t);
	}
	plat_free(xt);
	net->xt = NULL;
}

const struct pernet_operations netfilter_net_ops = {"netfilter", netfilter_init, netfilter_exit};
