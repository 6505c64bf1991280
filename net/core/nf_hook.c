/* SPDX-License-Identifier: MIT */
/*
 * The hook engine: registered functions in order of priority, and what becomes of their verdicts.
 *
 * The functions of a hook are one array, replaced as a whole when a function comes or goes; the old array
 * lives on until the softirq that may be walking it has ended. Exactly one place frees a packet: the engine on NF_DROP.
 */
#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/core/nf_queue.h"
#include "net/dst.h"

#define NF_MAX_HOOKS 1024 /* functions per hook, as Linux */

struct nf_hook_registry {
	nf_queue_handler handler;
	nf_queue_flusher flush;
	void *priv;
};

/* An array of functions with what delayed freeing needs in front. */
struct hook_array {
	struct rcu_head rcu;
	struct nf_hook_entries entries;
};

static void hook_array_free(struct net *net, struct rcu_head *head)
{
	(void)net;
	plat_free(container_of(head, struct hook_array, rcu));
}

static u32 hook_count(const struct net *net, unsigned int hook)
{
	return net->hooks[hook] ? net->hooks[hook]->num : 0;
}

static struct hook_array *hook_array_alloc(u32 num)
{
	struct hook_array *a = plat_alloc(sizeof(*a) + (size_t)num * sizeof(struct nf_hook_entry));

	if (a)
		a->entries.num = num;
	return a;
}

static void hook_replace(struct net *net, unsigned int hook, struct hook_array *a)
{
	const struct nf_hook_entries *old = net->hooks[hook];

	net->hooks[hook] = a ? &a->entries : NULL;
	if (old) {
		/* cast: the array was made here, const is for those who walk it */
		struct nf_hook_entries *mine = (struct nf_hook_entries *)(uintptr_t)old;

		call_rcu(net, &container_of(mine, struct hook_array, entries)->rcu,
			 hook_array_free);
	}
}

int nf_register_net_hook(struct net *net, const struct nf_hook_ops *ops)
{
	const struct nf_hook_entries *old;
	struct hook_array *a;
	u32 num, at = 0;

	if (ops->hooknum >= NF_INET_NUMHOOKS || !ops->hook)
		return -EINVAL;
	num = hook_count(net, ops->hooknum);
	if (num >= NF_MAX_HOOKS)
		return -E2BIG;
	a = hook_array_alloc(num + 1);
	if (!a)
		return -ENOMEM;
	old = net->hooks[ops->hooknum];
	while (at < num && old->entry[at].ops->priority <= ops->priority)
		at++;
	for (u32 i = 0; i < num; i++)
		a->entries.entry[i < at ? i : i + 1] = old->entry[i];
	a->entries.entry[at] = (struct nf_hook_entry){ops->hook, ops->priv, ops};
	hook_replace(net, ops->hooknum, a);
	return 0;
}

static u32 hook_find(const struct nf_hook_entries *entries, const struct nf_hook_ops *ops)
{
	u32 i = 0;

	while (i < entries->num && entries->entry[i].ops != ops)
		i++;
	return i;
}

/* What a removed function leaves behind when there is no memory for a shorter array. */
static u32 hook_accept(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	(void)priv;
	(void)skb;
	(void)state;
	return NF_ACCEPT;
}

static const struct nf_hook_ops dead_ops = {.hook = hook_accept, .priority = -0x7fffffff};

static void hook_disarm(struct nf_hook_entries *entries, u32 at)
{
	for (; at > 0; at--)
		entries->entry[at] = entries->entry[at - 1];
	entries->entry[0] = (struct nf_hook_entry){hook_accept, NULL, &dead_ops};
}

void nf_unregister_net_hook(struct net *net, const struct nf_hook_ops *ops)
{
	const struct nf_hook_entries *old = net->hooks[ops->hooknum];
	struct hook_array *a = NULL;
	u32 at, num;

	BUG_ON(!old);
	at = hook_find(old, ops);
	num = old->num;
	BUG_ON(at == num);
	if (num > 1) {
		a = hook_array_alloc(num - 1);
		for (u32 i = 0; a && i < num - 1; i++)
			a->entries.entry[i] = old->entry[i < at ? i : i + 1];
	}
	if (num > 1 && !a)
		hook_disarm((struct nf_hook_entries *)(uintptr_t)old, at);
	else
		hook_replace(net, ops->hooknum, a);
	nf_queue_flush(net, ops, NULL);
}

int nf_register_net_hooks(struct net *net, const struct nf_hook_ops *ops, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		int err = nf_register_net_hook(net, &ops[i]);

		if (err) {
			nf_unregister_net_hooks(net, ops, i);
			return err;
		}
	}
	return 0;
}

void nf_unregister_net_hooks(struct net *net, const struct nf_hook_ops *ops, u32 n)
{
	while (n--)
		nf_unregister_net_hook(net, &ops[n]);
}

static int verdict_drop(struct sk_buff *skb, u32 verdict)
{
	u32 reason = verdict >> 16;

	if (!reason || reason >= SKB_DROP_REASON_NR)
		reason = SKB_DROP_REASON_NETFILTER_DROP;
	kfree_skb_reason(skb, reason);
	return -EPERM;
}

