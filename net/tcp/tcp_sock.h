/* SPDX-License-Identifier: MIT */
/*
 * TCP's objects (RFC 9293): the connection (struct tcp_sock), and what stands for one before it is open (tcp_request)
 * and after it is closed (tcp_timewait). All three are found by their ends in one table; a listener by its port.
 *
 * Life of a connection: sk_alloc -> connect(), or the last ACK of a handshake -> traffic -> close(): while the peer
 * still has to hear of it the socket is an orphan, whose last user (sk.users) is TCP itself -> tcp_done().
 *
 * Context: softirq, or a thread with softirqs disabled; nothing else runs meanwhile, so nothing is locked.
 */
#pragma once

#include "lib/siphash.h"
#include "lib/timer_wheel.h"
#include "net/ipv4/inet_sock.h"
#include "net/tcp_info.h"
#include "net/wire/tcp_hdr.h"

#define TCP_RTO_INIT          NSEC_PER_SEC /* RFC 6298 s2.1 */
#define TCP_RTO_FALLBACK      (3 * NSEC_PER_SEC)
#define TCP_RTO_MIN           (200 * NSEC_PER_MSEC) /* differs from RFC 6298 s2.4 (1 s): as Linux */
#define TCP_RTO_MAX           (120 * NSEC_PER_SEC)
#define TCP_DELACK            (40 * NSEC_PER_MSEC) /* RFC 9293 MUST-40: under 0.5 s */
#define TCP_ACK_COMPANY       (2 * NSEC_PER_MSEC) /* an ACK due at once waits for an answer to ride on */
#define TCP_TIMEWAIT_LEN      (60 * NSEC_PER_SEC)
#define TCP_INIT_CWND         10   /* RFC 6928 */
#define TCP_MIN_SNDMSS        48   /* no peer makes us send less in a packet */
#define TCP_OFO_MAX           2048 /* segments that wait out of order, whatever room there is */
#define TCP_QUICKACKS         16   /* segments acknowledged at once at the start */
#define TCP_LISTEN_SLOTS      32
#define TCP_PAWS_24DAYS       (24ULL * 86400 * NSEC_PER_SEC) /* RFC 7323 s5.5 */
#define TCP_INFINITE_SSTHRESH 0x7fffffffU
#define TCP_TX_HEADROOM       (IP_TX_HEADROOM + TCP_HLEN_MAX)

/* What is found by its ends. */
enum tcp_end_kind { TCP_END_SOCK, TCP_END_REQUEST, TCP_END_TIMEWAIT };

struct tcp_bind_bucket;
struct sysctl_text;

struct tcp_end {
	struct hlist_node node;      /* by both ends */
	struct hlist_node bind_node; /* by local port */
	struct tcp_bind_bucket *tb;
	u64 addrs; /* local, remote above */
	u32 ports;
	u8 kind;
	bool reuse, reuseport; /* SO_REUSEADDR, SO_REUSEPORT, of a TIME_WAIT */
};

/* A local port in use, and by whom. */
struct tcp_bind_bucket {
	struct hlist_node node;
	struct hlist_head owners;
	be16 port;
	bool by_connect; /* all of its owners were given it by connect(): others may share it */
};

/* A handshake that waits for its last ACK (RFC 9293: SYN-RECEIVED). */
struct tcp_request {
	struct tcp_end end;
	struct list_head list; /* the listener's */
	struct timer timer;
	struct tcp_sock *listener;
	struct inet_opt *ip_opt; /* NULL: none */
	struct rtable *rt;       /* the way to the peer, held; NULL: not known */
	u64 oow_ack_at;
	u32 irs, iss, ts_recent, ts_off;
	u32 iif;
	u16 mss;
	u16 rcv_wnd; /* as told in the SYN-ACK */
	u8 retrans, snd_wscale, rcv_wscale, tos;
	bool wscale_ok, tstamp_ok, sack_ok, ecn_ok;
	bool acked; /* without data, for which TCP_DEFER_ACCEPT waits */
};

/* TIME-WAIT, or FIN-WAIT-2 without a program. */
struct tcp_timewait {
	struct tcp_end end;
	struct list_head list; /* all, oldest first */
	struct timer timer;
	struct net *net;
	u32 rcv_nxt, snd_nxt, rcv_wnd;
	u32 ts_recent, ts_off;
	u64 ts_stamp, oow_ack_at;
	u32 bound_dev_if, mark;
	u8 substate, rcv_wscale, tos;
	bool tstamp_ok, transparent;
};

