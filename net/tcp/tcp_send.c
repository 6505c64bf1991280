/* SPDX-License-Identifier: MIT */
/* send(): what the program writes, copied once, with its checksum, into segments. RFC 9293 s3.10.2. */
#include "net/net_tstamp.h"
#include "net/tcp/tcp_sock.h"

/* Where in a message the copying stands. */
struct cursor {
	const struct sock_msg *msg;
	size_t i, at; /* in iov[i] */
};

static u32 copy_in(struct cursor *c, const struct sk_buff *skb, u8 *to, u32 len)
{
	u32 sum = 0, done = 0;

	while (done < len) {
		const struct sock_iovec *v = &c->msg->iov[c->i];
		u32 part = min((size_t)(len - done), v->len - c->at);
		u32 block = tcp_take_bytes(skb, to + done, (const u8 *)v->base + c->at, part);

		sum = csum_block_add(sum, block, done);
		done += part;
		c->at += part;
		if (c->at == v->len) {
			c->i++;
			c->at = 0;
		}
	}
	return sum;
}

/* Connected, or soon; 0 or -E. */
static int wait_connected(struct tcp_sock *tp, int flags, u64 *deadline)
{
	struct sock *sk = &tp->sk;
	int err;

	while (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV) {
		if (flags & MSG_DONTWAIT)
			return -EAGAIN;
		err = sk_wait(sk, deadline, sk->sndtimeo);
		if (err)
			return err;
	}
	return 0;
}

static int broken(struct sock *sk)
{
	if (sk->err)
		return sk_error(sk);
	if (sk->shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	return sk->state == TCP_ESTABLISHED || sk->state == TCP_CLOSE_WAIT ? 0 : -EPIPE;
}

static int wait_room(struct tcp_sock *tp, int flags, u64 *deadline)
{
	struct sock *sk = &tp->sk;
	int err = broken(sk);

	while (!err && sk->wmem >= tcp_sndbuf(tp)) {
		sk->nospace = 1;
		if (flags & MSG_DONTWAIT)
			return -EAGAIN;
		net_flush_devices(sk->net);
		err = sk_wait(sk, deadline, sk->sndtimeo);
		if (!err)
			err = broken(sk);
	}
	return err;
}

/* A packet's room: a whole segment if more may be put in before it leaves; several only for what is there. */
static struct sk_buff *new_segment(struct tcp_sock *tp, u32 want, u32 mss, bool more)
{
	u32 room = more || tp->packets_out || tp->send_head || want > mss || tp->cork ? mss : want;
	struct sk_buff *skb = NULL;

	if (want > mss) {
		u32 most = tcp_size_goal(tp, mss);

		if (!tp->packets_out) /* else more is likely to follow */
			most = min(most, DIV_ROUND_UP(want, mss) * mss);

		for (; most > mss && !skb; most /= 4) /* large blocks may be rare */
			skb = alloc_skb(tp->sk.net, TCP_TX_HEADROOM + most);
	}
	if (!skb)
		skb = alloc_skb(tp->sk.net, TCP_TX_HEADROOM + room);

	if (!skb)
		return NULL;
	skb_reserve(skb, TCP_TX_HEADROOM);
	skb->csum = 0;
	skb->ip_summed = tcp_tx_summed(tp);
	*TCP_SKB_CB(skb) = (struct tcp_skb_cb){.seq = tp->write_seq, .end_seq = tp->write_seq};
	skb_queue_tail(&tp->write_queue, skb);
	tcp_wmem_charge(tp, skb);
	if (!tp->send_head)
		tp->send_head = skb;
	return skb;
}

/* What may yet be put into skb: up to a segment, or as many as it has room for. */
static u32 room_in(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss)
{
	u32 tail = skb_tailroom(skb), all = skb->len + tail, most = mss;

	if (all > mss && skb->ip_summed == CHECKSUM_PARTIAL)
		most = min(tcp_size_goal(tp, mss), all - all % mss);
	return most > skb->len ? min(most - skb->len, tail) : 0;
}

/* As much as the last packet takes. */
static u32 append(struct tcp_sock *tp, struct sk_buff *skb, struct cursor *c, u32 want, u32 mss)
{
	u32 n = min(want, room_in(tp, skb, mss)), at = skb->len;
	u32 sum = copy_in(c, skb, skb_put(skb, n), n);

	skb->csum = csum_block_add(skb->csum, sum, at);
	TCP_SKB_CB(skb)->end_seq += n;
	tp->write_seq += n;
	return n;
}

static struct sk_buff *open_segment(struct tcp_sock *tp, u32 mss)
{
	struct sk_buff *skb = tp->send_head ? tp->write_queue.prev : NULL;

	return skb && !(TCP_SKB_CB(skb)->sacked & TCPCB_EOR) && room_in(tp, skb, mss) ? skb : NULL;
}

/* What is copied goes out, unless more is announced. */
static void push(struct tcp_sock *tp, int flags)
{
	bool cork = tp->cork;

	tp->cork |= (flags & MSG_MORE) != 0;
	tcp_push_pending(tp);
	tp->cork = cork;
}

static long fill(struct tcp_sock *tp, struct cursor *c, size_t len, int flags, u64 *deadline)
{
	size_t done = 0;
	int err = 0;

	while (done < len) {
		u32 mss = tcp_current_mss(tp);
		u32 want = min(len - done, (size_t)INT32_MAX);
		struct sk_buff *skb = open_segment(tp, mss);

		if (!skb) {
			if (tp->sk.wmem >= tcp_sndbuf(tp)) {
				tcp_push_pending(tp);
				err = wait_room(tp, flags, deadline);
				if (err)
					break;
				continue;
			}
			skb = new_segment(tp, want, mss, flags & MSG_MORE);
		}
		if (!skb) {
			err = -ENOBUFS;
			break;
		}
		done += append(tp, skb, c, want, mss);
	}
	return done ? (long)done : err;
}

/* Nearly every message: one buffer, of which a segment is made that leaves at once. False: look closer. */
static bool send_one(struct tcp_sock *tp, const struct sock_msg *msg, int flags)
{
	const struct sock *sk = &tp->sk;
	const struct sock_iovec *v = msg->iov;
	u32 mss = tcp_current_mss(tp);
	struct sk_buff *skb;

	if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL) || msg->iovlen != 1 || tp->send_head ||
	    (sk->state != TCP_ESTABLISHED && sk->state != TCP_CLOSE_WAIT) || sk->err ||
	    sk->shutdown & SEND_SHUTDOWN || !v->len || v->len > mss || sk->wmem >= tcp_sndbuf(tp) ||
	    tp->cork || msg->controllen || sk->tsflags)
		return false;
	tcp_rate_check_app_limited(tp);
	skb = new_segment(tp, v->len, mss, false);
	if (unlikely(!skb))
		return false;
	skb->csum = tcp_take_bytes(skb, skb_put(skb, v->len), v->base, v->len);
	TCP_SKB_CB(skb)->end_seq += v->len;
	TCP_SKB_CB(skb)->flags = TCP_PSH;
	tp->write_seq += v->len;
	tcp_push_pending(tp);
	return true;
}

