/* SPDX-License-Identifier: MIT */
/* UDP's tables of sockets: hashing, lookup, choice of ports. */
#include "net/ipv4/netns_ipv4.h"
#include "net/udp/udp_table.h"
#include "net/wire/udp_hdr.h"

/* Multiply-shift (Dietzfelbinger 1996) with secret multipliers: collisions are no likelier than chance. */
static inline u64 tuple_sum(const struct udp_table *table, u64 addrs, u32 ports)
{
	return table->key[0] + table->key[1] * (u32)addrs + table->key[2] * (addrs >> 32) +
	       table->key[3] * ports;
}

static inline u32 tuple_hash(const struct udp_table *table, u64 addrs, u32 ports)
{
	return tuple_sum(table, addrs, ports) >> (64 - table->bits);
}

static struct hlist_head *port_slot(struct udp_table *table, be16 port)
{
	return &table->port[be16_to_cpu(port) & ((1U << table->bits) - 1)];
}

void udp_table_init(struct udp_table *table)
{
	table->bits = UDP_HASH_BITS;
	table->tuple = table->first;
	table->port = table->first + (1 << UDP_HASH_BITS);
	plat_random(table->key, sizeof(table->key));
}

void udp_table_exit(struct udp_table *table)
{
	if (table->tuple != table->first)
		plat_free(table->tuple);
}

static struct hlist_head *slot_of(struct udp_table *table, struct hlist_node *node, bool by_port)
{
	const struct udp_sock *up;

	if (by_port)
		return port_slot(table, container_of(node, struct udp_sock, port_node)->sk.sport);
	up = container_of(node, struct udp_sock, tuple_node);
	return &table->tuple[tuple_hash(table, up->tuple.addrs, up->tuple.ports)];
}

/* Moves what hangs on head to table, in its order: of equal sockets the last bound comes first. */
static void move_slot(struct udp_table *table, struct hlist_head *head, bool by_port)
{
	struct hlist_head reversed = {NULL};
	struct hlist_node *node;

	while ((node = head->first)) {
		hlist_del(node);
		hlist_add_head(node, &reversed);
	}
	while ((node = reversed.first)) {
		hlist_del(node);
		hlist_add_head(node, slot_of(table, node, by_port));
	}
}

/* Larger tables, if there is memory: without, all goes on, and slower. */
static noinline void table_grow(struct udp_table *table)
{
	struct hlist_head *old = table->tuple, *old_port = table->port;
	u32 n = 1U << table->bits, bits = table->bits + UDP_HASH_GROW;
	size_t size = (2UL << bits) * sizeof(*old);
	struct hlist_head *new = plat_alloc(size);

	if (!new)
		return;
	memset(new, 0, size);
	table->bits = bits;
	table->tuple = new;
	table->port = new + (1UL << bits);
	for (u32 i = 0; i < n; i++) {
		move_slot(table, &old[i], false);
		move_slot(table, &old_port[i], true);
	}
	if (old != table->first)
		plat_free(old);
}

static void grow_if_full(struct udp_table *table)
{
	u32 n = table->nr[UDP_ANY] + table->nr[UDP_BOUND] + table->nr[UDP_CONNECTED];

	if (unlikely(n > 2U << table->bits && table->bits < UDP_HASH_BITS_MAX))
		table_grow(table);
}

static void tuple_add(struct udp_table *table, struct udp_sock *up)
{
	const struct sock *sk = &up->sk;

	up->tuple = udp_tuple(sk->rcv_saddr, sk->sport, sk->daddr, sk->dport, sk->bound_dev_if);
	up->kind = sk->daddr || sk->dport ? UDP_CONNECTED : sk->rcv_saddr ? UDP_BOUND : UDP_ANY;
	table->nr[up->kind]++;
	net_ipv4(sk->net)->demux_socks += up->kind == UDP_CONNECTED;
	if (sk->reuseport)
		reuseport_join(&up->sk);
	hlist_add_head(&up->tuple_node,
		       &table->tuple[tuple_hash(table, up->tuple.addrs, up->tuple.ports)]);
}