/* cb of a packet in one of a socket's queues. */
struct tcp_skb_cb {
	u32 seq, end_seq; /* FIN counts */
	u64 sent;         /* net_now(), and after that of the one sent before */
	u8 flags;         /* TCP_FIN, TCP_PSH ... */
	u8 sacked;        /* TCPCB_* */
	bool app_limited; /* the rate's, see tcp_rate.c */
	u8 segs; /* sent as so many, of gso_size bytes if several (the last may have less); 0: not sent yet */
	u32 rate_delivered, rate_sent, rate_at;
	struct list_head sent_node; /* of what was sent: in sent_order, in to_resend, or SACKED */
};
enum {
	TCPCB_SACKED = 1,
	TCPCB_LOST = 2,
	TCPCB_RETRANS = 4,
	TCPCB_EVER_RETRANS = 8,
	TCPCB_EOR = 16,  /* not sent yet: nothing is put behind it (MSG_EOR) */
	TCPCB_STAMP = 32 /* its tx_flags ask for something about the byte tskey */
};

static inline struct tcp_skb_cb *TCP_SKB_CB(struct sk_buff *skb)
{
	return (struct tcp_skb_cb *)skb->cb;
}

enum tcp_ca_state { TCP_CA_OPEN, TCP_CA_DISORDER, TCP_CA_CWR, TCP_CA_RECOVERY, TCP_CA_LOSS };

struct tcp_sock;
struct tcp_board;

struct tcp_congestion_ops {
	const char *name;
	u32 (*ssthresh)(struct tcp_sock *tp);               /* after a loss */
	void (*cong_avoid)(struct tcp_sock *tp, u32 acked); /* segments; slow start is over */
	void (*restart)(struct tcp_sock *tp);               /* a new epoch; may be NULL */
	/* segments acknowledged, the last after rtt us (0: not known); may be NULL */
	void (*acked)(struct tcp_sock *tp, u32 acked, u32 rtt);
	void (*lost_all)(struct tcp_sock *tp); /* a retransmission timeout; may be NULL */
};

/* tcp_cubic.c's; windows in segments, times in us unless said */
struct tcp_cubic {
	u64 epoch, k; /* ns */
	u32 wmax, origin, tcp_cwnd, ack_cnt;
	u32 min_rtt, round_rtt, round_start, round_end, last_ack;
	u8 samples;
	bool found;
};

struct tcp_sock {
	struct sock sk; /* first */
	struct tcp_end end;
	struct timer timer;
	u64 rto_at, delack_at, keep_at; /* what the timer is for; 0: not */

	/* sending: RFC 9293 s3.3.1 */
	u32 iss, snd_una, snd_nxt, snd_wnd, snd_wl1, max_window;
	u32 write_seq, snd_sml,
		snd_up;     /* end of what was written; of the last small segment; of urgent data */
	u32 total_rto_time; /* ms: TCP_INFO's */
	struct sk_buff_head write_queue;
	struct sk_buff *send_head; /* first of it not sent yet; NULL: none */
	u32 packets_out, sacked_out, lost_out, retrans_out; /* segments */
	struct list_head sent_order; /* what may arrive still, by the time of its last sending */
	struct list_head to_resend;  /* LOST and not RETRANS, about by seq */
	u64 snd_stamp;               /* the latest cb's sent */
	struct tcp_board *board;     /* see tcp_board.c; NULL: not needed now */
	u32 fack;                    /* end of the highest SACKed */
	u32 multi_out;               /* packets sent that are several of them */
	u16 mss_clamp, mss_cache, advmss, user_mss;
	u32 pmtu;
	u8 snd_wscale, rcv_wscale, retransmits, backoff, probes_out;
	u8 ca_state;
	u16 reordering;
	u8 nonagle, quickack;
	bool wscale_ok, tstamp_ok, sack_ok, cork, orphan, connecting, probing, ack_waits, rst_seen;
	bool ack_now, fin_queued, keepalive, fin_received, oobinline;
	u8 use; /* TCP_UNUSED ... */

	/* recovery: RFC 8985, RFC 5682; undoing what was not needed: RFC 3522, RFC 3708 */
	u8 pending; /* what rto_at is for, unless probing: TCP_TIME_* */
	bool tlp_retrans, frto, reneged;
	u8 ecn_flags; /* TCP_ECN_* */
	bool is_cwnd_limited, linger;
	u32 tlp_high_seq; /* end of what a probe asked for; 0: none is out */
	u32 prior_ssthresh, undo_marker, retrans_stamp; /* 0: none; the last in tcp_clock()'s ms */
	s32 undo_retrans;                               /* sent again, not DSACKed yet; -1: none */
	u32 lost, reord_seen;
	struct {
		u64 mstamp; /* when what was delivered last had been sent */
		u32 rtt, last_delivered;
		u8 reo_wnd_steps, reo_wnd_persist;
		bool dsack_seen, advanced;
	} rack;

	/* congestion */
	const struct tcp_congestion_ops *ca;
	u32 snd_cwnd, snd_ssthresh, snd_cwnd_cnt, high_seq;
	u32 prior_cwnd, prr_delivered, prr_out;         /* RFC 6937 */
	u32 max_packets_out, cwnd_usage_seq, cwnd_used; /* is it used? See tcp_cwnd_validate() */
	u64 cwnd_stamp;
	struct tcp_cubic cubic;