/* SO_TIMESTAMPING: when the last byte of what was written goes out. */
static void stamp_last(struct tcp_sock *tp)
{
	struct sk_buff *skb = tp->write_queue.prev;
	u32 tsflags = tp->sk.tsflags;

	if (skb_queue_empty(&tp->write_queue))
		return;
	skb->tskey = tp->write_seq - 1;
	skb->tx_flags =
		sk_tstamp_tx_flags(tsflags) | (tsflags & SOF_TIMESTAMPING_TX_ACK ? SKB_TX_ACK : 0);
	TCP_SKB_CB(skb)->sacked |= TCPCB_STAMP;
}

static noinline long send_closely(struct sock *sk, const struct sock_msg *msg, int flags)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct cursor c = {.msg = msg};
	u64 deadline = 0;
	long len, ret;

	if (flags & ~(MSG_OOB | MSG_DONTROUTE | MSG_DONTWAIT | MSG_EOR | MSG_CONFIRM |
		      MSG_NOSIGNAL | MSG_MORE) ||
	    flags & MSG_DONTROUTE)
		return -EOPNOTSUPP;
	len = msg_length(msg, INT64_MAX);
	if (len < 0)
		return len;
	ret = wait_connected(tp, flags, &deadline);
	if (!ret)
		ret = broken(sk);
	if (!ret && msg->controllen) /* streams take no ancillary data */
		ret = -EINVAL;
	if (ret || !len)
		return ret;
	while (c.i < msg->iovlen && !msg->iov[c.i].len)
		c.i++;
	tcp_rate_check_app_limited(tp);
	ret = fill(tp, &c, len, flags, &deadline);
	if (ret > 0 && flags & MSG_OOB)
		tp->snd_up = tp->write_seq;
	if (tp->send_head) {
		TCP_SKB_CB(tp->write_queue.prev)->flags |= TCP_PSH;
		TCP_SKB_CB(tp->write_queue.prev)->sacked = flags & MSG_EOR ? TCPCB_EOR : 0;
	}
	if (ret > 0 && sk->tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK)
		stamp_last(tp);
	push(tp, flags);
	return ret;
}

long tcp_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags)
{
	return likely(send_one(tcp_sk(sk), msg, flags)) ? (long)msg->iov[0].len
							: send_closely(sk, msg, flags);
}
