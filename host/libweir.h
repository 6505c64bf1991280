/* SPDX-License-Identifier: MIT */
/*
 * libweir: stacks, devices, sockets, time and the control language in a process of yours.
 *
 * The library has no threads and starts nothing by itself. You put frames in, get frames out by a callback, and say how
 * much time has passed; weir_next_deadline() tells when the library wants to be called again. host/weir-example.c is a
 * server driven this way in 56 lines, frame by frame:
 *
 * 	weir_init(1);
 * 	struct net *net = weir_stack_new();
 * 	struct weir_nic *nic = weir_nic_user(net, "eth0", NULL, on_frame, NULL);
 * 	weir_ctl(net, "ip addr add 10.0.0.1/24 dev eth0", NULL, 0);
 * 	weir_ctl(net, "ip link set eth0 up", NULL, 0);
 * 	int fd = weir_socket(net, AF_INET, SOCK_STREAM, 0);
 * 	weir_nic_input(nic, frame, len);	frame is in
 * 	weir_run();				on_frame(NULL, reply, len) has been called
 * 	weir_advance(60 * 1000000000ULL);	a minute has passed
 * 	weir_close(fd);
 * 	weir_nic_remove(nic);
 * 	weir_stack_free(net);
 *
 * Beside the calls on descriptors below there are those of net/sock.h on objects (sock_create() ...).
 *
 * One world per process. Times are nanoseconds. Any thread may call weir_*, one is inside at a time; sock_* and net_ctl()
 * are for programs of one thread. The callback of a device may call weir_nic_input(), and nothing else.
 */
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct net;
struct weir_nic;

/*
 * Begins (or begins again, when everything has been freed) with a virtual clock; all randomness
 * follows from seed.
 */
void weir_init(uint64_t seed);

/* The machine's clock instead of the virtual one, and true random bytes. After weir_init(). */
void weir_use_real_clock(void);

/* fn gets the lines that the stack logs, with their level (syslog's), instead of standard error. After weir_init(). */
void weir_on_log(void (*fn)(void *arg, int level, const char *line), void *arg);

uint64_t weir_now(void);

/* When something happens by itself next; UINT64_MAX: never. */
uint64_t weir_next_deadline(void);

/* Does all there is to do now. */
void weir_run(void);

/* The same, and lets ns of time pass, with everything that becomes due on the way. */
void weir_advance(uint64_t ns);

/* A stack with its loopback device. NULL: no memory. */
struct net *weir_stack_new(void);

/* Its NICs must be removed and its sockets closed. */
void weir_stack_free(struct net *net);

/*
 * Ethernet devices, down at first. name NULL: eth0, eth1 ...; mac NULL: made up. NULL: the stack
 * refused (no memory, name taken), or errno says why the tap or file cannot be opened.
 */

/* fn gets what the stack sends; it may call weir_nic_input() of any NIC. */
struct weir_nic *weir_nic_user(struct net *net, const char *name, const uint8_t mac[6],
			       void (*fn)(void *arg, const void *frame, size_t len), void *arg);

/* A cable between two stacks: 0 and both NICs in nics, or -1. */
int weir_nic_pair(struct net *a, struct net *b, struct weir_nic *nics[2]);

/* A Linux tap device (with the real clock). */
struct weir_nic *weir_nic_tap(struct net *net, const char *name, const char *tap);

/*
 * Receives the frames of a capture file at the distances of their time stamps; sent frames are
 * dropped.
 */
struct weir_nic *weir_nic_pcap(struct net *net, const char *name, const char *path);

/* Puts a frame on the wire towards the stack. It is taken at the next weir_run(). */
void weir_nic_input(struct weir_nic *nic, const void *frame, size_t len);

void weir_nic_remove(struct weir_nic *nic);

/*
 * Runs one command line ("ip addr show", quotes as in a shell). What it prints goes to text (cut to
 * size, ended by 0; may be NULL). Returns its exit status; 127: no such command; 2: a line that
 * cannot be split into words.
 */
int weir_ctl(struct net *net, const char *line, char *text, size_t size);

/*
 * ---- sockets
 *
 * The calls of sections 2 and 3 of the manual by their names, with this machine's structures and numbers, -1 and errno.
 * Descriptors are the world's own, the lowest free number from 3 on, and mean nothing to the kernel. No signal is ever
 * sent: a broken pipe is EPIPE. What is refused is refused as docs/COMPATIBILITY.md says.
 *
 * A call that must wait (the descriptor is blocking, or a timeout is not over) does so in one of two ways.
 */
enum weir_blocking {
	/*
	 * It moves the clock from deadline to deadline until it is served: for programs of one thread. Where nothing will
	 * ever happen it ends the process with a message.
	 */
	WEIR_MOVES_CLOCK,
	/*
	 * Its thread waits until others have moved the world so far (weir_nic_input(), weir_run(), weir_advance()): for
	 * programs that have one thread in a call and inject packets by another. When the call is served, its thread goes on
	 * before the clock does.
	 */
	WEIR_WAITS
};

/* Of calls from now on. At first: WEIR_MOVES_CLOCK. */
void weir_blocking(enum weir_blocking mode);

int weir_socket(struct net *net, int domain, int type, int protocol);
int weir_bind(int fd, const struct sockaddr *addr, socklen_t len);
int weir_listen(int fd, int backlog);
int weir_accept(int fd, struct sockaddr *addr, socklen_t *len);
int weir_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);
int weir_connect(int fd, const struct sockaddr *addr, socklen_t len);
ssize_t weir_read(int fd, void *buf, size_t len);
ssize_t weir_readv(int fd, const struct iovec *iov, int n);
ssize_t weir_recv(int fd, void *buf, size_t len, int flags);
ssize_t weir_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *from,
		      socklen_t *fromlen);
ssize_t weir_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t weir_write(int fd, const void *buf, size_t len);
ssize_t weir_writev(int fd, const struct iovec *iov, int n);
ssize_t weir_send(int fd, const void *buf, size_t len, int flags);
ssize_t weir_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		    socklen_t tolen);
ssize_t weir_sendmsg(int fd, const struct msghdr *msg, int flags);
int weir_close(int fd);
int weir_shutdown(int fd, int how);
int weir_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int weir_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
int weir_getsockopt(int fd, int level, int name, void *val, socklen_t *len);
int weir_setsockopt(int fd, int level, int name, const void *val, socklen_t len);
/* F_GETFL, F_SETFL (O_NONBLOCK), F_GETFD, F_SETFD, F_DUPFD. */
int weir_fcntl(int fd, int cmd, ...);
/* FIONREAD, SIOCOUTQ, FIONBIO and the others of sock_ioctl(). */
int weir_ioctl(int fd, unsigned long request, ...);
int weir_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int weir_epoll_create(int size);
int weir_epoll_create1(int flags);
int weir_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
int weir_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms);