/* Gives a packet to the queue handler. True: there is none, and the packet may go on; else it is gone. */
static bool nf_queue(struct sk_buff *skb, const struct nf_hook_state *state,
		     const struct nf_hook_ops *at, u32 verdict)
{
	const struct nf_hook_registry *nf = state->net->nf;
	struct nf_queue_entry *entry = nf->handler ? plat_alloc(sizeof(*entry)) : NULL;
	u16 queuenum = verdict >> 16;
	int err = nf->handler ? -ENOMEM : -ESRCH;

	if (entry) {
		*entry = (struct nf_queue_entry){
			.skb = skb, .state = *state, .at = at, .queuenum = queuenum};
		INIT_LIST_HEAD(&entry->list);
		skb_dst_force(skb);
		err = nf->handler(nf->priv, entry);
		if (!err)
			return false;
		plat_free(entry);
	}
	if (err == NF_QUEUE_PASS || (err == -ESRCH && verdict & NF_QUEUE_BYPASS))
		return true;
	kfree_skb_reason(skb, err == -ESRCH ? SKB_DROP_REASON_NF_QUEUE_NONE
					    : SKB_DROP_REASON_NF_QUEUE_FULL);
	return false;
}

/* What becomes of a packet that a function does not simply let pass: 1: go on, else as run_hooks(). */
static noinline int odd_verdict(struct sk_buff *skb, const struct nf_hook_state *state,
				const struct nf_hook_entry *e, u32 verdict)
{
	while (verdict == NF_REPEAT)
		verdict = e->hook(e->priv, skb, state);
	switch (verdict & NF_VERDICT_MASK) {
	case NF_ACCEPT:
		return 1;
	case NF_DROP:
		return verdict_drop(skb, verdict);
	case NF_QUEUE:
		return nf_queue(skb, state, e->ops, verdict);
	case NF_STOLEN:
		return 0;
	}
	plat_panic("hook %u: function %p returned %#x", state->hook, (const void *)e->ops, verdict);
}

/* Runs the functions from index on; 1: accepted, go on; else the packet is gone, and it is 0 or -EPERM. */
static int run_hooks(struct sk_buff *skb, const struct nf_hook_state *state,
		     const struct nf_hook_entries *entries, u32 index)
{
	const struct nf_hook_entry *e = &entries->entry[index],
				   *end = &entries->entry[entries->num];

	for (; e < end; e++) {
		u32 verdict = e->hook(e->priv, skb, state);
		int ret;

		if (likely(verdict == NF_ACCEPT))
			continue;
		ret = odd_verdict(skb, state, e, verdict);
		if (ret != 1)
			return ret;
	}
	return 1;
}

int nf_hook_slow(unsigned int hook, struct net *net, struct sk_buff *skb, struct net_device *in,
		 struct net_device *out, nf_okfn okfn)
{
	struct nf_hook_state state = {hook, in, out, skb->sk, net, okfn};
	int ret = run_hooks(skb, &state, net->hooks[hook], 0);

	return ret == 1 ? okfn(net, skb) : ret;
}

bool nf_hook(unsigned int hook, struct net *net, struct sk_buff *skb, struct net_device *in,
	     struct net_device *out, nf_okfn okfn)
{
	struct nf_hook_state state = {hook, in, out, skb->sk, net, okfn};

	return run_hooks(skb, &state, net->hooks[hook], 0) == 1;
}

void nf_register_queue_handler(struct net *net, nf_queue_handler fn, nf_queue_flusher flush,
			       void *priv)
{
	if (net->nf->handler && !fn)
		nf_queue_flush(net, NULL, NULL);
	*net->nf = (struct nf_hook_registry){fn, flush, priv};
}

void nf_queue_flush(struct net *net, const struct nf_hook_ops *ops, const struct net_device *dev)
{
	if (net->nf->handler && net->nf->flush)
		net->nf->flush(net->nf->priv, ops, dev);
}

void *nf_queue_priv(const struct net *net)
{
	return net->nf->priv;
}

/* The function that queued it may be gone by now; then so is the packet. */
void nf_reinject(struct nf_queue_entry *entry, u32 verdict)
{
	struct nf_hook_state state = entry->state;
	const struct nf_hook_entries *entries = state.net->hooks[state.hook];
	struct sk_buff *skb = entry->skb;
	u32 at = entries ? hook_find(entries, entry->at) : 0;
	int ret;

	net_stretch_begin(state.net); /* it may have waited long */
	plat_free(entry);
	if (!entries || at == entries->num)
		verdict = NF_DROP_REASON(SKB_DROP_REASON_NF_QUEUE_GONE);
	if ((verdict & NF_VERDICT_MASK) == NF_QUEUE) {
		if (!nf_queue(skb, &state, entries->entry[at].ops, verdict))
			return;
		verdict = NF_ACCEPT;
	}
	if (verdict != NF_ACCEPT && verdict != NF_REPEAT) {
		verdict_drop(skb, verdict);
		return;
	}
	ret = run_hooks(skb, &state, entries, verdict == NF_ACCEPT ? at + 1 : at);
	if (ret == 1)
		state.okfn(state.net, skb);
}

int nf_init(struct net *net)
{
	net->nf = plat_alloc(sizeof(*net->nf));
	if (!net->nf)
		return -ENOMEM;
	memset(net->nf, 0, sizeof(*net->nf));
	return 0;
}

/* Whoever registered has unregistered by now. */
void nf_exit(struct net *net)
{
	nf_queue_flush(net, NULL, NULL);
	for (unsigned int i = 0; i < NF_INET_NUMHOOKS; i++)
		hook_replace(net, i, NULL);
	plat_free(net->nf);
	net->nf = NULL;
}
