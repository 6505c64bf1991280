/* SPDX-License-Identifier: MIT */
/*
 * The calls of libweir.h on descriptors. Each enters the world (one lock for all threads of the process), does its
 * work there, and sets errno. What may wait is a struct call: it runs where the world says, see host/enter.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "host/enter.h"
#include "host/fd_table.h"
#include "host/libweir.h"

_Static_assert(sizeof(struct iovec) == sizeof(struct sock_iovec), "an iovec is handed on as it is");

static long result(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int addr_in(const struct sockaddr *addr, socklen_t len, struct sock_addr *out)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;

	if (!addr || len < sizeof(*in))
		return -EINVAL;
	if (in->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	*out = (struct sock_addr){in->sin_addr.s_addr, in->sin_port};
	return 0;
}

static void addr_out(const struct sock_addr *addr, struct sockaddr *out, socklen_t *len)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = addr->port, .sin_addr.s_addr = addr->addr};

	memcpy(out, &in, *len < sizeof(in) ? *len : sizeof(in));
	*len = sizeof(in);
}

int weir_socket(struct net *net, int domain, int type, int protocol)
{
	struct sock *sk;
	int ret;

	enter_world();
	ret = sock_create(net, domain, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol, &sk);
	if (!ret)
		ret = fd_install_sock(sk, type & SOCK_NONBLOCK ? O_NONBLOCK : 0);
	leave_world();
	return result(ret);
}

static int with_name(int fd, const struct sockaddr *addr, socklen_t len,
		     int (*fn)(struct sock *, const struct sock_addr *))
{
	struct sock_addr to;
	int err;
	struct weir_file *f;

	enter_world();
	f = fd_sock(fd, &err);
	if (f) {
		err = addr_in(addr, len, &to);
		if (!err)
			err = fn(f->sk, &to);
	}
	leave_world();
	return result(err);
}

int weir_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return with_name(fd, addr, len, sock_bind);
}

int weir_listen(int fd, int backlog)
{
	struct weir_file *f;
	int err;

	enter_world();
	f = fd_sock(fd, &err);
	if (f)
		err = sock_listen(f->sk, backlog);
	leave_world();
	return result(err);
}

int weir_shutdown(int fd, int how)
{
	struct weir_file *f;
	int err;

	enter_world();
	f = fd_sock(fd, &err);
	if (f)
		err = sock_shutdown(f->sk, how);
	leave_world();
	return result(err);
}

/* ---- connect, accept ---- */

struct connect_call {
	struct call call;
	struct weir_file *f;
	struct sock_addr to;
	bool dissolve;
};

static long do_connect(struct call *call)
{
	struct connect_call *c = container_of(call, struct connect_call, call);

	return sock_connect(c->f->sk, c->dissolve ? NULL : &c->to, c->f->flags & O_NONBLOCK);
}

int weir_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct connect_call c = {.call.fn = do_connect};
	int err;

	enter_world();
	c.f = fd_sock(fd, &err);
	c.dissolve = addr && len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC;
	if (c.f && !c.dissolve)
		err = addr_in(addr, len, &c.to);
	if (!err)
		err = run_call(&c.call, c.f);
	leave_world();
	return result(err);
}

struct accept_call {
	struct call call;
	struct weir_file *f;
	struct sock_addr peer;
	struct sock *sk;
};

static long do_accept(struct call *call)
{
	struct accept_call *c = container_of(call, struct accept_call, call);

	return sock_accept(c->f->sk, c->f->flags & O_NONBLOCK, &c->sk, &c->peer);
}

int weir_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct accept_call c = {.call.fn = do_accept};
	int ret;

	enter_world();
	c.f = fd_sock(fd, &ret);
	if (c.f && flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		ret = -EINVAL;
	if (!ret)
		ret = run_call(&c.call, c.f);
	if (!ret && addr)
		addr_out(&c.peer, addr, len);
	if (!ret)
		ret = fd_install_sock(c.sk, flags & SOCK_NONBLOCK ? O_NONBLOCK : 0);
	leave_world();
	return result(ret);
}

int weir_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return weir_accept4(fd, addr, len, 0);
}

/* ---- sending and receiving ---- */

struct msg_call {
	struct call call;
	struct weir_file *f;
	struct sock_msg msg;
	int flags;
};

static long do_send(struct call *call)
{
	struct msg_call *c = container_of(call, struct msg_call, call);

	return sock_sendmsg(c->f->sk, &c->msg, c->flags);
}

static long do_recv(struct call *call)
{
	struct msg_call *c = container_of(call, struct msg_call, call);

	return sock_recvmsg(c->f->sk, &c->msg, c->flags);
}

static struct sock_msg to_sock_msg(const struct msghdr *m)
{
	return (struct sock_msg){.iov = (struct sock_iovec *)(void *)m->msg_iov,
				 .iovlen = m->msg_iovlen,
				 .control = m->msg_control,
				 .controllen = m->msg_control ? m->msg_controllen : 0};
}

static long run_msg(int fd, struct msg_call *c)
{
	int err;

	c->f = fd_sock(fd, &err);
	if (!c->f)
		return err;
	if (c->msg.iovlen > IOV_MAX)
		return -EMSGSIZE;
	if (c->f->flags & O_NONBLOCK)
		c->flags |= MSG_DONTWAIT;
	return run_call(&c->call, c->f);
}

ssize_t weir_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct msg_call c = {.call.fn = do_send, .msg = to_sock_msg(m), .flags = flags};
	long ret = 0;

	enter_world();
	c.msg.has_name = m->msg_name != NULL;
	if (m->msg_name)
		ret = addr_in(m->msg_name, m->msg_namelen, &c.msg.name);
	if (!ret)
		ret = run_msg(fd, &c);
	leave_world();
	return result(ret);
}