	/* round trip: RFC 6298, in us; srtt scaled by 8, rttvar by 4 */
	u32 srtt, rttvar, min_rtt, rtt_seq;
	u64 rto;

	/* receiving */
	u32 irs, rcv_nxt, copied_seq, rcvlowat, rcv_wup, rcv_wnd, rcv_mss, window_clamp;
	struct sk_buff_head ofo; /* by seq; see tcp_ofo.c */
	struct sk_buff *ofo_root;
	u32 ofo_bytes;
	u32 ts_recent, ts_off, last_ack_sent;
	u64 ts_stamp;
	struct tcp_sack_block dsack;
	struct tcp_sack_block sacks[TCP_MAX_SACKS];
	u8 num_sacks;
	bool has_dsack;
	u32 space_seq, space; /* receive autotuning: copied to the program in a round trip */
	u32 rcv_rtt, rcv_rtt_seq, rcv_rtt_tsecr; /* the first in us, scaled by 8 */
	u64 space_at, rcv_rtt_at;

	/* urgent data: RFC 6093 */
	u32 urg_seq;
	u16 urg_data; /* TCP_URG_* and the byte */

	/* listening */
	struct list_head accept_queue; /* children, by accept_node */
	struct list_head accept_node;  /* of a listener: in the table */
	struct tcp_sock *listener;     /* in whose accept_queue it is; NULL: in none */
	struct list_head requests;
	u32 ack_backlog, max_ack_backlog, qlen;
	u32 rto_stamp; /* of a connection: since when its timer fires, tcp_clock()'s ms; 0: it does not */
	u64 cookie_at; /* when it last sent one; 0: never */

	/* options and limits */
	u32 keep_idle, keep_intvl; /* s; 0: the stack's */
	u32 user_timeout;          /* ms */
	int linger2;
	u8 keep_cnt, syn_cnt, keep_probes, defer_accept;
	u32 lingertime;
	u32 notsent_lowat;
	int err_soft;
	u64 challenge_at, last_rcv, last_snd, stall_at;

	/* tcp_rate.c's; times in us */
	u32 rate_first_tx, rate_at, rate_delivered, rate_interval, app_limited;
	bool rate_app_limited;
	u8 chrono; /* TCP_CHRONO_*, since chrono_at */
	u64 chrono_at, chrono_ns[3];

	/* what TCP_INFO tells */
	u32 total_retrans, segs_in, segs_out, data_segs_in, data_segs_out, delivered, delivered_ce,
		rcv_ooopack, dsack_dups;
	u32 received_ce, received_ecn_bytes[3]; /* these by mark: ECT(1), ECT(0), CE */
	u16 total_rto, total_rto_recoveries;
	u64 bytes_acked, bytes_received, bytes_sent, bytes_retrans;
};

/* What 100,000 strangers may have of each, and a connection that does nothing. */
_Static_assert(sizeof(struct tcp_request) <= 192 && sizeof(struct tcp_timewait) <= 192,
	       "small objects");
_Static_assert(sizeof(struct tcp_sock) <= 1288, "an idle connection");

/* What connect() and listen() go by: nothing yet, or again; connect() has not told how it ended; a connection, even when over. */
enum { TCP_UNUSED, TCP_USE_BEGINS, TCP_USED };

enum { TCP_URG_VALID = 0x100, TCP_URG_NOTYET = 0x200, TCP_URG_READ = 0x400 };

/* Agreed on; our CWR is due; theirs is waited for, so ECE is told; they do mark. */
enum { TCP_ECN_OK = 1, TCP_ECN_QUEUE_CWR = 2, TCP_ECN_DEMAND_CWR = 4, TCP_ECN_SEEN = 8 };
enum { TCP_TIME_RETRANS, TCP_TIME_LOSS_PROBE, TCP_TIME_REO };

enum { TCP_CHRONO_NONE, TCP_CHRONO_BUSY, TCP_CHRONO_RWND, TCP_CHRONO_SNDBUF };

/* A segment that came in, host order. */
struct tcp_seg {
	const struct tcphdr *th;
	be32 saddr, daddr;
	be16 sport, dport;
	u32 seq, end_seq, ack, len, wnd;
	u32 iif;
	u16 urg;
	u8 flags, tos;
	struct tcp_options opt;
};

