/* SPDX-License-Identifier: MIT */
/*
 * Packets that wait for a program's verdict: see net/nfnetlink_queue.h.
 *
 * A packet is on two lists of its queue (in the order of coming, and by the low bits of its id) and, until it is received,
 * on one of its listener. All is made at the first nfqnl_open() and gone after the last nfqnl_close().
 *
 * Source: the behaviour of Linux's nfnetlink_queue.
 */
#include "net/nfnetlink_queue.h"

#include "lib/errno.h"
#include "net/core/nf_hook.h"
#include "net/core/nf_queue.h"
#include "net/dst.h"
#include "net/netfilter/xt_packet.h"
#include "net/sockopt.h"

#define QUEUE_BUCKETS 16
#define ID_BUCKETS    64
#define COPY_MAX      65531 /* what an attribute of netlink holds */

struct nfqnl_queue {
	struct list_head list; /* in its bucket */
	struct nfqnl_listener *listener;
	struct nfqnl_state s;
	u32 maxlen, flags;
	struct list_head waiting;
	struct list_head by_id[ID_BUCKETS];
};

/* All of a struct net. */
struct nfqnl_net {
	u32 listeners, queues;
	struct list_head bucket[QUEUE_BUCKETS];
};

struct nfqnl_listener {
	struct net *net;
	u32 portid;
	struct list_head unread, waiters;
	struct plat_wait wait;
};

static struct nfqnl_queue *queue_find(const struct nfqnl_net *n, u16 num)
{
	struct nfqnl_queue *q;

	list_for_each_entry (q, &n->bucket[num % QUEUE_BUCKETS], list) {
		if (q->s.num == num)
			return q;
	}
	return NULL;
}

/* ---- packets come ---- */

static void listener_wake(struct nfqnl_listener *l)
{
	struct sock_waiter *w;

	plat_wake(&l->wait);
	list_for_each_entry (w, &l->waiters, list)
		w->wake(w, POLLIN | POLLRDNORM);
}

static int enqueue_one(struct nfqnl_queue *q, struct nf_queue_entry *e)
{
	const struct iphdr *iph;

	if (q->s.total >= q->maxlen) {
		if (q->flags & NFQA_CFG_F_FAIL_OPEN)
			return NF_QUEUE_PASS;
		q->s.dropped++;
		return -ENOSPC;
	}
	if (q->s.copy_mode == NFQNL_COPY_PACKET && skb_checksum_help(e->skb)) {
		q->s.user_dropped++;
		return -ENOMEM;
	}
	iph = xt_ip_hdr(e->skb);
	e->was = (struct nf_queue_route){iph->saddr, iph->daddr, e->skb->mark, iph->tos};
	e->id = ++q->s.id_sequence;
	e->handler_priv = q;
	list_add_tail(&e->list, &q->waiting);
	list_add_tail(&e->by_id, &q->by_id[e->id % ID_BUCKETS]);
	list_add_tail(&e->unread, &q->listener->unread);
	q->s.total++;
	listener_wake(q->listener);
	return 0;
}

/* One of several segments, with an entry of its own; what becomes of it is no longer its caller's affair. */
static void enqueue_segment(struct nfqnl_queue *q, const struct nf_queue_entry *like,
			    struct sk_buff *seg)
{
	struct nf_queue_entry *e = plat_alloc(sizeof(*e));
	int err = -ENOMEM;

	seg->next = NULL;
	if (e) {
		*e = *like;
		e->skb = seg;
		skb_dst_force(seg);
		err = enqueue_one(q, e);
		if (err == NF_QUEUE_PASS)
			nf_reinject(e, NF_ACCEPT);
		else if (err)
			plat_free(e);
	}
	if (err < 0)
		kfree_skb_reason(seg, SKB_DROP_REASON_NF_QUEUE_FULL);
}

/* A program sees packets as they are on the wire. The connection, if it is new, belongs to the first. */
static int enqueue_segments(struct nfqnl_queue *q, struct nf_queue_entry *e)
{
	u64 owner = e->skb->nfct & SKB_NFCT_OWNER;
	struct sk_buff *seg, *next;

	e->skb->nfct &= ~owner;
	if (skb_gso_segment(e->skb, &seg)) {
		e->skb->nfct |= owner;
		q->s.user_dropped++;
		return -ENOMEM;
	}
	seg->nfct |= owner;
	for (; seg; seg = next) {
		next = seg->next;
		enqueue_segment(q, e, seg);
	}
	plat_free(e);
	return 0;
}

