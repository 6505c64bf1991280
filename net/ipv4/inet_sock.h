/* SPDX-License-Identifier: MIT */
/*
 * Sockets of IPv4: the object that UDP, ping and raw sockets share, and what their protocols implement.
 *
 * Life: sk_alloc (sock_create) -> proto->start -> traffic -> proto->close, closed = true -> freed when no thread
 * is inside (users) and no packet of it is under way (wmem).
 *
 * Context: all of it softirq, or a thread with softirqs disabled. Only sk_wait() sleeps.
 */
#pragma once

#include "lib/errno.h"
#include "net/core/filter.h"
#include "net/core/net_namespace.h"
#include "net/ip.h"
#include "net/ipv4/inet_opt.h"
#include "net/sock.h"
#include "net/wire/checksum.h"

#define SOCKETS_MIN      4096 /* may be open whatever memory there is; else one for each 2 KiB */
#define SOCKETS_MAX      (1U << 20)
#define SK_MEM_DEFAULT   212992 /* net.core.[rw]mem_default and _max: Linux's */
#define SK_RCVBUF_MIN    2304   /* SOCK_MIN_RCVBUF */
#define SK_SNDBUF_MIN    4608   /* SOCK_MIN_SNDBUF */
#define SK_OPTMEM_MAX    131072 /* net.core.optmem_max: Linux's */
#define LOCAL_PORT_FIRST 32768  /* net.ipv4.ip_local_port_range */
#define LOCAL_PORT_LAST  60999

/* sock.state: Linux's numbers of the TCP states, which `ss` shows for all. */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING
};

enum { RCV_SHUTDOWN = 1, SEND_SHUTDOWN = 2 };

/* sock.cmsg_flags: ancillary data that recvmsg gives. */
enum {
	SK_CMSG_PKTINFO = 1,
	SK_CMSG_TTL = 2,
	SK_CMSG_TOS = 4,
	SK_CMSG_TIMESTAMP = 8,
	SK_CMSG_TIMESTAMPNS = 16,
	SK_CMSG_TIMESTAMPING = 0x2000,
	SK_CMSG_TIME = SK_CMSG_TIMESTAMP | SK_CMSG_TIMESTAMPNS | SK_CMSG_TIMESTAMPING,
	SK_CMSG_RXQ_OVFL = 32,
	SK_CMSG_ORIGDST = 64,
	SK_CMSG_CHECKSUM = 128,
	SK_CMSG_RECVOPTS = 256,
	SK_CMSG_RETOPTS = 512,
	SK_CMSG_INQ = 0x4000, /* TCP_INQ */
	SK_CMSG_PEEK_OFF =
		0x8000 /* SO_PEEK_OFF moves: nothing is told, but it is looked at where that is */
};

struct ip_mc_socklist;

struct proto {
	const char *name; /* "UDP" */
	u8 type, protocol;
	u32 obj_size; /* of the object that begins with struct sock */
	/* Its memory, not cleared, or NULL; and back. Both NULL: the heap's. */
	struct sock *(*alloc)(struct net *net);
	void (*free)(struct sock *sk);
	/* All fields have their first values, sk->protocol is what socket() asked for. May be NULL. */
	int (*start)(struct sock *sk);
	/* No further packet may reach sk. */
	void (*close)(struct sock *sk);
	/* Gives sk its local end; port 0: any free one. addr is local or a wildcard. */
	int (*get_port)(struct sock *sk, be32 addr, be16 port);
	/* Local or remote end changed: finds its place in the tables again. */
	void (*rehash)(struct sock *sk);
	/* addr NULL: dissolve. Datagram protocols: inet_dgram_connect. */
	int (*connect)(struct sock *sk, const struct sock_addr *addr, bool nonblock);
	int (*listen)(struct sock *sk, int backlog); /* these two may be NULL: -EOPNOTSUPP */
	int (*accept)(struct sock *sk, bool nonblock, struct sock **out, struct sock_addr *peer);
	int (*shutdown)(struct sock *sk, int how); /* NULL: only the two directions are noted */
	long (*sendmsg)(struct sock *sk, const struct sock_msg *msg, int flags);
	long (*recvmsg)(struct sock *sk, struct sock_msg *msg, int flags);
	/* Of the protocol's own level. NULL: none. */
	int (*setsockopt)(struct sock *sk, int level, int name, const void *val, u32 len);
	int (*getsockopt)(struct sock *sk, int level, int name, void *val, u32 *len);
	/* Bytes that FIONREAD tells, or -E; SIOCOUTQ (NULL: wmem). */
	int (*inq)(struct sock *sk);
	int (*outq)(struct sock *sk);
	/* Those in the table that are of one SO_REUSEPORT group with sk (itself, too); after NULL: the first. NULL: no groups. */
	struct sock *(*group_next)(struct sock *sk, struct sock *after);
	bool (*at_mark)(struct sock *sk); /* SIOCATMARK: the urgent octet is next; NULL: -ENOTTY */
	u32 (*poll)(struct sock *sk);
};