#define TCP_SYSCTLS(X)                                 \
	X(tcp_syn_retries, 6, 1, 127)                  \
	X(tcp_synack_retries, 5, 0, 255)               \
	X(tcp_retries2, 15, 0, 255)                    \
	X(tcp_orphan_retries, 0, 0, 255)               \
	X(tcp_fin_timeout, 60, 1, 3600)                \
	X(tcp_keepalive_time, 7200, 1, 32767)          \
	X(tcp_keepalive_intvl, 75, 1, 32767)           \
	X(tcp_keepalive_probes, 9, 1, 127)             \
	X(tcp_timestamps, 1, 0, 1)                     \
	X(tcp_window_scaling, 1, 0, 1)                 \
	X(tcp_sack, 1, 0, 1)                           \
	X(tcp_dsack, 1, 0, 1)                          \
	X(tcp_rfc1337, 0, 0, 1)                        \
	X(tcp_abort_on_overflow, 0, 0, 1)              \
	X(tcp_syncookies, 1, 0, 2)                     \
	X(tcp_invalid_ratelimit, 500, 0, INT32_MAX)    \
	X(tcp_stdurg, 0, 0, 1)                         \
	X(tcp_tw_reuse, 2, 0, 2)                       \
	X(tcp_min_snd_mss, 48, 40, 65535)              \
	X(tcp_max_syn_backlog, 1024, 1, 65536)         \
	X(tcp_max_tw_buckets, 16384, 0, 262144)        \
	X(tcp_max_orphans, 8192, 0, 262144)            \
	X(tcp_challenge_ack_limit, 1000, 0, INT32_MAX) \
	X(tcp_slow_start_after_idle, 1, 0, 1)          \
	X(tcp_ecn, 2, 0, 2)                            \
	X(tcp_ecn_fallback, 1, 0, 1)                   \
	X(tcp_recovery, 1, 0, 7)                       \
	X(tcp_early_retrans, 3, 0, 4)                  \
	X(tcp_frto, 2, 0, 2)                           \
	X(tcp_reordering, 3, 1, 127)                   \
	X(tcp_max_reordering, 300, 1, 65535)           \
	X(tcp_retries1, 3, 0, 255)                     \
	X(tcp_moderate_rcvbuf, 1, 0, 1)

struct tcp_table {
	/* made at the first use; sizes are powers of two */
	struct hlist_head *hash, *bind;
	u32 hash_size, nr;
	struct plat_cache *sock_cache, *request_cache, *timewait_cache, *bucket_cache;
	struct list_head timewaits;
	struct list_head listeners[TCP_LISTEN_SLOTS]; /* by local port */
	u32 nr_timewaits, nr_orphans, nr_listeners, curr_estab;
	struct siphash_key key;      /* of what others see: numbers, timestamps, cookies */
	struct siphash_key hash_key; /* of the table: a weaker function, so a key of its own */
	u64 challenge_second;
	u32 challenges; /* that may yet be sent in it */
#define TCP_SYSCTL_FIELD(name, dflt, lo, hi) int name;
	TCP_SYSCTLS(TCP_SYSCTL_FIELD)
#undef TCP_SYSCTL_FIELD
	int tcp_rmem[3], tcp_wmem[3];
	int tcp_mem[3];     /* pages: pressure is over; it is on; the most */
	s64 mem;            /* bytes in queues */
	bool mem_pressure;  /* as of the last look */
	int somaxconn;      /* net.core's */
	bool no_prediction; /* tests: every segment goes step by step */
	const struct tcp_congestion_ops *ca;
	const struct sysctl_text *ca_default, *ca_available;
};

static inline struct tcp_sock *tcp_sk(struct sock *sk)
{
	return container_of(sk, struct tcp_sock, sk);
}

static inline struct tcp_table *tcp_table(const struct net *net)
{
	return net->tcp;
}

static inline struct list_head *tcp_listen_slot(const struct net *net, be16 port)
{
	return &tcp_table(net)->listeners[be16_to_cpu(port) % TCP_LISTEN_SLOTS];
}

/* Sequence numbers modulo 2^32: RFC 9293 s3.4. */
static inline bool before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool after(u32 a, u32 b)
{
	return before(b, a);
}

static inline u32 tcp_wnd_end(const struct tcp_sock *tp)
{
	return tp->snd_una + tp->snd_wnd;
}

/* What waits in the queues of all connections together is bounded: net.ipv4.tcp_mem. */
#define TCP_MEM_PAGE_SHIFT 12

static inline void tcp_rmem_charge(struct tcp_sock *tp, const struct sk_buff *skb)
{
	tp->sk.rmem += skb->truesize;
	tcp_table(tp->sk.net)->mem += skb->truesize;
}

static inline void tcp_rmem_uncharge(struct tcp_sock *tp, const struct sk_buff *skb)
{
	tp->sk.rmem -= skb->truesize;
	tcp_table(tp->sk.net)->mem -= skb->truesize;
}

static inline bool tcp_mem_exceeded(const struct tcp_sock *tp)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);

	return t->mem >> TCP_MEM_PAGE_SHIFT > t->tcp_mem[2];
}

static inline void tcp_wmem_charge(struct tcp_sock *tp, const struct sk_buff *skb)
{
	tp->sk.wmem += skb->truesize;
	tcp_table(tp->sk.net)->mem += skb->truesize;
}

