/* SPDX-License-Identifier: MIT */
/* The BSD names of sockets: descriptors, addresses with their family, errno. */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "libc/descriptor.h"
#include "libc/libc.h"

_Static_assert(sizeof(struct iovec) == sizeof(struct sock_iovec) &&
		       offsetof(struct iovec, iov_len) == offsetof(struct sock_iovec, len),
	       "an iovec is handed on as it is");

/* As any file's: nothing asked for is nothing read, whatever there is. */
static long sock_file_read(struct file *f, void *buf, size_t len)
{
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	if (!len)
		return 0;
	return sock_recvmsg(f->sk, &msg, f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0);
}

static long sock_file_write(struct file *f, const void *buf, size_t len)
{
	struct sock_iovec iov = {(void *)(uintptr_t)buf, len};
	struct sock_msg msg = {.iov = &iov, .iovlen = 1};

	return sock_sendmsg(f->sk, &msg, f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0);
}

static void sock_file_fstat(struct file *f __unused, struct stat *st)
{
	st->st_mode = S_IFSOCK | 0777;
}

static int sock_file_ioctl(struct file *f, unsigned long request, void *arg)
{
	int err = sock_ioctl(f->sk, request, arg);

	return err == -ENOTTY ? if_ioctl(request, arg) : err;
}

static u32 sock_file_poll(struct file *f)
{
	return sock_poll(f->sk);
}

static void sock_file_poller_add(struct file *f, struct sock_waiter *w)
{
	sock_waiter_add(f->sk, w);
}

static void sock_file_poller_del(struct file *f __unused, struct sock_waiter *w)
{
	sock_waiter_del(w);
}

static void sock_file_release(struct file *f)
{
	sock_close(f->sk);
}

const struct file_ops sock_file_ops = {
	.read = sock_file_read,
	.write = sock_file_write,
	.fstat = sock_file_fstat,
	.ioctl = sock_file_ioctl,
	.poll = sock_file_poll,
	.poller_add = sock_file_poller_add,
	.poller_del = sock_file_poller_del,
	.release = sock_file_release,
};

/* The socket's file behind fd. NULL: *err. */
static inline struct file *sock_file(int fd, long *err)
{
	struct file *f = fd_file(fd);

	if (unlikely(!f || f->ops != &sock_file_ops)) {
		*err = f ? -ENOTSOCK : -EBADF;
		return NULL;
	}
	return f;
}

/* A descriptor for sk, which is closed on error. type: SOCK_NONBLOCK counts. */
static int sock_install(struct sock *sk, int type)
{
	struct file *f =
		file_create(&sock_file_ops, O_RDWR | (type & SOCK_NONBLOCK ? O_NONBLOCK : 0));

	if (!f) {
		sock_close(sk);
		return -ENOMEM;
	}
	f->sk = sk;
	return fd_install(f, 0);
}

int socket(int domain, int type, int protocol)
{
	struct sock *sk;
	int err = sock_create(libc_net(), domain, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), protocol,
			      &sk);

	return sys_result(err ? err : sock_install(sk, type));
}

/* sockaddr_in to sock_addr. unspec: no family will do, too, as Linux has it for old programs. */
static int addr_in(const struct sockaddr *addr, socklen_t len, bool unspec, struct sock_addr *out)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;

	if (!addr || len < sizeof(*in))
		return -EINVAL;
	if (in->sin_family != AF_INET && !(unspec && in->sin_family == AF_UNSPEC))
		return -EAFNOSUPPORT;
	out->addr = in->sin_addr.s_addr;
	out->port = in->sin_port;
	return 0;
}

/* The reverse, cut to *len, which becomes the length it has. */
static void addr_out(const struct sock_addr *addr, struct sockaddr *out, socklen_t *len)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = addr->port, .sin_addr.s_addr = addr->addr};

	if (likely(*len >= sizeof(in)))
		__builtin_memcpy(out, &in, sizeof(in));
	else
		memcpy(out, &in, *len);
	*len = sizeof(in);
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock_addr to;
	long err = 0;
	struct file *f = sock_file(fd, &err);

	if (f)
		err = addr_in(addr, len, true, &to);
	if (f && !err && addr->sa_family == AF_UNSPEC && to.addr)
		err = -EAFNOSUPPORT;
	return sys_result(err ? err : sock_bind(f->sk, &to));
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock_addr to, *where = &to;
	long err = 0;
	struct file *f = sock_file(fd, &err);

	if (f && addr && len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC)
		where = NULL;
	else if (f)
		err = addr_in(addr, len, false, &to);
	return sys_result(err ? err : sock_connect(f->sk, where, f->flags & O_NONBLOCK));
}

int listen(int fd, int backlog)
{
	long err = 0;
	struct file *f = sock_file(fd, &err);

	return sys_result(f ? sock_listen(f->sk, backlog) : err);
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct sock_addr peer;
	struct sock *sk;
	long err = 0;
	struct file *f = sock_file(fd, &err);

	if (f && flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		err = -EINVAL;
	if (!err)
		err = sock_accept(f->sk, f->flags & O_NONBLOCK, &sk, &peer);
	if (err)
		return sys_result(err);
	if (addr)
		addr_out(&peer, addr, len);
	return sys_result(sock_install(sk, flags));
}

int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept4(fd, addr, len, 0);
}

