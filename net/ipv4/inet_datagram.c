/* SPDX-License-Identifier: MIT */
/* The receive queue of datagram sockets: in from the protocol, out to the caller's buffers. */
#include "net/ipv4/fib.h"
#include "net/ipv4/inet_sock.h"
#include "net/wire/ipv4_hdr.h"

void sk_note_way(const struct sock *sk, struct sk_buff *skb)
{
	struct sk_skb_cb *cb = SK_SKB_CB(skb);

	cb->iif = inet_iif(skb);
	cb->spec_dst = sk->cmsg_flags & SK_CMSG_PKTINFO ? fib_compute_spec_dst(skb->net, skb) : 0;
}

bool sk_rcvbuf_full(struct sock *sk, struct sk_buff *skb)
{
	sk->drops++;
	kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_RCVBUFF);
	return false;
}

/* As Linux, which shows an empty one once. */
struct sk_buff *sk_peek_find(struct sock *sk, u32 *offset)
{
	struct sk_buff_head *q = &sk->receive_queue;
	u32 off = max(sk->peek_off, 0);

	for (struct sk_buff *skb = q->next; skb != (struct sk_buff *)q; skb = skb->next) {
		if (sk->peek_off < 0 || off < skb->len || (!off && !skb->peeked)) {
			*offset = off;
			return skb;
		}
		off -= skb->len;
	}
	return NULL;
}

static bool is_ready(struct sock *sk, int flags)
{
	u32 offset;

	return flags & MSG_PEEK ? sk_peek_find(sk, &offset) != NULL
				: !skb_queue_empty(&sk->receive_queue);
}

int sk_wait_skb_slow(struct sock *sk, int flags)
{
	u64 deadline = 0;
	int err = 0;

	while (!err) {
		if (sk->err)
			return sk_error(sk);
		if (is_ready(sk, flags))
			return 1;
		if (flags & MSG_DONTWAIT)
			return -EAGAIN;
		if (sk->shutdown & RCV_SHUTDOWN)
			return 0;
		err = sk_wait(sk, &deadline, sk->rcvtimeo);
	}
	return err;
}

long skb_copy_to_msg(const struct sk_buff *skb, u32 offset, const struct sock_msg *msg)
{
	size_t done = 0, len = skb->len - offset, i;

	for (i = 0; i < msg->iovlen && done < len; i++) {
		size_t part = min(msg->iov[i].len, len - done);

		if (skb_copy_bits(skb, offset + done, msg->iov[i].base, part))
			return -EFAULT;
		done += part;
	}
	return done;
}

long sk_recv_skb(struct sock *sk, struct sk_buff *skb, struct sock_msg *msg, int flags)
{
	size_t len = skb->len, room = msg->controllen;
	long copied;

	if (likely(msg->iovlen == 1 && !skb_is_nonlinear(skb))) {
		copied = min(len, msg->iov[0].len);
		memcpy(msg->iov[0].base, skb->data, copied);
	} else {
		copied = skb_copy_to_msg(skb, 0, msg);
	}
	msg->flags = copied < (long)len ? MSG_TRUNC : 0;
	msg->controllen = 0;
	if (unlikely(flags & MSG_TRUNC && copied >= 0))
		copied = len;
	if (unlikely(sk->cmsg_flags)) {
		sk_cmsg_recv(sk, skb, msg, room);
		sk_peek_offset_move(sk, -copied);
	}
	if (likely(!(flags & MSG_PEEK))) {
		skb_unlink(&sk->receive_queue, skb);
		sk->rmem -= skb->truesize;
		consume_skb(skb);
	}
	return copied;
}

long sk_peek_skb(struct sock *sk, struct sk_buff *skb, u32 offset, struct sock_msg *msg, int flags)
{
	long len = msg_length(msg, INT64_MAX), all = skb->len, room = msg->controllen;
	long copied = skb_copy_to_msg(skb, offset, msg);

	msg->flags = len <= all - offset && len < all ? MSG_TRUNC : 0; /* as Linux */
	msg->controllen = 0;
	if (copied < 0)
		return copied;
	if (unlikely(sk->cmsg_flags))
		sk_cmsg_recv(sk, skb, msg, room);
	skb->peeked = !all;
	copied = flags & MSG_TRUNC ? all : copied;
	sk_peek_offset_move(sk, copied);
	return copied;
}

long msg_length_slow(const struct sock_msg *msg, size_t max)
{
	size_t len = 0, i;

	for (i = 0; i < msg->iovlen; i++) {
		if (msg->iov[i].len > max - len)
			return -EMSGSIZE;
		len += msg->iov[i].len;
	}
	return len;
}

u32 msg_copy_csum_slow(void *dst, const struct sock_msg *msg, size_t len)
{
	u8 *at = dst;
	size_t done = 0, i;
	u32 sum = 0;

	for (i = 0; i < msg->iovlen; i++) {
		size_t part = min(msg->iov[i].len, len - done);
		u32 block = csum_partial_copy(at + done, msg->iov[i].base, part, 0);

		sum = csum_block_add(sum, block, done);
		done += part;
	}
	return sum;
}

void msg_copy(void *dst, const struct sock_msg *msg, size_t len)
{
	u8 *at = dst;
	size_t done = 0, i;

	for (i = 0; i < msg->iovlen; i++) {
		size_t part = min(msg->iov[i].len, len - done);

		memcpy(at + done, msg->iov[i].base, part);
		done += part;
	}
}
