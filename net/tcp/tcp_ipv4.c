/* SPDX-License-Identifier: MIT */
/*
 * TCP's way in: the checks of a segment (RFC 9293 s3.1, MUST-2, MUST-3), whom it is for; ICMP errors (RFC 5927); and
 * the secrets that go into initial sequence numbers (RFC 6528) and timestamps.
 */
#include "net/core/nf_hook.h"
#include "net/ipv4/netns_ipv4.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_recovery.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"

struct tuple_words {
	be32 laddr, faddr;
	be16 lport, fport;
};

u64 tcp_secret(const struct net *net, be32 laddr, be16 lport, be32 faddr, be16 fport)
{
	struct tuple_words t = {laddr, faddr, lport, fport};

	return siphash24(&t, sizeof(t), &tcp_table(net)->key);
}

/* RFC 6528 s3: a clock of 64 ns, plus a secret of the connection's ends. */
u32 tcp_isn(u64 secret)
{
	return (u32)secret + (u32)(plat_now() >> 6);
}

static bool csum_ok(const struct sk_buff *skb)
{
	const struct iphdr *iph = skb_network_header(skb);
	u32 sum;

	if (skb_csum_unnecessary(skb))
		return true;
	sum = csum_tcpudp_nofold(iph->saddr, iph->daddr, skb->len, IPPROTO_TCP, 0);
	if (likely(!skb_is_nonlinear(skb)))
		return !csum_fold(csum_partial(skb->data, skb->len, sum));
	return !csum_fold(skb_checksum(skb, 0, skb->len, sum));
}

static __always_inline void seg_fill(struct sk_buff *skb, struct tcp_seg *seg)
{
	const struct iphdr *iph = skb_network_header(skb);
	const struct tcphdr *th = skb_transport_header(skb);
	u32 hlen;

	seg->th = th;
	seg->saddr = iph->saddr;
	seg->daddr = iph->daddr;
	seg->tos = iph->tos;
	seg->sport = th->source;
	seg->dport = th->dest;
	seg->flags = th->flags;
	seg->seq = be32_to_cpu(th->seq);
	seg->ack = be32_to_cpu(th->ack_seq);
	seg->wnd = be16_to_cpu(th->window);
	seg->urg = be16_to_cpu(th->urg_ptr);
	hlen = tcp_hdrlen(th);
	seg->len = skb->len - hlen;
	seg->end_seq = seg->seq + seg->len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
	seg->iif = inet_iif(skb);
	tcp_options_parse((const u8 *)(th + 1), hlen - TCP_HLEN, seg->flags & TCP_SYN, &seg->opt);
}

static void bad_segment(struct net *net, struct sk_buff *skb, enum skb_drop_reason reason)
{
	NET_INC_STATS(net, TCP_MIB_INERRS);
	kfree_skb_reason(skb, reason);
}

/* False: it was not, and is gone. */
static bool segment_is_sound(struct net *net, struct sk_buff *skb)
{
	const struct tcphdr *th;

	if (unlikely(!pskb_may_pull(skb, TCP_HLEN))) {
		bad_segment(net, skb, SKB_DROP_REASON_PKT_TOO_SMALL);
		return false;
	}
	th = skb_transport_header(skb);
	if (unlikely(tcp_hdrlen(th) < TCP_HLEN || !pskb_may_pull(skb, tcp_hdrlen(th)))) {
		bad_segment(net, skb, SKB_DROP_REASON_TCP_INVALID);
		return false;
	}
	if (unlikely(!csum_ok(skb))) {
		NET_INC_STATS(net, TCP_MIB_CSUMERRORS);
		bad_segment(net, skb, SKB_DROP_REASON_TCP_CSUM);
		return false;
	}
	return true;
}

static void no_socket(struct net *net, struct sk_buff *skb, const struct tcp_seg *seg)
{
	tcp_v4_send_reset(net, skb, seg, false);
	kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
}

/* IP_MINTTL, RFC 5082: it comes from farther away than the program wants to hear of. */
static noinline bool below_min_ttl(struct net *net, struct sk_buff *skb, const struct sock *sk)
{
	const struct iphdr *iph = skb_network_header(skb);

	if (iph->ttl >= sk->min_ttl)
		return false;
	NET_INC_STATS(net, LINUX_MIB_TCPMINTTLDROP);
	kfree_skb_reason(skb, SKB_DROP_REASON_TCP_MINTTL);
	return true;
}

/* False: it is dropped. What the filter leaves of the text has come, the rest is to come again. */
static noinline bool filter_segment(struct sock *sk, struct sk_buff *skb, struct tcp_seg *seg)
{
	u32 segs = skb_segs(skb);

	if (!sk_filter_run(sk, skb, tcp_hdrlen(seg->th))) {
		sk->drops += segs;
		return false;
	}
	seg_fill(skb, seg);
	return true;
}

/* It is what the program has said that it wants to hear; else it is dropped. */
static inline bool is_wanted(struct sock *sk, struct sk_buff *skb, struct tcp_seg *seg)
{
	return (likely(!sk->min_ttl) || !below_min_ttl(sk->net, skb, sk)) &&
	       (likely(!sk->filter) || filter_segment(sk, skb, seg));
}

static void rcv_to_listener(struct net *net, struct sk_buff *skb, struct tcp_seg *seg, u32 isn)
{
	struct tcp_sock *tp = tcp_lookup_listener(net, seg, skb);

	if (!tp)
		no_socket(net, skb, seg);
	else if (is_wanted(&tp->sk, skb, seg))
		tcp_listen_rcv(tp, skb, seg, isn);
}