/*
 * The last way a socket's packets went, with all that its options say of the IP header: used again for the next packet
 * to the same destination while the route is valid. Dropped when an option or an end of the socket changes.
 */
struct sk_route {
	struct rtable *rt; /* held; NULL: nothing kept */
	struct ip_tx ip;
};

struct sock {
	struct net *net;
	const struct proto *prot;
	u8 type, protocol, state, shutdown;
	u16 cmsg_flags;
	bool closed;
	u32 users;       /* threads inside */
	u16 waiting;     /* of them, asleep */
	u16 group_place; /* in its SO_REUSEPORT group, from 1 on; 0: in none */
	int err;         /* -E to be told once; 0: none */

	/* local and remote end; network order */
	be32 rcv_saddr; /* packets must be for it; 0: any */
	be32 saddr;     /* packets carry it */
	be32 daddr;
	be16 sport, dport;
	u32 bound_dev_if;

	struct bpf_prog *filter; /* SO_ATTACH_FILTER; NULL: none */
	struct bpf_prog *select; /* SO_ATTACH_REUSEPORT_CBPF: its group's, or of what will be one */

	struct sk_buff_head receive_queue;
	struct sk_buff_head error_queue; /* IP_RECVERR */
	u32 rmem, wmem; /* bytes of packets received and waiting; sent and under way */
	u32 rcvbuf, sndbuf;
	u64 drops;              /* for want of room in rcvbuf */
	u64 rcvtimeo, sndtimeo; /* ns, 0: for ever */
	struct plat_wait wait;
	struct list_head waiters; /* struct sock_waiter */

	struct sk_route route;

	int peek_off; /* SO_PEEK_OFF; below 0: none */
	u32 tsflags;  /* SO_TIMESTAMPING */
	u32 tskey;    /* the next datagram's number; of streams the sequence number that is 0 */
	u16 rx_iif;   /* the NIC that brought the last packet */

	/* options */
	u8 tos, ttl, mc_ttl;
	u8 pmtudisc;
	u8 reuse : 1, reuseport : 1, broadcast : 1, no_check : 1, hdrincl : 1, recverr : 1;
	u8 addr_bound : 1; /* bind() chose the address */
	u8 port_bound : 1; /* bind() chose the port */
	u8 freebind : 1;   /* bind() takes addresses that are not ours (yet) */
	u8 mc_loop : 1;    /* our members hear what we send to a group */
	u8 rcvbuf_locked : 1,
		sndbuf_locked : 1; /* SO_RCVBUF, SO_SNDBUF: no longer ours to choose */
	u8 mc_all : 1;             /* groups that others of this host are in are heard, too */
	u8 nospace : 1;            /* TCP: somebody was told that there is no room to write */
	u8 dontroute : 1, select_err_queue : 1;
	u8 bind_no_port : 1;  /* bind() to port 0 leaves the port to connect() */
	u8 filter_locked : 1; /* SO_LOCK_FILTER */
	u8 idle_keepalive : 1, idle_oobinline : 1; /* these are kept for the program alone */
	u8 transparent : 1;                        /* it speaks for addresses that are not ours */
	u8 nodefrag : 1;     /* pieces that it sends are not put together, for nobody */
	u8 router_alert : 1; /* raw: it sees what is forwarded */
	u8 min_ttl;          /* TCP: what comes with less is not for it */
	u32 local_ports;     /* IP_LOCAL_PORT_RANGE, as it was told */
	u32 uc_index;        /* unicast leaves by it, 0: as the route says */
	int idle_rcvlowat, idle_linger[2];
	u32 ino;                   /* counts up, for ss */
	struct inet_opt *inet_opt; /* NULL: none */
	u32 mark, priority;
	u32 mc_index;                   /* multicast leaves by it, 0: as the route says */
	be32 mc_addr;                   /* and has this source */
	struct ip_mc_socklist *mc_list; /* groups it is in (net/ipv4/igmp.h) */