static int enqueue(void *priv, struct nf_queue_entry *e)
{
	struct nfqnl_queue *q = queue_find(priv, e->queuenum);

	if (!q)
		return -ESRCH;
	if (q->s.copy_mode == NFQNL_COPY_NONE)
		return -EINVAL;
	return skb_is_gso(e->skb) ? enqueue_segments(q, e) : enqueue_one(q, e);
}

static struct nf_queue_entry *entry_take(struct nf_queue_entry *e)
{
	struct nfqnl_queue *q = e->handler_priv;

	list_del(&e->list);
	list_del(&e->by_id);
	list_del_init(&e->unread);
	q->s.total--;
	return e;
}

static void queue_flush(struct nfqnl_queue *q, const struct nf_hook_ops *ops,
			const struct net_device *dev)
{
	struct nf_queue_entry *e, *tmp;

	list_for_each_entry_safe (e, tmp, &q->waiting, list) {
		if ((!ops || e->at == ops) && (!dev || e->state.in == dev || e->state.out == dev))
			nf_reinject(entry_take(e), NF_DROP_REASON(SKB_DROP_REASON_NF_QUEUE_GONE));
	}
}

static void flush(void *priv, const struct nf_hook_ops *ops, const struct net_device *dev)
{
	const struct nfqnl_net *n = priv;
	struct nfqnl_queue *q;

	for (u32 i = 0; i < QUEUE_BUCKETS; i++) {
		list_for_each_entry (q, &n->bucket[i], list)
			queue_flush(q, ops, dev);
	}
}

/* ---- listeners and queues ---- */

/* What all listeners share, made for the first. Softirqs disabled. */
static bool shared_get(struct net *net)
{
	struct nfqnl_net *n = nf_queue_priv(net);

	if (!n) {
		n = plat_alloc(sizeof(*n));
		if (!n)
			return false;
		n->listeners = n->queues = 0;
		for (u32 i = 0; i < QUEUE_BUCKETS; i++)
			INIT_LIST_HEAD(&n->bucket[i]);
		nf_register_queue_handler(net, enqueue, flush, n);
	}
	n->listeners++;
	return true;
}

static void shared_put(struct net *net)
{
	struct nfqnl_net *n = nf_queue_priv(net);

	if (--n->listeners)
		return;
	nf_register_queue_handler(net, NULL, NULL, NULL);
	plat_free(n);
}

struct nfqnl_listener *nfqnl_open(struct net *net, u32 portid)
{
	struct nfqnl_listener *l = plat_alloc(sizeof(*l));
	bool shared;

	if (!l)
		return NULL;
	*l = (struct nfqnl_listener){.net = net, .portid = portid};
	INIT_LIST_HEAD(&l->unread);
	INIT_LIST_HEAD(&l->waiters);
	plat_wait_init(&l->wait);
	plat_bh_disable();
	shared = shared_get(net);
	plat_bh_enable();
	if (shared)
		return l;
	plat_free(l);
	return NULL;
}

static void queue_free(struct nfqnl_net *n, struct nfqnl_queue *q)
{
	queue_flush(q, NULL, NULL);
	list_del(&q->list);
	n->queues--;
	plat_free(q);
}

void nfqnl_close(struct nfqnl_listener *l)
{
	struct nfqnl_net *n = nf_queue_priv(l->net);
	struct nfqnl_queue *q, *tmp;

	plat_bh_disable();
	for (u32 i = 0; i < QUEUE_BUCKETS; i++) {
		list_for_each_entry_safe (q, tmp, &n->bucket[i], list) {
			if (q->listener == l)
				queue_free(n, q);
		}
	}
	shared_put(l->net);
	plat_bh_enable();
	plat_free(l);
}

static int queue_new(struct nfqnl_listener *l, struct nfqnl_net *n, u16 num)
{
	struct nfqnl_queue *q = n->queues < NFQNL_QUEUES_MAX ? plat_alloc(sizeof(*q)) : NULL;

	if (!q)
		return n->queues < NFQNL_QUEUES_MAX ? -ENOMEM : -ENFILE;
	*q = (struct nfqnl_queue){.listener = l,
				  .s = {.portid = l->portid, .num = num, .copy_range = COPY_MAX},
				  .maxlen = NFQNL_QMAX_DEFAULT};
	INIT_LIST_HEAD(&q->waiting);
	for (u32 i = 0; i < ID_BUCKETS; i++)
		INIT_LIST_HEAD(&q->by_id[i]);
	list_add_tail(&q->list, &n->bucket[num % QUEUE_BUCKETS]);
	n->queues++;
	return 0;
}

