/* SPDX-License-Identifier: MIT */
/*
 * Datagrams in pieces: MSG_MORE and UDP_CORK. The first piece fixes where the datagram goes; the bytes wait in one
 * buffer, charged to the socket, until the last piece sends them as any other datagram. See udp(7).
 */
#include "net/udp/udp.h"
#include "net/udp/udp_table.h"

#define CORK_ROOM        512 /* at first */
#define CORK_CONTROL_MAX 256

struct udp_cork {
	struct sock_addr name;
	u16 controllen;
	u32 len, room; /* of data */
	u8 control[CORK_CONTROL_MAX] __aligned(8);
	u8 data[];
};

void udp_cork_drop(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);

	if (!up->cork)
		return;
	sk->wmem -= up->cork->room;
	plat_free(up->cork);
	up->cork = NULL;
}

/* Room for so many bytes. */
static int cork_reserve(struct sock *sk, u32 room)
{
	struct udp_sock *up = udp_sk(sk);
	struct udp_cork *old = up->cork, *new;

	if (old && old->room >= room)
		return 0;
	room = max(room, old ? 2 * old->room : CORK_ROOM);
	new = plat_alloc(sizeof(*new) + room);
	if (!new)
		return -ENOBUFS;
	if (old)
		memcpy(new, old, sizeof(*old) + old->len);
	else
		*new = (struct udp_cork){0};
	udp_cork_drop(sk);
	new->room = room;
	sk->wmem += room;
	up->cork = new;
	return 0;
}

/* The first piece: errors of its destination are told at once. */
static int cork_begin(struct sock *sk, const struct sock_msg *msg, int flags)
{
	struct udp_cork *cork;
	struct sk_tx tx;
	int err = sk_tx_prepare(sk, msg, flags, true, &tx);

	if (!err && msg->controllen > CORK_CONTROL_MAX)
		err = -ENOBUFS;
	if (!err)
		err = cork_reserve(sk, 1);
	if (err)
		return err;
	cork = udp_sk(sk)->cork;
	cork->name = msg->has_name ? msg->name : (struct sock_addr){sk->daddr, sk->dport};
	cork->controllen = msg->controllen;
	if (msg->controllen)
		memcpy(cork->control, msg->control, msg->controllen);
	return 0;
}

int udp_push_pending(struct sock *sk, int flags)
{
	struct udp_cork *cork = udp_sk(sk)->cork;
	struct sock_iovec iov;
	struct sock_msg msg;
	long ret;

	if (!cork)
		return 0;
	iov = (struct sock_iovec){cork->data, cork->len};
	msg = (struct sock_msg){.name = cork->name,
				.has_name = true,
				.iov = &iov,
				.iovlen = 1,
				.control = cork->control,
				.controllen = cork->controllen};
	udp_sk(sk)->cork = NULL;
	sk->wmem -= cork->room;
	ret = udp_send_datagram(sk, &msg, flags);
	plat_free(cork);
	return ret < 0 ? ret : 0;
}

long udp_cork_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags)
{
	bool more = flags & MSG_MORE || udp_sk(sk)->corked;
	long len = msg_length(msg, UDP_MAX_PAYLOAD);
	int err = len < 0 ? len : 0;
	struct udp_cork *cork;

	flags &= ~MSG_MORE;
	if (!err)
		err = inet_autobind(sk);
	if (!err)
		err = sk_wait_to_send(sk, msg, flags, true);
	if (!err && !udp_sk(sk)->cork)
		err = cork_begin(sk, msg, flags);
	if (err)
		return err;
	cork = udp_sk(sk)->cork;
	err = cork->len + len > UDP_MAX_PAYLOAD ? -EMSGSIZE : cork_reserve(sk, cork->len + len);
	if (err) {
		udp_cork_drop(sk);
		return err;
	}
	cork = udp_sk(sk)->cork;
	msg_copy(cork->data + cork->len, msg, len);
	cork->len += len;
	err = more ? 0 : udp_push_pending(sk, flags);
	return err ? err : len;
}

int udp_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len)
{
	int v;

	if (level != SOL_UDP || name != UDP_CORK)
		return -ENOPROTOOPT;
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, val, sizeof(v));
	udp_sk(sk)->corked = v != 0;
	if (!v)
		udp_push_pending(sk, MSG_DONTWAIT); /* its error is nobody's, as in Linux */
	return 0;
}

int udp_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
	int v = udp_sk(sk)->corked;

	if (level != SOL_UDP || name != UDP_CORK)
		return -ENOPROTOOPT;
	*len = min(*len, (u32)sizeof(v));
	memcpy(val, &v, *len);
	return 0;
}
