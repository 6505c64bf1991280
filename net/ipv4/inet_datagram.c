/* SPDX-License-Identifier: MIT */
/* The receive queue of datagram sockets: in from the protocol, out to the caller's buffers. */
#include "net/ipv4/inet_sock.h"
#include "net/wire/ipv4_hdr.h"

bool sk_queue_rcv_skb(struct sock *sk, struct sk_buff *skb)
{
	/* As Linux: a packet may go over the limit, not start beyond it. */
	if (unlikely(sk->rmem > sk->rcvbuf)) {
		sk->drops++;
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_RCVBUFF);
		return false;
	}
	if (unlikely(skb->destructor)) {
		skb->destructor(skb);
		skb->destructor = NULL;
	}
	sk->rmem += skb->truesize;
	skb_queue_tail(&sk->receive_queue, skb);
	if (sk->receive_queue.qlen == 1)
		sk_wake(sk);
	return true;
}

struct sk_buff *sk_wait_skb(struct sock *sk, int flags, int *err)
{
	u64 deadline = 0;

	for (;;) {
		struct sk_buff *skb;

		if (unlikely(sk->err)) {
			*err = sk_error(sk);
			return NULL;
		}
		skb = skb_peek(&sk->receive_queue);
		if (likely(skb))
			return skb;
		if (sk->shutdown & RCV_SHUTDOWN) {
			*err = 0;
			return NULL;
		}
		*err = flags & MSG_DONTWAIT ? -EAGAIN : sk_wait(sk, &deadline, sk->rcvtimeo);
		if (*err)
			return NULL;
	}
}

static int skb_copy_to_msg(const struct sk_buff *skb, const struct sock_msg *msg, size_t len)
{
	const struct sock_iovec *iov = msg->iov;
	size_t done = 0;

	for (; done < len; iov++) {
		size_t part = min(iov->len, len - done);

		if (likely(done + part <= skb_headlen(skb)))
			memcpy(iov->base, skb->data + done, part);
		else if (skb_copy_bits(skb, done, iov->base, part))
			return -EFAULT;
		done += part;
	}
	return 0;
}

static size_t msg_room(const struct sock_msg *msg)
{
	size_t room = 0, i;

	for (i = 0; i < msg->iovlen; i++)
		room += msg->iov[i].len;
	return room;
}

long sk_recv_skb(struct sock *sk, struct sk_buff *skb, struct sock_msg *msg, int flags)
{
	size_t len = skb->len;
	size_t copied = min(len, msg_room(msg));
	size_t control_room = msg->controllen;
	long ret;
	int err;

	msg->flags = 0;
	msg->controllen = 0;
	err = skb_copy_to_msg(skb, msg, copied);
	if (unlikely(copied < len))
		msg->flags |= MSG_TRUNC;
	if (unlikely(sk->cmsg_flags))
		sk_cmsg_recv(sk, skb, msg, control_room);
	ret = flags & MSG_TRUNC ? len : copied;
	if (!(flags & MSG_PEEK)) {
		skb_unlink(&sk->receive_queue, skb);
		sk->rmem -= skb->truesize;
		consume_skb(skb);
	}
	return err ? err : ret;
}

long msg_length(const struct sock_msg *msg, size_t max)
{
	size_t len = 0, i;

	for (i = 0; i < msg->iovlen; i++) {
		if (msg->iov[i].len > max - len)
			return -EMSGSIZE;
		len += msg->iov[i].len;
	}
	return len;
}

u32 msg_copy_csum(void *dst, const struct sock_msg *msg, size_t len)
{
	u8 *at = dst;
	size_t done = 0, i;
	u32 sum = 0;

	if (likely(msg->iovlen == 1))
		return csum_partial_copy(dst, msg->iov[0].base, len, 0);
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