static void rcv_to_end(struct net *net, struct tcp_end *end, struct sk_buff *skb,
		       struct tcp_seg *seg)
{
	struct tcp_request *req;
	struct tcp_sock *tp;
	u32 isn = 0;

	switch (end->kind) {
	case TCP_END_SOCK:
		tp = container_of(end, struct tcp_sock, end);
		if (!is_wanted(&tp->sk, skb, seg))
			return;
		tp->sk.users++;
		tcp_rcv_state_process(tp, skb, seg);
		tp->sk.users--;
		if (unlikely(tp->sk.closed))
			sk_try_free(&tp->sk);
		return;
	case TCP_END_REQUEST:
		req = container_of(end, struct tcp_request, end);
		if (likely(!req->listener->sk.filter) ||
		    filter_segment(&req->listener->sk, skb, seg))
			tcp_request_rcv(req, skb, seg);
		return;
	case TCP_END_TIMEWAIT:
		if (tcp_timewait_rcv(container_of(end, struct tcp_timewait, end), skb, seg, &isn))
			rcv_to_listener(net, skb, seg, isn);
	}
}

void tcp_v4_rcv(struct net *net, struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);
	struct tcp_end *end;
	struct tcp_seg seg;

	nf_assert_passed_in(skb);
	trace_skb(skb, "tcp_v4_rcv");
	if (unlikely(skb->pkt_type != PACKET_HOST || (rt && rt->type != RTN_LOCAL))) {
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_NOT_FOR_US); /* RFC 9293 MUST-57 */
		return;
	}
	NET_INC_STATS(net, TCP_MIB_INSEGS);
	if (!segment_is_sound(net, skb))
		return;
	seg_fill(skb, &seg);
	end = tcp_lookup(net, seg.daddr, seg.dport, seg.saddr, seg.sport);
	if (likely(end))
		rcv_to_end(net, end, skb, &seg);
	else
		rcv_to_listener(net, skb, &seg, 0);
}

/* RFC 1191: smaller segments from now on, and what was too large again. */
static void mtu_reduced(struct tcp_sock *tp, struct net *net, const struct flowi4 *asked, u32 info)
{
	struct flowi4 fl = *asked;
	u32 before_mss = tp->mss_cache;

	if (tp->sk.pmtudisc == IP_PMTUDISC_DONT || tp->sk.pmtudisc >= IP_PMTUDISC_INTERFACE)
		return;
	ipv4_update_pmtu(net, &fl, info);
	sk_route_drop(&tp->sk);
	if (tcp_route(tp) || tp->mss_cache >= before_mss || !tp->packets_out)
		return;
	tcp_simple_retransmit(tp);
}

static void conn_err(struct tcp_sock *tp, struct net *net, struct sk_buff *skb, u8 type, u8 code,
		     u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	struct flowi4 fl = {.saddr = iph->saddr,
			    .daddr = iph->daddr,
			    .tos = tp->sk.tos,
			    .oif = tp->sk.bound_dev_if,
			    .mark = tp->sk.mark,
			    .proto = IPPROTO_TCP,
			    .anysrc = tp->sk.transparent};
	bool hard;
	int err;

	if (type == ICMP_REDIRECT) {
		ipv4_redirect(net, skb, &fl, code, cpu_to_be32(info));
		sk_route_drop(&tp->sk);
		return;
	}
	if (type == ICMP_SOURCE_QUENCH) /* RFC 6633 */
		return;
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED) {
		mtu_reduced(tp, net, &fl, info);
		return;
	}
	err = -icmp_err_convert(type, code, &hard);
	if (tp->sk.state == TCP_SYN_SENT || tp->sk.state == TCP_SYN_RECV) {
		tcp_abort(tp, err);
	} else if (tp->sk.recverr && !tp->orphan) {
		sk_report_error(&tp->sk, err);
	} else {
		tp->err_soft =
			err; /* RFC 5927 s5.2, RFC 9293 MUST-56: told if the connection dies of it */
	}
}

void tcp_v4_err(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + ip_hdrlen(iph));
	struct tcp_end *end = tcp_lookup(net, iph->saddr, th->source, iph->daddr, th->dest);
	u32 seq = be32_to_cpu(th->seq);
	struct tcp_sock *tp;

	if (!end) {
		NET_INC_STATS(net, ICMP_MIB_INERRORS);
		return;
	}
	if (end->kind == TCP_END_REQUEST) {
		struct tcp_request *req = container_of(end, struct tcp_request, end);

		if (seq != req->iss)
			NET_INC_STATS(net, LINUX_MIB_OUTOFWINDOWICMPS);
		else if (type == ICMP_DEST_UNREACH && code != ICMP_FRAG_NEEDED)
			tcp_request_free(req);
		return;
	}
	if (end->kind != TCP_END_SOCK)
		return;
	tp = container_of(end, struct tcp_sock, end);
	if (unlikely(iph->ttl < tp->sk.min_ttl)) { /* as Linux: the TTL that is quoted */
		NET_INC_STATS(net, LINUX_MIB_TCPMINTTLDROP);
		return;
	}
	if (before(seq, tp->snd_una) || after(seq, tp->snd_nxt)) { /* RFC 5927 s4.1 */
		NET_INC_STATS(net, LINUX_MIB_OUTOFWINDOWICMPS);
		return;
	}
	tp->sk.users++;
	conn_err(tp, net, skb, type, code, info);
	tp->sk.users--;
	sk_try_free(&tp->sk);
}