	struct list_head list; /* net's sockets */
};

/* From tos to the last flag: what accept() hands on in one piece. */
#define SK_OPTIONS_AT  offsetof(struct sock, tos)
#define SK_OPTIONS_LEN (offsetof(struct sock, idle_rcvlowat) - SK_OPTIONS_AT)

/* All sockets of a stack, and the settings of sockets in general. */
struct socket_table {
	struct list_head socks;
	u32 nr, max;
	u32 last_ino;
	int rmem_default, rmem_max, wmem_default, wmem_max, optmem_max;
	int port_range[2];
};

/* What a received packet in receive_queue carries (skb->cb); data at the payload (raw: at the IP header). */
struct sk_skb_cb {
	struct inet_skb_parm ip;
	u32 iif;
	be32 spec_dst; /* an address of ours to answer from */
};

u32 inet_iif_looped(const struct sk_buff *skb);

/* The device that sockets see a packet come by; of one that never left, it is that which has its destination. */
static inline u32 inet_iif(const struct sk_buff *skb)
{
	return unlikely(skb->dev->flags & IFF_LOOPBACK) ? inet_iif_looped(skb) : skb->dev->ifindex;
}

static inline struct sk_skb_cb *SK_SKB_CB(struct sk_buff *skb)
{
	return (struct sk_skb_cb *)skb->cb;
}

/* -ENFILE, -ENOMEM. protocol: of a proto that serves many (raw), else its own. */
int sk_alloc(struct net *net, const struct proto *prot, u8 protocol, struct sock **out);
/* What ss shows of every kind of socket. */
struct sock_info;
void sock_info_fill(const struct sock *sk, struct sock_info *info);
/* Frees sk if it is closed and nothing refers to it. */
void sk_try_free(struct sock *sk);

/* Its program has no part in it any more: no longer in the table of sockets. */
void sk_detach(struct sock *sk);

/* Wakes those who wait and tells the waiters what changed (POLLIN ..., 0: perhaps anything). */
void sk_wake_slow(struct sock *sk, u32 changed);

static inline void sk_wake_for(struct sock *sk, u32 changed)
{
	if (sk->waiting || !list_empty(&sk->waiters))
		sk_wake_slow(sk, changed);
}

static inline void sk_wake(struct sock *sk)
{
	sk_wake_for(sk, 0);
}

#define SK_READABLE (POLLIN | POLLRDNORM)
#define SK_WRITABLE (POLLOUT | POLLWRNORM)

/*
 * Sleeps until sk changed. *deadline 0: not known yet, then it is now + timeo. 0, -EAGAIN (too late), -EINTR, -EBADF (closed).
 * The caller is inside an op of sk's protocol.
 */
int sk_wait(struct sock *sk, u64 *deadline, u64 timeo) __must_check;

/* The pending error, which is then told. */
static inline int sk_error(struct sock *sk)
{
	int err = sk->err;

	sk->err = 0;
	return err;
}

/* Sets the pending error and wakes. */
void sk_report_error(struct sock *sk, int err);

bool sk_filter_run(struct sock *sk, struct sk_buff *skb, u32 cap);