static inline void tcp_wmem_uncharge(struct tcp_sock *tp, const struct sk_buff *skb)
{
	tp->sk.wmem -= skb->truesize;
	tcp_table(tp->sk.net)->mem -= skb->truesize;
}

/* What the program may fill: a packet or two when there is too much of all. */
static inline u32 tcp_sndbuf(const struct tcp_sock *tp)
{
	return unlikely(tcp_mem_exceeded(tp)) ? min(tp->sk.sndbuf, (u32)SK_SNDBUF_MIN)
					      : tp->sk.sndbuf;
}

static inline bool tcp_rmem_allows(const struct tcp_sock *tp, u32 size)
{
	return tp->sk.rmem + size <= tp->sk.rcvbuf && likely(!tcp_mem_exceeded(tp));
}

/* What the peer may still send. */
static inline u32 tcp_receive_window(const struct tcp_sock *tp)
{
	s32 win = tp->rcv_wup + tp->rcv_wnd - tp->rcv_nxt;

	return win < 0 ? 0 : win;
}

static inline u32 tcp_in_flight(const struct tcp_sock *tp)
{
	return tp->packets_out - tp->sacked_out - tp->lost_out + tp->retrans_out;
}

static inline u64 tcp_now(const struct tcp_sock *tp)
{
	return net_now(tp->sk.net);
}

/* RFC 7323 s5.4's clock: ms. */
static inline u32 tcp_clock(struct net *net)
{
	return net_now(net) / NSEC_PER_MSEC;
}

/* ---- tcp_table.c */
int tcp_table_ready(struct net *net) __must_check; /* 0 or -ENOMEM */
void tcp_table_free(struct net *net);
struct sock *tcp_sock_alloc(struct net *net); /* NULL: no memory */
void tcp_sock_free(struct sock *sk);
/* What a packet to laddr:lport from faddr:fport is for; NULL: no connection. */
struct tcp_end *tcp_lookup(struct net *net, be32 laddr, be16 lport, be32 faddr, be16 fport);
/* Of a reuseport group the one that its program chooses for skb, or the flow's hash. */
struct tcp_sock *tcp_lookup_listener(struct net *net, const struct tcp_seg *seg,
				     struct sk_buff *skb);
struct sock *tcp_group_next(struct sock *sk, struct sock *after); /* proto.group_next */
void tcp_end_set(struct tcp_end *end, u8 kind, be32 laddr, be16 lport, be32 faddr, be16 fport);
void tcp_hash_add(struct net *net, struct tcp_end *end);
void tcp_hash_del(struct net *net, struct tcp_end *end);
/* end shares the port of from. */
void tcp_bind_share(struct tcp_end *end, const struct tcp_end *from);
void tcp_bind_drop(struct net *net, struct tcp_end *end);
int tcp_get_port(struct sock *sk, be32 addr, be16 port);
/* A port such that both ends together are unique; sk's is set, and it is in the table. 0 or -E. */
int tcp_hash_connect(struct sock *sk);
bool tcp_bind_conflict(struct sock *sk, const struct tcp_bind_bucket *tb, be32 addr);
void tcp_rehash(struct sock *sk);

/* ---- tcp_ipv4.c */
void tcp_v4_rcv(struct net *net, struct sk_buff *skb);
void tcp_v4_err(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info);
/* Of a connection's ends: half of it is in the initial sequence number, the other in its timestamps. */
u64 tcp_secret(const struct net *net, be32 laddr, be16 lport, be32 faddr, be16 fport);
u32 tcp_isn(u64 secret);

/* RFC 7323 s5.4: nobody learns from one connection how the clock of another goes, or since when. */
static inline u32 tcp_ts_offset(u64 secret)
{
	return secret >> 32;
}

/* ---- tcp_reply.c: segments that no socket sends. flags, seq ... as they are to go out; ends as the segment answered */
struct tcp_reply {
	be32 saddr, daddr;
	be16 sport, dport;
	u32 seq, ack, oif, mark;
	u16 window;
	u8 flags, tos;
	bool anysrc; /* saddr need not be ours */
	struct tcp_options opt;
	struct sk_buff *about;   /* the packet whose IP options go back; NULL: none do */
	struct inet_opt *ip_opt; /* these do; NULL: none */
	struct rtable *rt;       /* the way; NULL: it is looked up */
};
void tcp_send_reply(struct net *net, const struct tcp_reply *r);
/* RFC 9293 s3.10.7.1; never to a RST, nor to who may sign segments, as Linux. anysrc: of whom the segment was for. */
void tcp_v4_send_reset(struct net *net, struct sk_buff *skb, const struct tcp_seg *seg,
		       bool anysrc);

