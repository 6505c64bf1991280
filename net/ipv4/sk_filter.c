/* SPDX-License-Identifier: MIT */
/* Programs on sockets: the filter of what comes in, and who of a group of SO_REUSEPORT gets a packet. */
#include "net/ipv4/inet_sock.h"

bool sk_filter_run(struct sock *sk, struct sk_buff *skb, u32 cap)
{
	u32 keep = bpf_prog_run(sk->filter, skb);

	if (keep && !pskb_trim(skb, max(keep, cap)))
		return true;
	kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_FILTER);
	return false;
}

bool sk_optmem_allows(const struct sock *sk, const struct bpf_prog *held, u32 size)
{
	u32 most = sk->net->socket->optmem_max;

	return size <= most && size + (held ? bpf_prog_size(held) : 0) < most;
}

static struct sock *member_next(struct sock *sk, struct sock *after)
{
	return sk->prot->group_next ? sk->prot->group_next(sk, after) : NULL;
}

void reuseport_join(struct sock *sk)
{
	struct sock *m = NULL;
	u32 n = 0;

	for (; (m = member_next(sk, m)); n++) {
		if (n)
			continue;
		bpf_prog_put(sk->select); /* the group's counts */
		sk->select = bpf_prog_get(m->select);
	}
	sk->group_place = n < U16_MAX ? n + 1 : 0;
}

void reuseport_leave(struct sock *sk)
{
	struct sock *m = NULL, *last = NULL;

	while ((m = member_next(sk, m)))
		if (!last || m->group_place > last->group_place)
			last = m;
	if (last && last->group_place > sk->group_place)
		last->group_place = sk->group_place;
	sk->group_place = 0;
	bpf_prog_put(sk->select);
	sk->select = NULL;
}

/* In the table of its protocol, or beyond. */
static bool is_hashed(const struct sock *sk)
{
	return sk->type == SOCK_STREAM ? sk->state != TCP_CLOSE : sk->sport != 0;
}

static void select_set(struct sock *sk, struct bpf_prog *prog)
{
	bpf_prog_put(sk->select);
	sk->select = bpf_prog_get(prog);
}

/* prog NULL: none any more. */
static void group_set(struct sock *sk, struct bpf_prog *prog)
{
	struct sock *m = NULL;

	if (!sk->group_place)
		select_set(sk, prog);
	else
		while ((m = member_next(sk, m)))
			select_set(m, prog);
}

int reuseport_attach_prog(struct sock *sk, struct bpf_prog *prog)
{
	if (!sk->group_place && (is_hashed(sk) || !sk->reuseport))
		return -EINVAL;
	group_set(sk, prog);
	return 0;
}

int reuseport_detach_prog(struct sock *sk)
{
	if (!sk->select)
		return sk->reuseport || sk->group_place ? -ENOENT : -EINVAL;
	group_set(sk, NULL);
	return 0;
}

struct sock *reuseport_select(struct sock *sk, struct sk_buff *skb, u32 hlen)
{
	struct sock *m = NULL;
	u32 answer;

	__skb_pull(skb, hlen);
	answer = bpf_prog_run(sk->select, skb);
	skb_push(skb, hlen);
	while ((m = member_next(sk, m)))
		if (m->group_place && m->group_place - 1U == answer)
			return m;
	return sk;
}
