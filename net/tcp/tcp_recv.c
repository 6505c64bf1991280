/* SPDX-License-Identifier: MIT */
/* recv(), poll(), FIONREAD: RFC 9293 s3.10.3, with Linux's flags and events. */
#include "net/tcp/tcp_sock.h"

/* Bytes between copied_seq and the urgent one end a read there: the program is to see the mark. */
struct reader {
	struct sock_msg *msg;
	size_t i, at; /* in iov[i] */
	u32 seq;      /* next to be copied */
	size_t want, done;
	u64 tstamp; /* of the last packet that was read of */
	bool peek, discard;
};

static int copy_out(struct reader *r, const struct sk_buff *skb, u32 offset, u32 len)
{
	while (len && !r->discard) {
		const struct sock_iovec *v = &r->msg->iov[r->i];
		u32 part = min((size_t)len, v->len - r->at);

		if (skb_copy_bits(skb, offset, (u8 *)v->base + r->at, part))
			return -EFAULT;
		offset += part;
		len -= part;
		r->at += part;
		if (r->at == v->len) {
			r->i++;
			r->at = 0;
		}
	}
	return 0;
}

static void eat(struct tcp_sock *tp, struct sk_buff *skb)
{
	skb_unlink(&tp->sk.receive_queue, skb);
	tcp_rmem_uncharge(tp, skb);
	consume_skb(skb);
}

/* How much of n bytes from seq on is not cut off by the urgent byte; 0: it is next, and not inline. */
static u32 before_urgent(const struct tcp_sock *tp, const struct reader *r, u32 n)
{
	u32 gap = tp->urg_seq - r->seq;

	if (!tp->urg_data || gap >= n)
		return n;
	if (gap)
		return gap;
	return tp->oobinline ? n : 0;
}

/* One packet's part. False: the reading ends here. */
static bool take_from(struct tcp_sock *tp, struct reader *r, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 offset = r->seq - cb->seq;
	u32 n = min((size_t)(skb->len - offset), r->want - r->done), take;
	bool urgent;

	take = before_urgent(tp, r, n);
	urgent = take < n;
	if (take && copy_out(r, skb, offset, take))
		return false;
	r->seq += take;
	r->done += take;
	r->tstamp = skb->tstamp;
	if (!take && urgent) { /* the urgent byte goes another way */
		r->seq++;
		urgent = false;
	}
	if (!r->peek) {
		tp->copied_seq = r->seq;
		if (tp->urg_data && after(tp->copied_seq, tp->urg_seq))
			tp->urg_data = 0;
		if (r->seq == cb->end_seq)
			eat(tp, skb);
	}
	return !urgent || !r->done;
}

static void take_all(struct tcp_sock *tp, struct reader *r)
{
	struct sk_buff_head *q = &tp->sk.receive_queue;
	struct sk_buff *skb = skb_peek(q), *next;

	for (; skb && r->done < r->want; skb = next) {
		next = skb->next == (struct sk_buff *)q ? NULL : skb->next;
		u32 end = TCP_SKB_CB(skb)->end_seq;

		while (r->done < r->want && before(r->seq, end)) /* at end skb may be gone */
			if (!take_from(tp, r, skb))
				return;
	}
}

/* The first packet of the queue has the rest, or all that is asked for by one buffer: nearly always. 0: look closer. */
static u32 take_first(struct tcp_sock *tp, const struct sock_msg *msg)
{
	struct sk_buff *skb = skb_peek(&tp->sk.receive_queue);
	const struct sock_iovec *v = msg->iov;
	u32 offset, rest;

	if (!skb || skb_is_nonlinear(skb) || tp->urg_data || msg->iovlen != 1 || tp->rcvlowat > 1 ||
	    tp->sk.cmsg_flags)
		return 0;
	offset = tp->copied_seq - TCP_SKB_CB(skb)->seq;
	rest = skb->len - offset;
	if (rest > skb->len)
		return 0;
	if (v->len < rest) {
		memcpy(v->base, skb->data + offset, v->len);
		tp->copied_seq += v->len;
		return v->len;
	}
	if (!rest || skb->next != (struct sk_buff *)&tp->sk.receive_queue)
		return 0;
	memcpy(v->base, skb->data + offset, rest);
	tp->copied_seq += rest;
	eat(tp, skb);
	return rest;
}