/* ---- tcp_input.c */
/* Consumes. sk: a connection, not LISTEN. */
void tcp_rcv_state_process(struct tcp_sock *tp, struct sk_buff *skb, struct tcp_seg *seg);
void tcp_send_challenge_ack(struct tcp_sock *tp);
/* RFC 5961 s7: the stack's share. */
bool tcp_challenge_allowed(struct net *net);
/* An answer to what should not have come is due now, the last one having been sent at *last; notes it. */
bool tcp_oow_answer_due(struct net *net, u64 *last);
bool tcp_paws_reject(struct net *net, u32 ts_recent, u64 ts_stamp, const struct tcp_options *opt);

/* ---- tcp_ack.c, tcp_recovery.h */
/* The ACK is acceptable: what it says of our data. False: the segment is to be dropped. */
bool tcp_ack(struct tcp_sock *tp, const struct tcp_seg *seg);
void tcp_rtt_sample(struct tcp_sock *tp, u32 us);
void tcp_update_window(struct tcp_sock *tp, const struct tcp_seg *seg);
/* The send buffer holds two congestion windows at least, unless the program or tcp_mem says otherwise. */
void tcp_sndbuf_expand(struct tcp_sock *tp);

/* ---- tcp_sack.c: what our ACKs say */
void tcp_sack_received(struct tcp_sock *tp, u32 seq, u32 end_seq);
void tcp_sack_advance(struct tcp_sock *tp);
void tcp_dsack_set(struct tcp_sock *tp, u32 seq, u32 end_seq);
/* One more of the same ACK: RFC 2883 s4 tells of one stretch, the first. */
void tcp_dsack_extend(struct tcp_sock *tp, u32 seq, u32 end_seq);

/* ---- tcp_data.c */
void tcp_data_queue(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg);
/* The same of the segment that is next, without FIN, while none waits out of order. */
void tcp_data_queue_next(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_seg *seg);
void tcp_ack_check(struct tcp_sock *tp, const struct tcp_seg *seg);
void tcp_purge_receive(struct tcp_sock *tp);
static inline u32 tcp_win_from_space(u32 space)
{
	return space / 2;
}

/* Sums skb, whose header of size bytes is complete, before data with the sum csum; or leaves that to the device. */
static inline void tcp_sum_header(struct sk_buff *skb, u32 size, be32 saddr, be32 daddr, u32 csum)
{
	struct tcphdr *th = (struct tcphdr *)skb->data;

	if (likely(skb->ip_summed == CHECKSUM_PARTIAL)) {
		th->check = ~csum_tcpudp_magic(saddr, daddr, skb->len, IPPROTO_TCP, 0);
		skb->csum_start = skb->data - skb->head;
		skb->csum_offset = offsetof(struct tcphdr, check);
	} else {
		th->check = csum_tcpudp_magic(saddr, daddr, skb->len, IPPROTO_TCP,
					      csum_partial(th, size, csum));
	}
}

/* It leads to many: no segment may go there (RFC 9293 MUST-46, MUST-63). */
static inline bool tcp_route_is_to_many(const struct rtable *rt)
{
	return rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST;
}

/* What the device that a segment leaves by does of its sum: its ip_summed. */
static inline u8 tcp_summed_by(const struct rtable *rt)
{
	return rt->dst.dev->features & NETIF_F_HW_CSUM ? CHECKSUM_PARTIAL : CHECKSUM_NONE;
}

/* A new segment's ip_summed. NONE: csum is the sum of its data, kept as it is filled. */
static inline u8 tcp_tx_summed(const struct tcp_sock *tp)
{
	const struct rtable *rt = tp->sk.route.rt;

	return rt ? tcp_summed_by(rt) : CHECKSUM_NONE;
}

/* Copies len bytes of skb's data to where skb_put() made room; yields their sum if skb keeps one, else 0. */
static inline u32 tcp_take_bytes(const struct sk_buff *skb, void *to, const void *from, u32 len)
{
	if (skb->ip_summed == CHECKSUM_NONE)
		return csum_partial_copy(to, from, len, 0);
	memcpy(to, from, len);
	return 0;
}

/* Its data became fewer. */
static inline void tcp_sum_again(struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_NONE)
		skb->csum = csum_partial(skb->data, skb->len, 0);
}

/* Appends skb, which follows to, to the room behind to, if that saves memory. True: skb is no longer needed. */
bool tcp_try_coalesce(struct tcp_sock *tp, struct sk_buff *to, struct sk_buff *skb);
/* Whether all connections together hold much: who could take more makes do. */
bool tcp_under_memory_pressure(struct tcp_sock *tp);

/* ---- tcp_ofo.c */
void tcp_ofo_queue(struct tcp_sock *tp, struct sk_buff *skb); /* consumes */
/* The first, if it is its turn; the caller's. */
struct sk_buff *tcp_ofo_next(struct tcp_sock *tp);
/* Room for size more by giving up what is farthest behind seq: the peer has it still. False: there is none. */
bool tcp_ofo_prune(struct tcp_sock *tp, u32 seq, u32 size);
void tcp_ofo_purge(struct tcp_sock *tp);