static void tuple_del(struct udp_table *table, struct udp_sock *up)
{
	hlist_del(&up->tuple_node);
	if (up->sk.group_place)
		reuseport_leave(&up->sk);
	table->nr[up->kind]--;
	net_ipv4(up->sk.net)->demux_socks -= up->kind == UDP_CONNECTED;
	if (up->rx_rt)
		dst_release(&up->rx_rt->dst);
	up->rx_rt = NULL;
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

struct sock *udp_group_next(struct sock *sk, struct sock *after)
{
	const struct udp_tuple *t = &udp_sk(sk)->tuple;
	struct udp_table *table = sk->net->udp;
	struct hlist_node *node = after ? udp_sk(after)->tuple_node.next
					: table->tuple[tuple_hash(table, t->addrs, t->ports)].first;

	for (; node; node = node->next) {
		struct udp_sock *up = container_of(node, struct udp_sock, tuple_node);

		if (up->tuple.addrs == t->addrs && up->tuple.ports == t->ports &&
		    up->tuple.iif == t->iif && up->sk.reuseport)
			return &up->sk;
	}
	return NULL;
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
	u32 first, n = inet_local_ports(sk, &first), i, start;

	plat_random(&start, sizeof(start));
	for (i = 0; i < n; i++) {
		be16 port = cpu_to_be16(first + (start + i) % n);

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
	grow_if_full(table);
	hlist_add_head(&up->port_node, port_slot(table, port));
	tuple_add(table, up);
	return 0;
}

/* The first socket from node on with these ends that takes packets from device iif. */
static inline struct udp_sock *tuple_match(struct hlist_node *node, u64 addrs, u32 ports, u32 iif)
{
	for (; node; node = node->next) {
		struct udp_sock *up = container_of(node, struct udp_sock, tuple_node);

		if (likely(up->tuple.addrs == addrs && up->tuple.ports == ports &&
			   (!up->tuple.iif || up->tuple.iif == iif)))
			return up;
	}
	return NULL;
}

/* Of several sockets with the same ends: one bound to the device before others; of a reuseport group, one by the flow. */
static struct udp_sock *tuple_choose(struct udp_sock *best, u32 flow, u32 iif, struct sk_buff *skb)
{
	u64 addrs = best->tuple.addrs;
	u32 ports = best->tuple.ports, group = 1;
	struct udp_sock *up = best;

	while ((up = tuple_match(up->tuple_node.next, addrs, ports, iif))) {
		if (up->tuple.iif && !best->tuple.iif) {
			best = up;
			group = 1;
		} else if (best->sk.reuseport && up->sk.reuseport &&
			   best->tuple.iif == up->tuple.iif) {
			if (reuseport_nth_takes(flow, ++group))
				best = up;
		}
	}
	if (skb && best->sk.select)
		return udp_sk(reuseport_select(&best->sk, skb, UDP_HLEN));
	return best;
}

/* The socket with exactly these ends for a packet of tuple t. */
static inline struct udp_sock *tuple_find(struct udp_table *table, u64 addrs, u32 ports,
					  struct udp_tuple t, struct sk_buff *skb)
{
	struct hlist_node *node = table->tuple[tuple_hash(table, addrs, ports)].first;
	struct udp_sock *up = tuple_match(node, addrs, ports, t.iif);

	if (likely(!up || !up->tuple_node.next))
		return up;
	return tuple_choose(up, tuple_sum(table, t.addrs, t.ports) >> 32, t.iif, skb);
}

struct udp_sock *udp_lookup_connected(struct net *net, struct udp_tuple t)
{
	return tuple_find(net->udp, t.addrs, t.ports, t, NULL);
}

struct sock *udp_lookup(struct net *net, struct udp_tuple t, struct sk_buff *skb)
{
	struct udp_table *table = net->udp;
	struct udp_sock *up = NULL;

	if (table->nr[UDP_CONNECTED])
		up = tuple_find(table, t.addrs, t.ports, t, skb);
	if (!up && table->nr[UDP_BOUND])
		up = tuple_find(table, (u32)t.addrs, (u16)t.ports, t, skb);
	if (likely(!up))
		up = tuple_find(table, 0, (u16)t.ports, t, skb);
	return (struct sock *)up;
}

/* Whether a packet to many is for a socket, too: what the socket fixes must be the packet's. */
static bool mcast_matches(const struct udp_tuple *s, const struct udp_tuple *t)
{
	return (u16)s->ports == (u16)t->ports &&
	       (!(s->ports >> 16) || s->ports >> 16 == t->ports >> 16) &&
	       (!(u32)s->addrs || (u32)s->addrs == (u32)t->addrs) &&
	       (!(s->addrs >> 32) || s->addrs >> 32 == t->addrs >> 32) &&
	       (!s->iif || s->iif == t->iif);
}

struct sock *udp_mcast_next(struct net *net, struct udp_tuple t, struct sock *after)
{
	struct hlist_node *node =
		after ? udp_sk(after)->port_node.next : port_slot(net->udp, (u16)t.ports)->first;

	for (; node; node = node->next) {
		struct udp_sock *up = container_of(node, struct udp_sock, port_node);

		if (mcast_matches(&up->tuple, &t) &&
		    ip_mc_sf_allow(&up->sk, (u32)t.addrs, t.addrs >> 32, t.iif))
			return &up->sk;
	}
	return NULL;
}