/* The window has opened so much that the peer should hear of it: RFC 9293 s3.8.6.2.2. */
static void after_read(struct tcp_sock *tp, u32 copied)
{
	u32 now, new;

	if (!copied || tp->sk.state == TCP_CLOSE)
		return;
	tcp_rcv_space_adjust(tp);
	now = tcp_receive_window(tp);
	if (tp->sk.shutdown & RCV_SHUTDOWN)
		return;
	if (tp->delack_at && tp->rcv_nxt - tp->rcv_wup > tp->rcv_mss) {
		tcp_send_ack(tp);
		return;
	}
	if (2 * now > tp->rcv_wnd && now >= tp->rcv_mss * 2)
		return;
	new = tcp_space_window(tp);
	if (new &&new >= 2 * now)
		tcp_send_ack(tp);
}

static long recv_urgent(struct tcp_sock *tp, struct sock_msg *msg, int flags)
{
	u8 byte = tp->urg_data;

	if (tp->oobinline || !tp->urg_data || tp->urg_data == TCP_URG_READ)
		return -EINVAL;
	if (!(tp->urg_data & TCP_URG_VALID))
		return tp->sk.shutdown & RCV_SHUTDOWN || tp->sk.state == TCP_CLOSE ? 0 : -EAGAIN;
	if (!(flags & MSG_PEEK))
		tp->urg_data = TCP_URG_READ;
	msg->flags |= MSG_OOB;
	if (!msg->iovlen || !msg->iov[0].len) {
		msg->flags |= MSG_TRUNC;
		return 0;
	}
	if (!(flags & MSG_TRUNC))
		*(u8 *)msg->iov[0].base = byte;
	return 1;
}

/* Nothing is there: 1: wait; 0: nothing will come; -E. */
static int nothing(struct tcp_sock *tp, int flags)
{
	struct sock *sk = &tp->sk;

	if (sk->err)
		return sk_error(sk);
	if (sk->shutdown & RCV_SHUTDOWN || tp->fin_received)
		return 0;
	if (sk->state == TCP_CLOSE)
		return -ENOTCONN;
	if (tp->ack_waits) /* for an answer, and there is none */
		tcp_send_ack(tp);
	return flags & MSG_DONTWAIT ? -EAGAIN : 1;
}

/* Ancillary data. tstamp: of what was read, 0: nothing was. */
static void tell_more(struct tcp_sock *tp, u64 tstamp, struct sock_msg *msg, size_t room)
{
	const struct sock *sk = &tp->sk;
	u32 unread = tp->rcv_nxt - tp->copied_seq; /* with the end: it, too, can be read */

	if (tstamp && sk->cmsg_flags & SK_CMSG_TIME)
		sk_cmsg_timestamp(sk->cmsg_flags, tstamp, msg, room);
	if (sk->cmsg_flags & SK_CMSG_INQ)
		put_cmsg(msg, room, SOL_TCP, TCP_CM_INQ, &unread, sizeof(unread));
}