static inline int msg_flags(const struct file *f, int flags)
{
	return f->flags & O_NONBLOCK ? flags | MSG_DONTWAIT : flags;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t tolen)
{
	struct sock_iovec iov = {(void *)(uintptr_t)buf, len};
	struct sock_msg msg;
	long err;
	struct file *f = sock_file(fd, &err);

	if (unlikely(!f))
		return sys_result(err);
	msg.iov = &iov;
	msg.iovlen = 1;
	msg.controllen = 0;
	msg.has_name = to != NULL;
	if (to) {
		err = addr_in(to, tolen, true, &msg.name);
		if (unlikely(err))
			return sys_result(err);
	}
	return sys_result(sock_sendmsg(f->sk, &msg, msg_flags(f, flags)));
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct sock_msg msg = {.iov = (struct sock_iovec *)(void *)m->msg_iov,
			       .iovlen = m->msg_iovlen,
			       .control = m->msg_control,
			       .controllen = m->msg_control ? m->msg_controllen : 0,
			       .has_name = m->msg_name != NULL};
	long err = 0;
	struct file *f = sock_file(fd, &err);

	if (f && m->msg_iovlen > IOV_MAX)
		err = -EMSGSIZE;
	if (f && m->msg_name && !err)
		err = addr_in(m->msg_name, m->msg_namelen, true, &msg.name);
	return sys_result(err ? err : sock_sendmsg(f->sk, &msg, msg_flags(f, flags)));
}

/* What was received, or -errno. */
static inline long recv_one(int fd, struct sock_msg *msg, struct sock_iovec *iov, int flags)
{
	long ret;
	struct file *f = sock_file(fd, &ret);

	if (unlikely(!f))
		return ret;
	msg->iov = iov;
	msg->iovlen = 1;
	msg->controllen = 0;
	msg->has_name = false;
	return sock_recvmsg(f->sk, msg, msg_flags(f, flags));
}

ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
		 socklen_t *fromlen)
{
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg;
	long ret = recv_one(fd, &msg, &iov, flags);

	if (ret >= 0 && from && msg.has_name)
		addr_out(&msg.name, from, fromlen);
	else if (ret >= 0 && from)
		*fromlen = 0;
	return sys_result(ret);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	struct sock_iovec iov = {buf, len};
	struct sock_msg msg;

	return sys_result(recv_one(fd, &msg, &iov, flags));
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	struct sock_msg msg = {.iov = (struct sock_iovec *)(void *)m->msg_iov,
			       .iovlen = m->msg_iovlen,
			       .control = m->msg_control,
			       .controllen = m->msg_control ? m->msg_controllen : 0};
	long ret = 0;
	struct file *f = sock_file(fd, &ret);

	if (f && m->msg_iovlen > IOV_MAX)
		ret = -EMSGSIZE;
	if (!ret)
		ret = sock_recvmsg(f->sk, &msg, msg_flags(f, flags));
	if (ret < 0)
		return sys_result(ret);
	if (m->msg_name && msg.has_name)
		addr_out(&msg.name, m->msg_name, &m->msg_namelen);
	else
		m->msg_namelen = 0;
	m->msg_controllen = msg.controllen;
	m->msg_flags = msg.flags;
	return ret;
}

/* Bytes in n buffers, or -EINVAL: more than a call can tell of. */
static ssize_t vector_length(const struct iovec *iov, int n)
{
	size_t len = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (iov[i].iov_len > (size_t)PTRDIFF_MAX - len)
			return -EINVAL;
		len += iov[i].iov_len;
	}
	return len;
}

static ssize_t vector_io(int fd, const struct iovec *iov, int n, bool out)
{
	struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};
	struct file *f = fd_file(fd);
	ssize_t done = 0, len;
	int i;

	if (!f || n < 0 || n > IOV_MAX)
		return sys_result(f ? -EINVAL : -EBADF);
	len = vector_length(iov, n);
	if (len <= 0)
		return sys_result(len);
	if (f->ops == &sock_file_ops)
		return out ? sendmsg(fd, &m, 0) : recvmsg(fd, &m, 0);
	for (i = 0; i < n; i++) {
		ssize_t part = out ? write(fd, iov[i].iov_base, iov[i].iov_len)
				   : read(fd, iov[i].iov_base, iov[i].iov_len);

		if (part < 0)
			return done ? done : part;
		done += part;
		if ((size_t)part < iov[i].iov_len)
			break;
	}
	return done;
}

ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return vector_io(fd, iov, n, false);
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return vector_io(fd, iov, n, true);
}

int shutdown(int fd, int how)
{
	long err = 0;
	struct file *f = sock_file(fd, &err);

	return sys_result(f ? sock_shutdown(f->sk, how) : err);
}

static int name_of(int fd, struct sockaddr *addr, socklen_t *len,
		   int (*get)(struct sock *, struct sock_addr *))
{
	struct sock_addr name;
	long err = 0;
	struct file *f = sock_file(fd, &err);

	if (f)
		err = *len > INT32_MAX ? -EINVAL : get(f->sk, &name);
	if (!err)
		addr_out(&name, addr, len);
	return sys_result(err);
}

int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return name_of(fd, addr, len, sock_getsockname);
}

int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return name_of(fd, addr, len, sock_getpeername);
}

int setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	long err = 0;
	struct file *f = sock_file(fd, &err);

	return sys_result(f ? sock_setsockopt(f->sk, level, name, val, len) : err);
}

int getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	long err = 0;
	struct file *f = sock_file(fd, &err);

	return sys_result(f ? sock_getsockopt(f->sk, level, name, val, len) : err);
}
