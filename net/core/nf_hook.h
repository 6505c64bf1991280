/* SPDX-License-Identifier: MIT */
/*
 * The call sites' side of the hooks. A hook with no registered function costs one load and one bit set in the
 * skb; with functions, they run in the order of their priorities.
 */
#pragma once

#include "net/core/net_namespace.h"

/* One function of a hook, copied from its nf_hook_ops. */
struct nf_hook_entry {
	nf_hookfn hook;
	void *priv;
	const struct nf_hook_ops *ops;
};

/* All functions of a hook, in order; replaced as a whole. */
struct nf_hook_entries {
	u32 num;
	struct nf_hook_entry entry[];
};

/* Runs a hook's functions; okfn gets the packet if it may go on. As NF_HOOK(). */
int nf_hook_slow(unsigned int hook, struct net *net, struct sk_buff *skb, struct net_device *in,
		 struct net_device *out, nf_okfn okfn);

/*
 * Passes skb by a hook; okfn gets it if it may go on, at once or later. Consumes. Returns okfn's value, 0 (stolen,
 * queued) or -EPERM (dropped).
 */
static __always_inline int NF_HOOK(unsigned int hook, struct net *net, struct sk_buff *skb,
				   struct net_device *in, struct net_device *out, nf_okfn okfn)
{
	skb->hooks_passed |= 1U << hook;
	if (unlikely(net->hooks[hook]))
		return nf_hook_slow(hook, net, skb, in, out, okfn);
	return okfn(net, skb);
}

/* Runs the functions of a hook that has some. True: skb may go on at once; else okfn may get it later. */
bool nf_hook(unsigned int hook, struct net *net, struct sk_buff *skb, struct net_device *in,
	     struct net_device *out, nf_okfn okfn);

/* A bit of hooks_passed beyond the hooks': rules tell the log of this packet (-j TRACE). */
#define NF_TRACE 0x80
/* Another: made by a rule, not for a socket (REJECT's resets). */
#define NF_OF_RULE 0x40

/* What must be set of hooks_passed at a socket, and where an IP packet leaves. */
#define NF_PASSED(hook) (1U << NF_INET_##hook)
#define NF_PASSED_IN    (NF_PASSED(PRE_ROUTING) | NF_PASSED(LOCAL_IN))

static inline void nf_assert_passed_in(const struct sk_buff *skb)
{
	BUG_ON((skb->hooks_passed & NF_PASSED_IN) != NF_PASSED_IN);
}

static inline void nf_assert_passed_out(const struct sk_buff *skb)
{
	const u8 fwd = NF_PASSED(PRE_ROUTING) | NF_PASSED(FORWARD) | NF_PASSED(POST_ROUTING);
	const u8 out = NF_PASSED(LOCAL_OUT) | NF_PASSED(POST_ROUTING);

	BUG_ON((skb->hooks_passed & fwd) != fwd && (skb->hooks_passed & out) != out);
}
