/* SPDX-License-Identifier: MIT */
/* UDP's tables of sockets: hashing, lookup, choice of ports. */
#include "net/udp/udp_table.h"

#define PORT_MASK ((1 << UDP_HASH_BITS) - 1)

/* Multiply-shift (Dietzfelbinger 1996) with secret multipliers: collisions are no likelier than chance. */
static u32 tuple_hash(const struct udp_table *table, be32 laddr, be16 lport, be32 faddr, be16 fport)
{
	u64 h = table->key[0] + table->key[1] * laddr + table->key[2] * faddr +
		table->key[3] * ((u32)lport << 16 | fport);

	return h >> (64 - UDP_HASH_BITS);
}

static struct hlist_head *port_slot(struct udp_table *table, be16 port)
{
	return &table->port[be16_to_cpu(port) & PORT_MASK];
}

static void tuple_add(struct udp_table *table, struct udp_sock *up)
{
	const struct sock *sk = &up->sk;
	u32 slot = tuple_hash(table, sk->rcv_saddr, sk->sport, sk->daddr, sk->dport);

	up->kind = sk->daddr || sk->dport ? UDP_CONNECTED : sk->rcv_saddr ? UDP_BOUND : UDP_ANY;
	table->nr[up->kind]++;
	hlist_add_head(&up->tuple_node, &table->tuple[slot]);
}

static void tuple_del(struct udp_table *table, struct udp_sock *up)
{
	hlist_del(&up->tuple_node);
	table->nr[up->kind]--;
}

void udp_unhash(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);

	if (!hlist_hashed(&up->port_node))
		return;
	hlist_del(&up->port_node);
	tuple_del(sk->net->udp, up);
}

void udp_rehash(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);

	if (!hlist_hashed(&up->port_node))
		return;
	tuple_del(sk->net->udp, up);
	if (!sk->sport) { /* disconnected, and bind() had chosen no port */
		hlist_del(&up->port_node);
		return;
	}
	tuple_add(sk->net->udp, up);
}

static bool same_device_possible(const struct sock *a, const struct sock *b)
{
	return !a->bound_dev_if || !b->bound_dev_if || a->bound_dev_if == b->bound_dev_if;
}

static bool port_in_use(struct sock *sk, be32 addr, be16 port)
{
	struct udp_sock *up;

	hlist_for_each_entry (up, port_slot(sk->net->udp, port), port_node) {
		const struct sock *other = &up->sk;

		if (other == sk || other->sport != port || !same_device_possible(sk, other))
			continue;
		if (other->rcv_saddr && addr && other->rcv_saddr != addr)
			continue;
		if (other->reuse && sk->reuse)
			continue;
		if (other->reuseport && sk->reuseport)
			continue;
		return true;
	}
	return false;
}

/* Any free port of the range, starting at a random one (RFC 6056 s3.3.1). */
static be16 choose_port(struct sock *sk, be32 addr)
{
	const int *range = sk->net->socket->port_range;
	u32 n = range[1] - range[0] + 1, i, start;

	plat_random(&start, sizeof(start));
	for (i = 0; i < n; i++) {
		be16 port = cpu_to_be16(range[0] + (start + i) % n);

		if (!port_in_use(sk, addr, port))
			return port;
	}
	return 0;
}

int udp_get_port(struct sock *sk, be32 addr, be16 port)
{
	struct udp_table *table = sk->net->udp;
	struct udp_sock *up = udp_sk(sk);

	if (!port) {
		port = choose_port(sk, addr);
		if (!port)
			return -EADDRINUSE;
	} else if (port_in_use(sk, addr, port)) {
		return -EADDRINUSE;
	}
	udp_unhash(sk);
	sk->sport = port;
	sk->rcv_saddr = addr;
	hlist_add_head(&up->port_node, port_slot(table, port));
	tuple_add(table, up);
	return 0;
}

/* Of several sockets with the same ends: one bound to the device before others; of a reuseport group, one by the flow. */
static struct sock *tuple_choose(struct sock *best, struct sock *sk, u32 flow, u32 *group)
{
	if (sk->bound_dev_if && !best->bound_dev_if) {
		*group = 1;
		return sk;
	}
	if (!best->reuseport || !sk->reuseport || best->bound_dev_if != sk->bound_dev_if)
		return best;
	/* The n-th of a group takes one n-th of the flows from those before it. */
	++*group;
	return flow * 2654435761U % *group ? best : sk;
}

/* The socket with exactly these ends. */
static inline struct sock *tuple_find(struct udp_table *table, const struct udp_tuple *t,
				      be32 laddr, be32 faddr, be16 fport)
{
	u32 slot = tuple_hash(table, laddr, t->lport, faddr, fport), group = 1;
	struct sock *best = NULL;
	struct udp_sock *up;

	hlist_for_each_entry (up, &table->tuple[slot], tuple_node) {
		struct sock *sk = &up->sk;

		if (unlikely(sk->sport != t->lport || sk->rcv_saddr != laddr ||
			     sk->daddr != faddr || sk->dport != fport))
			continue;
		if (unlikely(sk->bound_dev_if && sk->bound_dev_if != t->iif))
			continue;
		best = likely(!best) ? sk
				     : tuple_choose(best, sk,
						    tuple_hash(table, t->laddr, t->lport, t->faddr,
							       t->fport),
						    &group);
	}
	return best;
}

struct sock *udp_lookup(struct net *net, const struct udp_tuple *t)
{
	struct udp_table *table = net->udp;
	struct sock *sk;

	if (table->nr[UDP_CONNECTED]) {
		sk = tuple_find(table, t, t->laddr, t->faddr, t->fport);
		if (sk)
			return sk;
	}
	if (table->nr[UDP_BOUND]) {
		sk = tuple_find(table, t, t->laddr, 0, 0);
		if (sk)
			return sk;
	}
	return tuple_find(table, t, 0, 0, 0);
}

struct sock *udp_mcast_next(struct net *net, const struct udp_tuple *t, struct sock *after)
{
	struct hlist_node *node =
		after ? udp_sk(after)->port_node.next : port_slot(net->udp, t->lport)->first;

	for (; node; node = node->next) {
		struct sock *sk = &container_of(node, struct udp_sock, port_node)->sk;

		if (sk->sport != t->lport || (sk->rcv_saddr && sk->rcv_saddr != t->laddr) ||
		    (sk->daddr && sk->daddr != t->faddr) || (sk->dport && sk->dport != t->fport) ||
		    (sk->bound_dev_if && sk->bound_dev_if != t->iif))
			continue;
		return sk;
	}
	return NULL;
}