static noinline long recv_closely(struct sock *sk, struct sock_msg *msg, size_t room, int flags)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct reader r = {.msg = msg, .peek = flags & MSG_PEEK, .discard = flags & MSG_TRUNC};
	u64 deadline = 0;
	size_t target;
	int err = 0;

	if (flags & MSG_ERRQUEUE) {
		msg->controllen = room;
		return sk_recv_error(sk, msg);
	}
	if (sk->state == TCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB) {
		long n = recv_urgent(tp, msg, flags);

		if (n >= 0)
			tell_more(tp, 0, msg, room);
		return n;
	}
	r.want = msg_length(msg, INT64_MAX);
	target = flags & MSG_WAITALL ? r.want : min(r.want, (size_t)max(tp->rcvlowat, 1U));
	target = max(target, (size_t)1); /* nothing asked for: when there is something, as Linux */
	r.seq = tp->copied_seq + (r.peek ? max(sk->peek_off, 0) : 0);
	for (;;) {
		size_t had = r.done;

		take_all(tp, &r);
		if (!r.peek)
			after_read(tp, r.done - had);
		if (r.done >= target || (!r.want && !skb_queue_empty(&sk->receive_queue)))
			break;
		if (r.done && (sk->err || sk->state == TCP_CLOSE || sk->shutdown & RCV_SHUTDOWN ||
			       flags & MSG_DONTWAIT || r.seq == tp->urg_seq))
			break;
		err = nothing(tp, flags);
		if (err <= 0)
			break;
		net_flush_devices(sk->net);
		err = sk_wait(sk, &deadline, sk->rcvtimeo);
		if (err)
			break;
		if (!r.peek)
			r.seq = tp->copied_seq; /* another thread may have read */
	}
	if (err < 0 && !r.done)
		return err;
	if (unlikely(sk->cmsg_flags)) {
		sk_peek_offset_move(sk, r.peek ? (long)r.done : -(long)r.done);
		tell_more(tp, r.done ? r.tstamp : 0, msg, room);
	}
	return r.done;
}

long tcp_recvmsg(struct sock *sk, struct sock_msg *msg, int flags)
{
	struct tcp_sock *tp = tcp_sk(sk);
	size_t room = msg->controllen;

	msg->flags = 0;
	msg->has_name = false;
	msg->controllen = 0;
	if (likely(!(flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) && sk->state != TCP_LISTEN && !room)) {
		u32 n = take_first(tp, msg);

		if (likely(n)) {
			after_read(tp, n);
			return n;
		}
	}
	return recv_closely(sk, msg, room, flags);
}

int tcp_inq(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (sk->state == TCP_LISTEN)
		return -EINVAL;
	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV ||
	    skb_queue_empty(&sk->receive_queue))
		return 0;
	return tp->rcv_nxt - tp->copied_seq - tp->fin_received;
}

bool tcp_at_mark(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return tp->urg_data && tp->urg_seq == tp->copied_seq;
}

int tcp_outq(struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return sk->state == TCP_LISTEN ? -EINVAL : (int)(tp->write_seq - tp->snd_una);
}

static u32 poll_connection(struct tcp_sock *tp)
{
	struct sock *sk = &tp->sk;
	u32 events = 0;
	u32 unread = tp->rcv_nxt - tp->copied_seq - tp->fin_received;

	if (unread && unread >= max(tp->rcvlowat, 1U) && !skb_queue_empty(&sk->receive_queue))
		events |= POLLIN | POLLRDNORM;
	if (!sk->wmem || sk->shutdown & SEND_SHUTDOWN ||
	    (sk->wmem < tcp_sndbuf(tp) - tcp_sndbuf(tp) / 3 &&
	     (tp->send_head ? tp->write_seq - tp->snd_nxt : 0) < tp->notsent_lowat))
		events |= POLLOUT | POLLWRNORM;
	else
		sk->nospace = 1; /* who asks wants to hear of it */
	if (tp->urg_data & TCP_URG_VALID)
		events |= POLLPRI;
	return events;
}

u32 tcp_poll(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u32 events = 0;

	if (sk->state == TCP_LISTEN)
		return list_empty(&tp->accept_queue) ? 0 : POLLIN | POLLRDNORM;
	if (sk->shutdown == (RCV_SHUTDOWN | SEND_SHUTDOWN) || sk->state == TCP_CLOSE)
		events |= POLLHUP;
	if (sk->shutdown & RCV_SHUTDOWN)
		events |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (sk->state != TCP_SYN_SENT && sk->state != TCP_SYN_RECV)
		events |= poll_connection(tp);
	if (sk->err || !skb_queue_empty(&sk->error_queue))
		events |= POLLERR | (sk->select_err_queue ? POLLPRI : 0);
	return events;
}