/*
 * Whether sk's filter, if it has one, lets skb pass, which it may have cut, to not fewer than cap bytes. False: it is dropped.
 * skb->dev and its headers are set; pointers into it are void afterwards.
 */
static inline bool sk_filter(struct sock *sk, struct sk_buff *skb, u32 cap)
{
	return likely(!sk->filter) || sk_filter_run(sk, skb, cap);
}

/* Whether net.core.optmem_max has room for size bytes more of a program of sk's, which holds one already, or NULL. */
bool sk_optmem_allows(const struct sock *sk, const struct bpf_prog *held, u32 size);

/*
 * Groups of SO_REUSEPORT. Members have places in the order in which they joined, where the last one takes the place of one that
 * leaves, as in Linux: what a program answers is such a place, from 0 on. sk joins before it is in its protocol's table, and
 * leaves behind.
 */
void reuseport_join(struct sock *sk);
void reuseport_leave(struct sock *sk);
int reuseport_attach_prog(struct sock *sk, struct bpf_prog *prog); /* -EINVAL: in no group */
int reuseport_detach_prog(struct sock *sk);                        /* -EINVAL, -ENOENT */
/*
 * The n-th of a group takes one n-th of the flows from those before it. Sums of neighbouring ports lie at equal distances, so
 * they are stirred (the end of MurmurHash3), for each n anew: who takes a flow says nothing of the next.
 */
static inline bool reuseport_nth_takes(u32 flow, u32 n)
{
	u32 x = flow ^ n * 0x9e3779b9U;

	x = (x ^ x >> 16) * 0x85ebca6bU;
	x = (x ^ x >> 13) * 0xc2b2ae35U;
	return (x ^ x >> 16) % n == 0;
}

/* Whom the group's program, which there is, chooses for skb, whose payload is behind hlen bytes; else sk. */
struct sock *reuseport_select(struct sock *sk, struct sk_buff *skb, u32 hlen);

/* Drops skb; false. */
bool sk_rcvbuf_full(struct sock *sk, struct sk_buff *skb);

/*
 * Queues a received packet, or drops it: no room (false). Consumes. Wakes sleepers for the first packet in the queue
 * only: they take all; waiters (epoll's edges) hear of each. As in Linux a packet may go over the limit, not start
 * beyond it.
 */
static inline bool sk_queue_rcv_skb(struct sock *sk, struct sk_buff *skb)
{
	if (unlikely(sk->rmem > sk->rcvbuf))
		return sk_rcvbuf_full(sk, skb);
	if (unlikely(skb->destructor)) {
		skb->destructor(skb);
		skb->destructor = NULL;
	}
	sk->rmem += skb->truesize;
	skb_queue_tail(&sk->receive_queue, skb);
	if (sk->receive_queue.qlen == 1 || !list_empty(&sk->waiters))
		sk_wake_for(sk, SK_READABLE);
	return true;
}

int sk_wait_to_send_slow(struct sock *sk, const struct sock_msg *msg, int flags, bool need_port);

static inline bool sk_may_send(const struct sock *sk)
{
	return !sk->err && !(sk->shutdown & SEND_SHUTDOWN) && sk->wmem < sk->sndbuf;
}

/* Waits until sk may send msg, unless MSG_DONTWAIT: 0 or -E, also of sk_tx_prepare(), which is then to come. */
static inline int sk_wait_to_send(struct sock *sk, const struct sock_msg *msg, int flags,
				  bool need_port)
{
	return likely(sk_may_send(sk)) ? 0 : sk_wait_to_send_slow(sk, msg, flags, need_port);
}

/* A packet to send, data room of len behind IP_TX_HEADROOM, charged to sk. NULL: no memory. */
struct sk_buff *sk_alloc_send_skb(struct sock *sk, size_t len) __must_check;

u32 msg_copy_csum_slow(void *dst, const struct sock_msg *msg, size_t len);
void msg_copy(void *dst, const struct sock_msg *msg, size_t len);

