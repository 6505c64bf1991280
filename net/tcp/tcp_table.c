/* SPDX-License-Identifier: MIT */
/* Where TCP's ends are found: by both ends (SipHash, grows with use), and by local port (bind, listen). */
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_sock.h"

#define HASH_SIZE_MIN 256
#define HASH_SIZE_MAX (1U << 19) /* the largest block that plat_alloc() has */
#define BIND_SIZE     2048

static struct hlist_head *heads_new(u32 n)
{
	struct hlist_head *heads = plat_alloc(n * sizeof(*heads));

	if (heads)
		memset(heads, 0, n * sizeof(*heads));
	return heads;
}

int tcp_table_ready(struct net *net)
{
	struct tcp_table *t = tcp_table(net);

	if (likely(t->bucket_cache))
		return 0;
	t->hash_size = HASH_SIZE_MIN;
	t->hash = t->hash ? t->hash : heads_new(HASH_SIZE_MIN);
	t->bind = t->bind ? t->bind : heads_new(BIND_SIZE);
	t->request_cache = t->request_cache
				   ? t->request_cache
				   : plat_cache_create("tcp_request", sizeof(struct tcp_request));
	t->sock_cache = t->sock_cache ? t->sock_cache
				      : plat_cache_create("tcp_sock", sizeof(struct tcp_sock));
	t->timewait_cache =
		t->timewait_cache ? t->timewait_cache
				  : plat_cache_create("tcp_timewait", sizeof(struct tcp_timewait));
	if (!t->hash || !t->bind || !t->sock_cache || !t->request_cache || !t->timewait_cache)
		return -ENOMEM;
	plat_random(&t->key, sizeof(t->key));
	plat_random(&t->hash_key, sizeof(t->hash_key));
	for (size_t i = 0; i < ARRAY_SIZE(t->listeners); i++)
		INIT_LIST_HEAD(&t->listeners[i]);
	INIT_LIST_HEAD(&t->timewaits);
	t->bucket_cache = plat_cache_create("tcp_bind_bucket", sizeof(struct tcp_bind_bucket));
	return t->bucket_cache ? 0 : -ENOMEM;
}

void tcp_table_free(struct net *net)
{
	struct tcp_table *t = tcp_table(net);

	plat_free(t->hash);
	plat_free(t->bind);
	if (t->sock_cache)
		plat_cache_destroy(t->sock_cache);
	if (t->request_cache)
		plat_cache_destroy(t->request_cache);
	if (t->timewait_cache)
		plat_cache_destroy(t->timewait_cache);
	if (t->bucket_cache)
		plat_cache_destroy(t->bucket_cache);
}

struct sock *tcp_sock_alloc(struct net *net)
{
	return tcp_table_ready(net) ? NULL : plat_cache_alloc(tcp_table(net)->sock_cache);
}

void tcp_sock_free(struct sock *sk)
{
	plat_cache_free(tcp_table(sk->net)->sock_cache, sk);
}

static struct hlist_head *slot(const struct tcp_table *t, u64 addrs, u32 ports)
{
	return &t->hash[keyed_hash_2u64(addrs, ports, &t->hash_key) & (t->hash_size - 1)];
}

static void grow(struct tcp_table *t)
{
	struct hlist_head *old = t->hash, *new = heads_new(t->hash_size * 2);
	u32 n = t->hash_size;

	if (!new)
		return; /* slower, not wrong */
	t->hash = new;
	t->hash_size *= 2;
	while (n--)
		while (old[n].first) {
			struct tcp_end *end = container_of(old[n].first, struct tcp_end, node);

			hlist_del(&end->node);
			hlist_add_head(&end->node, slot(t, end->addrs, end->ports));
		}
	plat_free(old);
}

void tcp_end_set(struct tcp_end *end, u8 kind, be32 laddr, be16 lport, be32 faddr, be16 fport)
{
	end->kind = kind;
	end->addrs = laddr | (u64)faddr << 32;
	end->ports = lport | (u32)fport << 16;
}

void tcp_hash_add(struct net *net, struct tcp_end *end)
{
	struct tcp_table *t = tcp_table(net);

	if (++t->nr >= t->hash_size && t->hash_size < HASH_SIZE_MAX &&
	    !(t->nr & (t->hash_size / 4 - 1))) /* no memory: not each time again */
		grow(t);
	hlist_add_head(&end->node, slot(t, end->addrs, end->ports));
}

void tcp_hash_del(struct net *net, struct tcp_end *end)
{
	if (!hlist_hashed(&end->node))
		return;
	hlist_del(&end->node);
	tcp_table(net)->nr--;
}

struct tcp_end *tcp_lookup(struct net *net, be32 laddr, be16 lport, be32 faddr, be16 fport)
{
	const struct tcp_table *t = tcp_table(net);
	u64 addrs = laddr | (u64)faddr << 32;
	u32 ports = lport | (u32)fport << 16;
	struct tcp_end *end;