int nfqnl_bind(struct nfqnl_listener *l, u16 num)
{
	struct nfqnl_net *n = nf_queue_priv(l->net);
	const struct nfqnl_queue *q;
	int err;

	plat_bh_disable();
	q = queue_find(n, num);
	if (q)
		err = q->listener == l ? -EBUSY : -EPERM;
	else
		err = queue_new(l, n, num);
	plat_bh_enable();
	return err;
}

/* Finds a queue of l and leaves softirqs disabled; NULL: there is none, they are not. */
static struct nfqnl_queue *queue_enter(struct nfqnl_listener *l, u16 num)
{
	struct nfqnl_queue *q;

	plat_bh_disable();
	q = queue_find(nf_queue_priv(l->net), num);
	if (q && q->listener == l)
		return q;
	plat_bh_enable();
	return NULL;
}

static int queue_leave(struct nfqnl_listener *l, int err)
{
	net_flush_devices(l->net);
	plat_bh_enable();
	return err;
}

int nfqnl_unbind(struct nfqnl_listener *l, u16 num)
{
	struct nfqnl_queue *q = queue_enter(l, num);

	if (!q)
		return -ENODEV;
	queue_free(nf_queue_priv(l->net), q);
	return queue_leave(l, 0);
}

int nfqnl_set_mode(struct nfqnl_listener *l, u16 num, u8 mode, u32 range)
{
	struct nfqnl_queue *q = queue_enter(l, num);

	if (!q)
		return -ENODEV;
	if (mode > NFQNL_COPY_PACKET)
		return queue_leave(l, -EINVAL);
	q->s.copy_mode = mode;
	if (mode != NFQNL_COPY_PACKET)
		q->s.copy_range = 0;
	else
		q->s.copy_range = range ? min(range, (u32)COPY_MAX) : COPY_MAX;
	return queue_leave(l, 0);
}

int nfqnl_set_maxlen(struct nfqnl_listener *l, u16 num, u32 maxlen)
{
	struct nfqnl_queue *q = queue_enter(l, num);

	if (!q)
		return -ENODEV;
	q->maxlen = maxlen;
	return queue_leave(l, 0);
}

int nfqnl_set_flags(struct nfqnl_listener *l, u16 num, u32 mask, u32 flags)
{
	struct nfqnl_queue *q;

	if ((mask | flags) & ~NFQA_CFG_F_FAIL_OPEN)
		return -EOPNOTSUPP;
	q = queue_enter(l, num);
	if (!q)
		return -ENODEV;
	q->flags = (q->flags & ~mask) | (flags & mask);
	return queue_leave(l, 0);
}

/* ---- packets are read ---- */

/* Bytes written to buf, which has room for the message at least. */
static long tell(const struct nf_queue_entry *e, u8 *buf, size_t len)
{
	const struct nfqnl_queue *q = e->handler_priv;
	struct nfqnl_message m = {
		.id = e->id,
		.queue = q->s.num,
		.hook = e->state.hook,
		.hw_protocol = e->skb->protocol,
		.mark = e->skb->mark,
		.indev = e->state.in ? e->state.in->ifindex : 0,
		.outdev = e->state.out ? e->state.out->ifindex : 0,
		.length = e->skb->len,
	};

	if (q->s.copy_mode == NFQNL_COPY_PACKET) {
		m.copied = min(m.length, q->s.copy_range);
		m.copied = min(m.copied, (u32)(len - sizeof(m)));
	}
	memcpy(buf, &m, sizeof(m));
	if (skb_copy_bits(e->skb, 0, buf + sizeof(m), m.copied))
		return -EFAULT;
	return sizeof(m) + m.copied;
}

long nfqnl_recv(struct nfqnl_listener *l, void *buf, size_t len, bool nonblock)
{
	struct nf_queue_entry *e;
	long n = len < sizeof(struct nfqnl_message) ? -EINVAL : 0;

	plat_bh_disable();
	while (!n && list_empty(&l->unread))
		n = nonblock ? -EAGAIN : plat_wait(&l->wait, U64_MAX);
	if (!n) {
		e = list_first_entry(&l->unread, struct nf_queue_entry, unread);
		list_del_init(&e->unread);
		n = tell(e, buf, len);
	}
	plat_bh_enable();
	return n;
}

u32 nfqnl_poll(const struct nfqnl_listener *l)
{
	return (list_empty(&l->unread) ? 0 : POLLIN | POLLRDNORM) | POLLOUT | POLLWRNORM;
}

