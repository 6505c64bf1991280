/* SPDX-License-Identifier: MIT */
/*
 * Programs of classic BPF that look at packets (net/sock_filter.h).
 *
 * The checker admits what Linux admits, but for three loads that ask for what is not here (netlink attributes, the queue):
 * 1 to 4,096 known instructions, the last one a return; jumps go forwards and stay inside; scratch memory is read only where
 * every way has written it; no division by a constant 0. What it has admitted ends after at most that many steps, and
 * reads nothing but the packet: a load that is not within it, or a division by an X of 0, ends the program with 0.
 *
 * Context: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "lib/types.h"
#include "net/sock_filter.h"

struct sk_buff;

struct bpf_prog {
	u32 users;
	u32 len;
	struct sock_filter insns[]; /* as it was given */
};

/* A checked copy of len instructions with one user. 0; -EINVAL: not a program; -ENOMEM. */
int bpf_prog_create(const struct sock_filter *insns, u32 len, struct bpf_prog **out);

/* One user more, one fewer: the last one frees it. NULL is fine. */
struct bpf_prog *bpf_prog_get(struct bpf_prog *prog);
void bpf_prog_put(struct bpf_prog *prog);

/* The bytes that it holds. */
static inline u32 bpf_prog_size(const struct bpf_prog *prog)
{
	return sizeof(*prog) + prog->len * sizeof(prog->insns[0]);
}

/* What it answers about skb, from skb->data on: of a filter how many bytes to keep. network_header is set. */
u32 bpf_prog_run(const struct bpf_prog *prog, const struct sk_buff *skb);