	if (unlikely(!t->nr))
		return NULL;
	hlist_for_each_entry (end, slot(t, addrs, ports), node)
		if (end->addrs == addrs && end->ports == ports)
			return end;
	return NULL;
}

/* ---- local ports ---- */

static struct hlist_head *bind_slot(const struct tcp_table *t, be16 port)
{
	return &t->bind[be16_to_cpu(port) & (BIND_SIZE - 1)];
}

static struct tcp_bind_bucket *bucket_find(const struct tcp_table *t, be16 port)
{
	struct tcp_bind_bucket *tb;

	hlist_for_each_entry (tb, bind_slot(t, port), node)
		if (tb->port == port)
			return tb;
	return NULL;
}

static struct tcp_bind_bucket *bucket_new(struct tcp_table *t, be16 port)
{
	struct tcp_bind_bucket *tb = plat_cache_alloc(t->bucket_cache);

	if (!tb)
		return NULL;
	*tb = (struct tcp_bind_bucket){.port = port};
	hlist_add_head(&tb->node, bind_slot(t, port));
	return tb;
}

static void bucket_own(struct tcp_bind_bucket *tb, struct tcp_end *end)
{
	end->tb = tb;
	hlist_add_head(&end->bind_node, &tb->owners);
}

void tcp_bind_share(struct tcp_end *end, const struct tcp_end *from)
{
	if (from->tb)
		bucket_own(from->tb, end);
}

void tcp_bind_drop(struct net *net, struct tcp_end *end)
{
	struct tcp_bind_bucket *tb = end->tb;

	if (!tb)
		return;
	hlist_del(&end->bind_node);
	end->tb = NULL;
	if (tb->owners.first)
		return;
	hlist_del(&tb->node);
	plat_cache_free(tcp_table(net)->bucket_cache, tb);
}

/* Two that both say so may share a port, as long as the other does not listen. */
static bool may_share(const struct sock *sk, const struct sock *other)
{
	return (sk->reuse && other->reuse && other->state != TCP_LISTEN) ||
	       (sk->reuseport && other->reuseport);
}

/* Both could be for the same packet. */
static bool ends_overlap(const struct sock *sk, const struct tcp_end *end, be32 addr)
{
	const struct sock *other;
	be32 laddr = (u32)end->addrs;

	if (end->kind != TCP_END_SOCK)
		return !laddr || !addr || laddr == addr;
	other = &container_of(end, struct tcp_sock, end)->sk;
	if (other == sk ||
	    (other->bound_dev_if && sk->bound_dev_if && other->bound_dev_if != sk->bound_dev_if))
		return false;
	return !other->rcv_saddr || !addr || other->rcv_saddr == addr;
}

static bool end_conflicts(const struct sock *sk, const struct tcp_end *end, be32 addr)
{
	if (!ends_overlap(sk, end, addr))
		return false;
	if (end->kind != TCP_END_SOCK)
		return !(sk->reuse && end->reuse) && !(sk->reuseport && end->reuseport);
	return !may_share(sk, &container_of(end, struct tcp_sock, end)->sk);
}

/* A port that is chosen is shared with nobody who could get its packets, whatever both may say. */
static bool bind_overlap(const struct sock *sk, const struct tcp_bind_bucket *tb, be32 addr)
{
	struct tcp_end *end;

	hlist_for_each_entry (end, &tb->owners, bind_node)
		if (ends_overlap(sk, end, addr))
			return true;
	return false;
}

bool tcp_bind_conflict(struct sock *sk, const struct tcp_bind_bucket *tb, be32 addr)
{
	struct tcp_end *end;

	hlist_for_each_entry (end, &tb->owners, bind_node)
		if (end_conflicts(sk, end, addr))
			return true;
	return false;
}

/* Local ports that may be chosen, from a random one on (RFC 6056 s3.3.1). */
struct port_choice {
	u32 first, n, start;
};

static struct port_choice port_choice(const struct sock *sk)
{
	struct port_choice c;

	c.n = inet_local_ports(sk, &c.first);
	plat_random(&c.start, sizeof(c.start));
	c.start %= c.n;
	return c;
}

static be16 port_nth(const struct port_choice *c, u32 i)
{
	return cpu_to_be16(c->first + (c->start + i) % c->n);
}

bool tcp_has_port(struct sock *sk)
{
	return tcp_sk(sk)->end.tb != NULL;
}

static int bind_to(struct sock *sk, be32 addr, be16 port, struct tcp_bind_bucket *tb)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (!tb)
		tb = bucket_new(tcp_table(sk->net), port);
	if (!tb)
		return -ENOMEM;
	tb->by_connect = false;
	bucket_own(tb, &tp->end);
	sk->sport = port;
	sk->rcv_saddr = addr;
	tcp_end_set(&tp->end, TCP_END_SOCK, addr, port, 0, 0);
	return 0;
}