void nfqnl_waiter_add(struct nfqnl_listener *l, struct sock_waiter *w)
{
	plat_bh_disable();
	list_add_tail(&w->list, &l->waiters);
	plat_bh_enable();
}

void nfqnl_waiter_del(struct sock_waiter *w)
{
	plat_bh_disable();
	list_del_init(&w->list);
	plat_bh_enable();
}

/* ---- verdicts ---- */

static struct nf_queue_entry *entry_find(const struct nfqnl_queue *q, u32 id)
{
	struct nf_queue_entry *e;

	list_for_each_entry (e, &q->by_id[id % ID_BUCKETS], by_id) {
		if (e->id == id)
			return e;
	}
	return NULL;
}

/* What IP has noted of the options must go on being true. */
static bool header_stays(const struct sk_buff *skb, const u8 *packet, u32 len)
{
	const struct iphdr *old = xt_ip_hdr(skb);
	u32 hlen = ip_hdrlen(old);
	struct iphdr iph;

	if (len < hlen)
		return false;
	memcpy(&iph, packet, sizeof(iph));
	return iph.ver_ihl == old->ver_ihl && be16_to_cpu(iph.tot_len) == len &&
	       !memcmp(old + 1, packet + sizeof(iph), hlen - sizeof(iph));
}

/* Puts len bytes in the packet's place. 0, or why it is to be dropped. */
static int replace(struct sk_buff *skb, const void *packet, u32 len)
{
	u32 more = len > skb->len ? len - skb->len : 0;

	if (!header_stays(skb, packet, len))
		return -EBADMSG;
	if (skb_linearize(skb))
		return -ENOMEM;
	if ((skb_cloned(skb) || skb_tailroom(skb) < more) &&
	    pskb_expand_head(skb, skb_headroom(skb), more))
		return -ENOMEM;
	if (pskb_trim(skb, len))
		return -ENOMEM;
	skb_put(skb, more);
	memcpy(skb->data, packet, len);
	skb->ip_summed = CHECKSUM_NONE;
	return 0;
}

/* A packet of ours may have to leave elsewhere now. */
static int reroute(const struct nf_queue_entry *e)
{
	const struct iphdr *iph = xt_ip_hdr(e->skb);
	const struct nf_queue_route *was = &e->was;

	if (e->state.hook != NF_INET_LOCAL_OUT ||
	    (iph->saddr == was->saddr && iph->daddr == was->daddr && iph->tos == was->tos &&
	     e->skb->mark == was->mark))
		return 0;
	return ip_route_me_harder(e->state.net, e->skb, RTN_UNSPEC);
}

static u32 drop_for(int err)
{
	if (err == -ENOMEM)
		return NF_DROP_REASON(SKB_DROP_REASON_NOMEM);
	return err == -EBADMSG ? NF_DROP_REASON(SKB_DROP_REASON_IP_INHDR)
			       : NF_DROP_REASON(SKB_DROP_REASON_IP_OUTNOROUTES);
}

int nfqnl_verdict(struct nfqnl_listener *l, u16 num, u32 id, u32 verdict, const u32 *mark,
		  const void *packet, u32 len)
{
	u32 what = verdict & NF_VERDICT_MASK;
	struct nf_queue_entry *e;
	struct nfqnl_queue *q;
	int err = 0;

	if (what > NF_REPEAT || what == NF_STOLEN || len > U16_MAX)
		return -EINVAL;
	q = queue_enter(l, num);
	if (!q)
		return -ENODEV;
	e = entry_find(q, id);
	if (!e)
		return queue_leave(l, -ENOENT);
	entry_take(e);
	if (mark)
		e->skb->mark = *mark;
	if (what == NF_DROP) {
		verdict = NF_DROP_REASON(SKB_DROP_REASON_NF_QUEUE_VERDICT);
	} else {
		if (len)
			err = replace(e->skb, packet, len);
		if (!err && what != NF_QUEUE)
			err = reroute(e);
		verdict = err ? drop_for(err) : what == NF_QUEUE ? verdict : what;
	}
	nf_reinject(e, verdict);
	return queue_leave(l, err);
}

bool nfqnl_next(const struct net *net, u32 num, struct nfqnl_state *state)
{
	const struct nfqnl_net *n = nf_queue_priv(net);
	const struct nfqnl_queue *q;
	bool found = false;

	for (u32 i = 0; n && i < QUEUE_BUCKETS; i++) {
		list_for_each_entry (q, &n->bucket[i], list) {
			if (q->s.num < num || (found && q->s.num > state->num))
				continue;
			*state = q->s;
			found = true;
		}
	}
	return found;
}