/* ---- tcp_rcvbuf.c */
void tcp_rcv_rtt_measure(struct tcp_sock *tp, const struct tcp_seg *seg); /* data has come */
void tcp_rcv_space_adjust(struct tcp_sock *tp);                           /* and was read */

/* ---- tcp_tso.c */
/* How long a packet of the write queue may be: a multiple of mss. */
u32 tcp_size_goal(const struct tcp_sock *tp, u32 mss);
/* skb, of more than one segment: bytes that may go now; 0: none, or it is worth waiting. */
u32 tcp_tso_allows(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss);
/* skb leaves for the first time, in segments of mss bytes. */
void tcp_set_segs(struct sk_buff *skb, u32 mss);
/* In all counts that know segments, as it is cut and as it is now. */
void tcp_count_segs(struct tcp_sock *tp, const struct tcp_skb_cb *cb);
void tcp_uncount_segs(struct tcp_sock *tp, const struct tcp_skb_cb *cb);
/* A sent packet has fewer bytes than it had: by how many segments fewer it is. */
u32 tcp_recount_segs(struct tcp_sock *tp, struct sk_buff *skb);
/* From now on each packet that was sent is one segment; without memory some are not yet. */
void tcp_single_out(struct tcp_sock *tp);

/* ---- tcp_output.c */
/* What the window lets go of skb's first segment; 0: nothing that would be worth it. */
u32 tcp_window_allows(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss);
/* Nagle keeps a segment of len bytes at the end of skb back. */
bool tcp_nagle_holds(const struct tcp_sock *tp, const struct sk_buff *skb, u32 len, u32 mss);
int tcp_route(struct tcp_sock *tp); /* sk.route is valid, mss_cache up to date; 0 or -E */
/* From now on rt, which is valid, is the way. */
void tcp_route_use(struct tcp_sock *tp, struct rtable *rt);
void tcp_sync_mss(struct tcp_sock *tp, u32 pmtu);
u32 tcp_current_mss(const struct tcp_sock *tp);
void tcp_push_pending(struct tcp_sock *tp);
void tcp_send_ack(struct tcp_sock *tp);
void tcp_send_syn(struct tcp_sock *tp, u8 flags); /* TCP_SYN or with TCP_ACK */
void tcp_send_fin(struct tcp_sock *tp);
void tcp_send_active_reset(struct tcp_sock *tp);
/* A segment that the peer must answer: one byte of the window, or none. */
void tcp_send_probe(struct tcp_sock *tp);
/* Sends a copy of what is in the queue. 0 or -E. */
int tcp_transmit_skb(struct tcp_sock *tp, struct sk_buff *skb);
/* Cuts skb after len bytes; the rest follows it, counted if skb was. 0 or -ENOMEM. */
int tcp_fragment(struct tcp_sock *tp, struct sk_buff *skb, u32 len);
/* One segment of what waits, past Nagle; false: there is none, or the window does not take it. */
bool tcp_send_one_now(struct tcp_sock *tp);
void tcp_free_sent(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_purge_write(struct tcp_sock *tp);
u32 tcp_select_window(struct tcp_sock *tp);
u32 tcp_space_window(const struct tcp_sock *tp);
void tcp_initial_window(const struct net *net, u32 rcvbuf, u32 clamp, bool scaling, u32 *wnd,
			u8 *scale);

/* ---- tcp_timer.c */
void tcp_timer_fn(struct timer *t, u64 now);
/* What the retransmission timer fired for is over: TCP_INFO tells how long it took. */
void tcp_rto_over(struct tcp_sock *tp);
u32 tcp_total_rto_time(const struct tcp_sock *tp); /* ms */
void tcp_timer_arm(struct tcp_sock *tp);
void tcp_rearm_rto(struct tcp_sock *tp);
/* An ACK is due after so long at the latest. */
void tcp_set_delack(struct tcp_sock *tp, u64 delay);
void tcp_set_keepalive(struct tcp_sock *tp);
u64 tcp_rto_backed_off(const struct tcp_sock *tp);

/* ---- tcp_cong.c */
extern const struct tcp_congestion_ops tcp_reno, tcp_cubic;
const struct tcp_congestion_ops *tcp_ca_find(const char *name, size_t len);
void tcp_cong_acked(struct tcp_sock *tp, u32 acked);
/* One more segment for each w acknowledged. */
void tcp_cong_avoid_ai(struct tcp_sock *tp, u32 w, u32 acked);
extern const struct sysctl_text tcp_ca_default, tcp_ca_available;
/* Some was sent, or the congestion window holds some back (limited). */
void tcp_cwnd_validate(struct tcp_sock *tp, bool limited);
/* In slow start half of the window in use is enough: else it would never double. */
static inline bool tcp_is_cwnd_limited(const struct tcp_sock *tp)
{
	return tp->is_cwnd_limited ||
	       (tp->snd_cwnd < tp->snd_ssthresh && tp->snd_cwnd < 2 * tp->max_packets_out);
}

/* ---- tcp_ecn.c */
bool tcp_ecn_agreed(const struct net *net, const struct tcp_seg *seg); /* to what a SYN asks */
/* Flags of our SYN, or SYN-ACK (answer). */
u8 tcp_ecn_syn(struct tcp_sock *tp, bool answer);
void tcp_ecn_take_syn(struct tcp_sock *tp, const struct tcp_seg *seg);
/* Flags of a segment that goes out, and its mark; only with TCP_ECN_OK. */
u8 tcp_ecn_out(struct tcp_sock *tp, bool new_data);
void tcp_ecn_data(struct tcp_sock *tp, const struct tcp_seg *seg);            /* came in */
void tcp_ecn_count(struct tcp_sock *tp, const struct tcp_seg *seg, u32 segs); /* came in marked */
void tcp_ecn_queue_cwr(struct tcp_sock *tp);

/* ---- tcp_rate.c */
void tcp_rate_check_app_limited(struct tcp_sock *tp);
u64 tcp_rate(const struct tcp_sock *tp); /* bytes/s */
static inline void tcp_chrono_set(struct tcp_sock *tp, u8 what)
{
	u64 now;

	if (likely(what == tp->chrono))
		return;
	now = tcp_now(tp);
	if (tp->chrono)
		tp->chrono_ns[tp->chrono - 1] += now - tp->chrono_at;
	tp->chrono = what;
	tp->chrono_at = now;
}

u64 tcp_chrono_us(const struct tcp_sock *tp, u8 what);

/* ---- tcp_state.c */
void tcp_set_state(struct tcp_sock *tp, u8 state);
/* The connection is over; an orphan is freed once nobody is in it. */
void tcp_done(struct tcp_sock *tp);
void tcp_abort(struct tcp_sock *tp, int err); /* tells the program, and done */
void tcp_make_orphan(struct tcp_sock *tp);
void tcp_time_wait(struct tcp_sock *tp, u8 substate, u64 timeout);
void tcp_close(struct sock *sk);
int tcp_shutdown(struct sock *sk, int how);
int tcp_start(struct sock *sk);
void tcp_first_values(struct tcp_sock *tp);
void tcp_finish_connect(struct tcp_sock *tp);

/* ---- tcp_timewait.c */
/* A segment for what has no program: consumes. True: the way is free for this SYN, ask the listener. */
bool tcp_timewait_rcv(struct tcp_timewait *tw, struct sk_buff *skb, struct tcp_seg *seg, u32 *isn);
void tcp_timewait_free(struct tcp_timewait *tw);
/* connect() wants its ends: whether they are free now, tp going on where the old connection ended (RFC 6191). */
bool tcp_timewait_reuse(struct tcp_timewait *tw, struct tcp_sock *tp);

/* ---- tcp_request.c */
void tcp_listen_rcv(struct tcp_sock *listener, struct sk_buff *skb, struct tcp_seg *seg, u32 isn);
/* Consumes. */
void tcp_request_rcv(struct tcp_request *req, struct sk_buff *skb, struct tcp_seg *seg);
void tcp_request_free(struct tcp_request *req);
int tcp_listen(struct sock *sk, int backlog);
void tcp_listen_stop(struct tcp_sock *tp);
int tcp_accept(struct sock *sk, bool nonblock, struct sock **out, struct sock_addr *peer);

/* ---- tcp_syncookies.c */
/* Sets iss; returns the timestamp that the peer is to bring back. req is forgotten once it is answered. */
u32 tcp_cookie_issue(struct tcp_request *req);
/* listener has sent some that may still be good. */
bool tcp_cookie_awaited(const struct tcp_sock *listener);
/* Whether seg acknowledges a cookie of ours; req (its ends and ts_off are known) is then as it was when that was issued. */
bool tcp_cookie_check(struct tcp_request *req, const struct tcp_seg *seg);

/* ---- tcp_ip_opt.c */
/* The options that a connection begun by skb has, the caller's to free; NULL: none, or no memory. */
struct inet_opt *tcp_ip_opt_echo(struct net *net, struct sk_buff *skb);
/* IP_OPTIONS: as inet_opt_set(). */
int tcp_ip_opt_set(struct tcp_sock *tp, const void *val, u32 len);

/* ---- tcp_connect.c, tcp_send.c, tcp_recv.c, tcp_sockopt.c: the program's side */
int tcp_connect(struct sock *sk, const struct sock_addr *addr, bool nonblock);
long tcp_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags);
long tcp_recvmsg(struct sock *sk, struct sock_msg *msg, int flags);
u32 tcp_poll(struct sock *sk);
int tcp_inq(struct sock *sk);
int tcp_outq(struct sock *sk);
bool tcp_at_mark(struct sock *sk);
void tcp_get_info(struct tcp_sock *tp, struct tcp_info *info);
int tcp_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len);
int tcp_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len);