ssize_t weir_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct msg_call c = {.call.fn = do_recv, .msg = to_sock_msg(m), .flags = flags};
	long ret;

	enter_world();
	ret = run_msg(fd, &c);
	leave_world();
	if (ret < 0)
		return result(ret);
	if (m->msg_name && c.msg.has_name)
		addr_out(&c.msg.name, m->msg_name, &m->msg_namelen);
	else
		m->msg_namelen = 0;
	m->msg_controllen = c.msg.controllen;
	m->msg_flags = c.msg.flags;
	return ret;
}

ssize_t weir_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		    socklen_t tolen)
{
	struct iovec iov = {(void *)(uintptr_t)buf, len};
	struct msghdr m = {.msg_name = (void *)(uintptr_t)to,
			   .msg_namelen = tolen,
			   .msg_iov = &iov,
			   .msg_iovlen = 1};

	return weir_sendmsg(fd, &m, flags);
}

ssize_t weir_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
		      socklen_t *fromlen)
{
	struct iovec iov = {buf, len};
	struct msghdr m = {.msg_name = from,
			   .msg_namelen = from ? *fromlen : 0,
			   .msg_iov = &iov,
			   .msg_iovlen = 1};
	ssize_t ret = weir_recvmsg(fd, &m, flags);

	if (ret >= 0 && from)
		*fromlen = m.msg_namelen;
	return ret;
}

ssize_t weir_send(int fd, const void *buf, size_t len, int flags)
{
	return weir_sendto(fd, buf, len, flags, NULL, 0);
}

ssize_t weir_recv(int fd, void *buf, size_t len, int flags)
{
	return weir_recvfrom(fd, buf, len, flags, NULL, NULL);
}

ssize_t weir_write(int fd, const void *buf, size_t len)
{
	return weir_send(fd, buf, len, 0);
}

ssize_t weir_read(int fd, void *buf, size_t len)
{
	return weir_recv(fd, buf, len, 0);
}

ssize_t weir_writev(int fd, const struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};

	return n < 0 || n > IOV_MAX ? result(-EINVAL) : weir_sendmsg(fd, &m, 0);
}

ssize_t weir_readv(int fd, const struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};

	return n < 0 || n > IOV_MAX ? result(-EINVAL) : weir_recvmsg(fd, &m, 0);
}

/* ---- the rest ---- */

static int name_of(int fd, struct sockaddr *addr, socklen_t *len,
		   int (*get)(struct sock *, struct sock_addr *))
{
	struct sock_addr name;
	struct weir_file *f;
	int err;

	enter_world();
	f = fd_sock(fd, &err);
	if (f)
		err = get(f->sk, &name);
	leave_world();
	if (!err)
		addr_out(&name, addr, len);
	return result(err);
}

int weir_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return name_of(fd, addr, len, sock_getsockname);
}

int weir_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return name_of(fd, addr, len, sock_getpeername);
}

int weir_setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	struct weir_file *f;
	int err;

	enter_world();
	f = fd_sock(fd, &err);
	if (f)
		err = sock_setsockopt(f->sk, level, name, val, len);
	leave_world();
	return result(err);
}

int weir_getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	struct weir_file *f;
	int err;

	enter_world();
	f = fd_sock(fd, &err);
	if (f)
		err = sock_getsockopt(f->sk, level, name, val, len);
	leave_world();
	return result(err);
}

static int file_fcntl(struct weir_file *f, int cmd, int arg)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return fd_dup(f, arg);
	case F_GETFD:
		return FD_CLOEXEC;
	case F_SETFD:
		return 0;
	case F_GETFL:
		return f->flags | O_RDWR;
	case F_SETFL:
		f->flags = (f->flags & ~O_NONBLOCK) | (arg & O_NONBLOCK);
		return 0;
	default:
		return -EINVAL;
	}
}

int weir_fcntl(int fd, int cmd, ...)
{
	struct weir_file *f;
	va_list ap;
	int arg, ret;

	va_start(ap, cmd);
	arg = va_arg(ap, int); /* commands that take none do not look at it */
	va_end(ap);
	enter_world();
	f = fd_file(fd);
	ret = f ? file_fcntl(f, cmd, arg) : -EBADF;
	leave_world();
	return result(ret);
}

static int file_ioctl(struct weir_file *f, unsigned long request, int *arg)
{
	if (request == FIONBIO) {
		f->flags = *arg ? f->flags | O_NONBLOCK : f->flags & ~O_NONBLOCK;
		return 0;
	}
	return f->sk ? sock_ioctl(f->sk, request, arg) : -ENOTTY;
}

int weir_ioctl(int fd, unsigned long request, ...)
{
	struct weir_file *f;
	va_list ap;
	int *arg, ret;

	va_start(ap, request);
	arg = va_arg(ap, int *);
	va_end(ap);
	enter_world();
	f = fd_file(fd);
	ret = f ? file_ioctl(f, request, arg) : -EBADF;
	leave_world();
	return result(ret);
}

struct close_call {
	struct call call;
	struct weir_file *f;
};

static long do_close(struct call *call)
{
	file_release(container_of(call, struct close_call, call)->f);
	return 0;
}

int weir_close(int fd)
{
	struct close_call c = {.call.fn = do_close};
	long ret = -EBADF;

	enter_world();
	c.f = fd_take(fd);
	if (c.f)
		ret = run_call(&c.call, NULL); /* SO_LINGER may wait */
	leave_world();
	return result(ret);
}