/* Copies all of msg to dst, which has len bytes of room, and returns the sum of it. */
static inline u32 msg_copy_csum(void *dst, const struct sock_msg *msg, size_t len)
{
	if (likely(msg->iovlen == 1))
		return csum_partial_copy(dst, msg->iov[0].base, len, 0);
	return msg_copy_csum_slow(dst, msg, len);
}

long msg_length_slow(const struct sock_msg *msg, size_t max);

/* Bytes in msg, or -EMSGSIZE if more than max. */
static inline long msg_length(const struct sock_msg *msg, size_t max)
{
	if (likely(msg->iovlen == 1 && msg->iov[0].len <= max))
		return msg->iov[0].len;
	return msg_length_slow(msg, max);
}

int sk_wait_skb_slow(struct sock *sk, int flags);

/* Waits for a packet in the receive queue, unless MSG_DONTWAIT: 1: there is one; 0: none will come (shutdown()); -E. */
static inline int sk_wait_skb(struct sock *sk, int flags)
{
	return likely(!skb_queue_empty(&sk->receive_queue) && !sk->err)
		       ? 1
		       : sk_wait_skb_slow(sk, flags);
}

/* Fills msg's buffers from skb, from offset on; how many bytes, or -EFAULT. */
long skb_copy_to_msg(const struct sk_buff *skb, u32 offset, const struct sock_msg *msg);

/* What MSG_PEEK is shown: a packet that waits, from *offset on. NULL: nothing. */
struct sk_buff *sk_peek_find(struct sock *sk, u32 *offset);
/* As sk_recv_skb() for that. */
long sk_peek_skb(struct sock *sk, struct sk_buff *skb, u32 offset, struct sock_msg *msg, int flags);

/* So much was shown; less than 0: read. */
static inline void sk_peek_offset_move(struct sock *sk, long n)
{
	if (sk->peek_off >= 0)
		sk->peek_off = max((s32)((u32)sk->peek_off + (u32)n), 0);
}

/* Copies payload and ancillary data out of skb, and takes it from the queue unless MSG_PEEK. As recvmsg returns. */
long sk_recv_skb(struct sock *sk, struct sk_buff *skb, struct sock_msg *msg, int flags);

/* Where a message goes and how. */
struct sk_tx {
	struct rtable *rt; /* lent */
	struct ip_tx *ip;  /* the socket's own, or once */
	be16 dport;
	struct ip_tx once;
	struct inet_opt opt; /* the message's own, if once.opt says so */
};

/*
 * Destination (of msg, or the connected one), ancillary data, options, route, right to broadcast.
 * need_port: an address without a port is refused.
 */
int sk_tx_prepare(struct sock *sk, const struct sock_msg *msg, int flags, bool need_port,
		  struct sk_tx *tx);

/* After sk_tx_prepare: whether a packet of ip_len bytes without options says don't fragment (IP_MTU_DISCOVER). */
static inline void sk_tx_set_df(const struct sock *sk, struct sk_tx *tx, size_t ip_len)
{
	if (unlikely(tx->ip->opt))
		ip_len += tx->ip->opt->optlen;
	if (likely(sk->pmtudisc == IP_PMTUDISC_WANT))
		tx->ip->df = ip_len <= ip_dst_mtu(&tx->rt->dst) && !tx->rt->mtu_locked;
	else
		tx->ip->df = sk->pmtudisc == IP_PMTUDISC_DO || sk->pmtudisc == IP_PMTUDISC_PROBE;
}

bool ip_mc_sf_allow_slow(const struct sock *sk, be32 daddr, be32 saddr, u32 iif);

/* Whether sk's memberships and source filters let a packet to many pass. */
static inline bool ip_mc_sf_allow(const struct sock *sk, be32 daddr, be32 saddr, u32 iif)
{
	if (likely(!sk->mc_list && sk->mc_all))
		return true;
	return ip_mc_sf_allow_slow(sk, daddr, saddr, iif);
}

/* The ports that sk may be given when it names none: how many, from *first on. */
u32 inet_local_ports(const struct sock *sk, u32 *first);

/* Whether its packets may have a source that is not ours. */
static inline bool sk_anysrc(const struct sock *sk)
{
	return sk->transparent || sk->hdrincl;
}