int tcp_get_port(struct sock *sk, be32 addr, be16 port)
{
	struct tcp_table *t = tcp_table(sk->net);
	struct tcp_bind_bucket *tb;
	struct port_choice c;

	if (port) {
		tb = bucket_find(t, port);
		if (tb && tcp_bind_conflict(sk, tb, addr))
			return -EADDRINUSE;
		return bind_to(sk, addr, port, tb);
	}
	c = port_choice(sk);
	for (u32 i = 0; i < c.n; i++) {
		tb = bucket_find(t, port_nth(&c, i));
		if (!tb || !bind_overlap(sk, tb, addr))
			return bind_to(sk, addr, port_nth(&c, i), tb);
	}
	return -EADDRINUSE;
}

/* The other ends being what they are, nothing else may have this local port. */
static bool ends_are_free(struct sock *sk, be16 port)
{
	struct tcp_end *end = tcp_lookup(sk->net, sk->rcv_saddr, port, sk->daddr, sk->dport);

	if (!end)
		return true;
	return end->kind == TCP_END_TIMEWAIT &&
	       tcp_timewait_reuse(container_of(end, struct tcp_timewait, end), tcp_sk(sk));
}

int tcp_hash_connect(struct sock *sk)
{
	struct tcp_table *t = tcp_table(sk->net);
	struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_bind_bucket *tb;
	struct port_choice c;

	if (sk->sport && !ends_are_free(sk, sk->sport))
		return -EADDRNOTAVAIL;
	c = port_choice(sk);
	for (u32 i = 0; !sk->sport && i < c.n; i++) {
		be16 port = port_nth(&c, i);

		tb = bucket_find(t, port);
		if ((tb && !tb->by_connect) || !ends_are_free(sk, port))
			continue;
		tb = bucket_find(t, port); /* a TIME-WAIT's may have gone */
		if (!tb) {
			tb = bucket_new(t, port);
			if (!tb)
				return -ENOMEM;
			tb->by_connect = true;
		}
		bucket_own(tb, &tp->end);
		sk->sport = port;
	}
	if (!sk->sport)
		return -EADDRNOTAVAIL;
	tcp_end_set(&tp->end, TCP_END_SOCK, sk->rcv_saddr, sk->sport, sk->daddr, sk->dport);
	tcp_hash_add(sk->net, &tp->end);
	return 0;
}

/* Its ends hardly change in another way than through connect(): only the device it is bound to. */
void tcp_rehash(struct sock *sk __unused)
{
}

/* The more a listener says, the better it fits. */
static int listener_score(const struct sock *sk, const struct tcp_seg *seg)
{
	if (sk->sport != seg->dport || (sk->rcv_saddr && sk->rcv_saddr != seg->daddr) ||
	    (sk->bound_dev_if && sk->bound_dev_if != seg->iif))
		return 0;
	return 1 + (sk->rcv_saddr != 0) + 2 * (sk->bound_dev_if != 0);
}

struct sock *tcp_group_next(struct sock *sk, struct sock *after)
{
	struct list_head *slot = tcp_listen_slot(sk->net, sk->sport);
	struct list_head *at = after ? tcp_sk(after)->accept_node.next : slot->next;

	for (; at != slot; at = at->next) {
		struct sock *m = &container_of(at, struct tcp_sock, accept_node)->sk;

		if (m->sport == sk->sport && m->rcv_saddr == sk->rcv_saddr &&
		    m->bound_dev_if == sk->bound_dev_if && m->reuseport)
			return m;
	}
	return NULL;
}

struct tcp_sock *tcp_lookup_listener(struct net *net, const struct tcp_seg *seg,
				     struct sk_buff *skb)
{
	const struct tcp_table *t = tcp_table(net);
	struct tcp_sock *best = NULL, *tp;
	int best_score = 0;
	u32 group = 0, flow = 0;

	if (!t->nr_listeners)
		return NULL;
	list_for_each_entry (tp, tcp_listen_slot(net, seg->dport), accept_node) {
		int score = listener_score(&tp->sk, seg);

		if (score > best_score) {
			best = tp;
			best_score = score;
			group = 1;
		} else if (score && score == best_score && tp->sk.reuseport && best->sk.reuseport) {
			if (++group == 2)
				flow = siphash13_2u64(seg->saddr, seg->sport, &t->key);
			if (reuseport_nth_takes(flow, group))
				best = tp;
		}
	}
	if (group > 1 && unlikely(best->sk.select))
		return tcp_sk(reuseport_select(&best->sk, skb, tcp_hdrlen(seg->th)));
	return best;
}
