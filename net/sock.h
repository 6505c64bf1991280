/* SPDX-License-Identifier: MIT */
/*
 * Sockets as objects: no descriptors, no errno variable. libc/ maps them to BSD names; the host library exports
 * them. Functions return 0 or a count, or -E with Linux's meaning. Thread, softirqs enabled, unless said
 * otherwise. A socket may be used by several threads; closing it wakes all that wait with -EBADF.
 */
#pragma once

#include "lib/list.h"
#include "net/sockopt.h"

struct net;
struct sock;

/* An IPv4 end point (a sockaddr_in without its family). port and addr in network order. */
struct sock_addr {
	be32 addr;
	be16 port;
};

struct sock_iovec {
	void *base;
	size_t len;
};

/* Ancillary data goes through control in Linux's cmsghdr layout (64-bit). */
struct sock_msg {
	struct sock_addr name; /* send: where to, if has_name; receive: from where */
	bool has_name;
	struct sock_iovec *iov;
	size_t iovlen;
	void *control;
	size_t controllen; /* in: room or length; out: length used */
	int flags;         /* out, receive: MSG_TRUNC, MSG_CTRUNC, MSG_ERRQUEUE */
};

/*
 * domain AF_INET; type SOCK_* without flags; protocol as in socket(2). -EAFNOSUPPORT, -EPROTONOSUPPORT,
 * -ESOCKTNOSUPPORT, -EINVAL, -ENFILE (limit), -ENOMEM.
 */
int sock_create(struct net *net, int domain, int type, int protocol, struct sock **out);
void sock_close(struct sock *sk);

int sock_bind(struct sock *sk, const struct sock_addr *addr);
/* addr NULL: dissolve (AF_UNSPEC). */
int sock_connect(struct sock *sk, const struct sock_addr *addr, bool nonblock);
int sock_listen(struct sock *sk, int backlog);
int sock_accept(struct sock *sk, bool nonblock, struct sock **out, struct sock_addr *peer);

/* flags MSG_*; MSG_DONTWAIT for non-blocking. Return bytes (receive: as recvmsg(2), MSG_TRUNC honoured). */
long sock_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags);
long sock_recvmsg(struct sock *sk, struct sock_msg *msg, int flags);

int sock_shutdown(struct sock *sk, int how);
int sock_getsockname(struct sock *sk, struct sock_addr *addr);
int sock_getpeername(struct sock *sk, struct sock_addr *addr);

/*
 * Levels, names and layouts are Linux's. len: in, and for get also out; of SO_GET_FILTER it counts instructions, of 8 bytes
 * each.
 */
int sock_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len);
int sock_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len);

/* FIONREAD (SIOCINQ), SIOCOUTQ, of streams SIOCATMARK into *value. -ENOTTY for others. */
int sock_ioctl(struct sock *sk, unsigned long request, int *value);

/* The events (POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP) that hold now. Softirq or thread. */
u32 sock_poll(struct sock *sk);

/*
 * Someone who wants to hear of a socket's changes (poll, select, epoll). wake runs in softirq context, with
 * softirqs disabled, whenever sock_poll() may have changed; it must not add or remove waiters. changed: the events
 * that are news, 0: perhaps any.
 */
struct sock_waiter {
	struct list_head list;
	void (*wake)(struct sock_waiter *w, u32 changed);
};

void sock_waiter_add(struct sock *sk, struct sock_waiter *w);
void sock_waiter_del(struct sock_waiter *w);