/* The device that unicast packets are to leave by; 0: any. */
static inline u32 sk_unicast_oif(const struct sock *sk)
{
	return sk->bound_dev_if || sk->type == SOCK_STREAM ? sk->bound_dev_if : sk->uc_index;
}

/* Before dev and dst go: what IP_PKTINFO tells. */
void sk_note_way(const struct sock *sk, struct sk_buff *skb);

/* Forgets the kept route. */
void sk_route_drop(struct sock *sk);

/* A local port for a socket that has none. -EAGAIN: there is none, or no memory. */
static inline int inet_autobind(struct sock *sk)
{
	return likely(sk->sport) || !sk->prot->get_port(sk, sk->rcv_saddr, 0) ? 0 : -EAGAIN;
}

/* For protocols: connect, disconnect, poll, FIONREAD. */
int inet_dgram_connect(struct sock *sk, const struct sock_addr *addr, bool nonblock);
u32 inet_dgram_poll(struct sock *sk);
int inet_dgram_inq(struct sock *sk);

/* An ICMP error about a packet of a socket's. */
struct sk_icmp_error {
	u8 type, code;
	u32 info;
	u32 payload; /* where, from the quoted IP header on, what is shown to the program begins */
	be16 dport;  /* the packet's, 0: none */
};

/* Tells sk of it. skb as net_protocol.err_handler() has it, borrowed. */
void sk_icmp_error(struct sock *sk, struct sk_buff *skb, const struct sk_icmp_error *e);

/* A packet must not be fragmented and does not fit: told by IP_RECVERR, too. -EMSGSIZE. */
int sk_too_big(struct sock *sk, const struct sk_tx *tx);

/* Forgets what is in the error queue. */
void sk_purge_errors(struct sock *sk);

/* MSG_ERRQUEUE. */
long sk_recv_error(struct sock *sk, struct sock_msg *msg);

/* ---- inet_tstamp.c: SO_TIMESTAMPING */
/* sk_buff.tx_flags, which are also ip_tx.tx_flags, for what tsflags ask of a datagram. */
u8 sk_tstamp_tx_flags(u32 tsflags);
/* skb, whose owner is skb->sk, is to be stamped so. */
void sk_tstamp_begin(struct sk_buff *skb, u8 tx_flags);
/* to, a part or a copy of skb of sk's without an owner, is stamped in its place; sk stays for as long as it takes. */
void sk_tstamp_follow(struct sock *sk, struct sk_buff *to, const struct sk_buff *skb);
/* Tells sk that skb (borrowed) has come as far as type says: SCM_TSTAMP_*. */
void sk_tstamp_tx(struct sock *sk, struct sk_buff *skb, u32 type);
int sk_get_timestamping(const struct sock *sk, void *val, u32 *len);
/* first_key: SOF_TIMESTAMPING_OPT_ID counts from there. */
int sk_set_timestamping(struct sock *sk, const void *val, u32 len, u32 first_key);

/* Ancillary data (inet_cmsg.c). */
/* Appends one item in a room of so many bytes; cuts it, or leaves it out, where the room ends. */
void put_cmsg(struct sock_msg *msg, size_t room, int level, int type, const void *data, size_t len);
/* Of what came in at tstamp, for those of flags: SCM_TIMESTAMPNS, or SCM_TIMESTAMP; SCM_TIMESTAMPING. */
void sk_cmsg_timestamp(u16 flags, u64 tstamp, struct sock_msg *msg, size_t room);
/* What sk wants of the IP header and the way of skb; then that of all. */
void ip_cmsg_recv(const struct sock *sk, struct sk_buff *skb, struct sock_msg *msg, size_t room);
void sk_cmsg_recv(struct sock *sk, struct sk_buff *skb, struct sock_msg *msg, size_t room);
/* What msg says goes to tx->ip and *oif. 0, -EINVAL. */
int sk_cmsg_send(struct sock *sk, const struct sock_msg *msg, struct sk_tx *tx, u32 *oif);
