/* SPDX-License-Identifier: MIT */
/*
 * Segments out. What the program wrote waits in write_queue, cut in segments, until it is acknowledged; a clone with
 * a header goes out. When: the peer's window and silly windows (RFC 9293 s3.8.6.2.1), Nagle (s3.7.4), the
 * congestion window (RFC 5681).
 */
#include "net/ipv4/netns_ipv4.h"
#include "net/tcp/tcp_recovery.h"
#include "net/wire/ipv4_hdr.h"

/* ---- the way, and what fits through it ---- */

u32 tcp_current_mss(const struct tcp_sock *tp)
{
	u32 mss = tp->mss_cache;

	if (tp->num_sacks || tp->has_dsack)
		mss -= TCPOLEN_SACK(min((u32)tp->num_sacks + tp->has_dsack, 3U));
	return mss;
}

/* RFC 6691: MSS counts no options; and half of the largest window the peer ever had, so that a small one serves, too. */
void tcp_sync_mss(struct tcp_sock *tp, u32 pmtu)
{
	u32 heads = IP_HLEN_MIN + TCP_HLEN + (tp->sk.inet_opt ? tp->sk.inet_opt->opt.optlen : 0);
	u32 mss = pmtu > heads ? pmtu - heads : 0;

	tp->pmtu = pmtu;
	mss = min(mss, (u32)tp->mss_clamp);
	if (tp->user_mss)
		mss = min(mss, (u32)tp->user_mss);
	/* whatever the peer and the way say: CVE-2019-11479 */
	mss = max(mss, (u32)tcp_table(tp->sk.net)->tcp_min_snd_mss);
	mss -= tp->tstamp_ok ? TCPOLEN_TSTAMP : 0;
	if (tp->max_window > TCP_MSS_DEFAULT)
		mss = min(mss, max(tp->max_window / 2, 68U));
	else if (tp->max_window)
		mss = min(mss, tp->max_window);
	tp->mss_cache = max(mss, (u32)TCP_MIN_SNDMSS - TCPOLEN_TSTAMP);
}

void tcp_route_use(struct tcp_sock *tp, struct rtable *rt)
{
	struct sock *sk = &tp->sk;
	struct sk_route *r = &sk->route;
	u32 mtu = sk->pmtudisc >= IP_PMTUDISC_PROBE ? rt->dst.dev->mtu : ip_dst_mtu(&rt->dst);

	dst_hold(&rt->dst);
	sk_route_drop(sk);
	r->rt = rt;
	r->ip = (struct ip_tx){.saddr = sk->saddr,
			       .daddr = sk->daddr,
			       .protocol = IPPROTO_TCP,
			       .tos = sk->tos,
			       .ttl = sk->ttl,
			       .df = sk->pmtudisc != IP_PMTUDISC_DONT &&
				     sk->pmtudisc < IP_PMTUDISC_INTERFACE && !rt->mtu_locked};
	inet_opt_use(sk->inet_opt, &r->ip);
	if (mtu != tp->pmtu)
		tcp_sync_mss(tp, max(mtu, 68U));
}

static noinline int route_anew(struct tcp_sock *tp)
{
	const struct sock *sk = &tp->sk;
	struct flowi4 fl = {.saddr = sk->saddr,
			    .daddr = inet_opt_first_hop(sk->inet_opt, sk->daddr),
			    .oif = sk->bound_dev_if,
			    .sport = sk->sport,
			    .dport = sk->dport,
			    .mark = sk->mark,
			    .tos = sk->tos,
			    .scope = sk->dontroute ? RT_SCOPE_LINK : 0,
			    .proto = IPPROTO_TCP,
			    .anysrc = sk->transparent};
	struct rtable *rt;
	int err = ip_route_output(sk->net, &fl, &rt);

	if (!err)
		tcp_route_use(tp, rt);
	return err;
}

int tcp_route(struct tcp_sock *tp)
{
	const struct rtable *rt = tp->sk.route.rt;

	return likely(rt && rt_is_valid(tp->sk.net, rt)) ? 0 : route_anew(tp);
}

/* ---- the window we tell ---- */

void tcp_initial_window(const struct net *net, u32 rcvbuf, u32 clamp, bool scaling, u32 *wnd,
			u8 *scale)
{
	u32 space = tcp_win_from_space(rcvbuf), most;

	if (clamp)
		space = min(space, clamp);
	*scale = 0;
	most = max(space, tcp_win_from_space(tcp_table(net)->tcp_rmem[2]));
	while (scaling && most > U16_MAX && *scale < TCP_MAX_WSCALE) {
		most >>= 1;
		(*scale)++;
	}
	*wnd = min(space, (u32)U16_MAX);
}

/* What the buffer has room for, in whole steps of what can be told; RFC 9293 s3.8.6.2.2: nothing below one segment. */
u32 tcp_space_window(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->sk;
	u32 full = tcp_win_from_space(sk->rcvbuf);
	u32 space = sk->rmem < sk->rcvbuf ? tcp_win_from_space(sk->rcvbuf - sk->rmem) : 0;
	u32 mss = min((u32)max(tp->rcv_mss, (u32)TCP_MIN_SNDMSS), full);

	if (tp->window_clamp)
		space = min(space, tp->window_clamp);
	if (space < full / 2 && space < mss)
		return 0;
	if (tp->rcv_wscale)
		return ALIGN_DOWN(space, 1U << tp->rcv_wscale);
	return min(space, (u32)U16_MAX);
}

static noinline void count_zero_window(struct tcp_sock *tp, u32 new)
{
	if (!new != !tp->rcv_wnd)
		NET_INC_STATS(tp->sk.net,
			      new ? LINUX_MIB_TCPFROMZEROWINDOWADV : LINUX_MIB_TCPTOZEROWINDOWADV);
}

/* RFC 9293 MUST-34: the right edge never goes back. */
u32 tcp_select_window(struct tcp_sock *tp)
{
	u32 now = tcp_receive_window(tp), new = tcp_space_window(tp);
	u32 step = (1U << tp->rcv_wscale) - 1;

	if (new < now) {
		if (unlikely(!new))
			NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPWANTZEROWINDOWADV);
		new = (now + step) & ~step;
	}
	if (unlikely(!new || !tp->rcv_wnd))
		count_zero_window(tp, new);
	tp->rcv_wnd = min(new, (u32)U16_MAX << tp->rcv_wscale);
	tp->rcv_wup = tp->rcv_nxt;
	return tp->rcv_wnd >> tp->rcv_wscale;
}

/* ---- headers ---- */

/* NULL: none but its timestamp, if it has any: nearly always. */
static const struct tcp_options *established_options(struct tcp_sock *tp, struct tcp_options *opt)
{
	u32 n = 0, most = tp->tstamp_ok ? 3 : 4;

	if (likely(!(tp->num_sacks | tp->has_dsack)))
		return NULL;
	opt->mss = 0;
	opt->has_wscale = opt->sack_perm = false;
	opt->has_tstamp = tp->tstamp_ok;
	opt->tsval = tcp_clock(tp->sk.net) + tp->ts_off;
	opt->tsecr = tp->ts_recent;
	if (tp->has_dsack)
		opt->sacks[n++] = tp->dsack;
	for (u32 i = 0; i < tp->num_sacks && n < most; i++)
		opt->sacks[n++] = tp->sacks[i];
	opt->num_sacks = n;
	tp->has_dsack = false;
	return opt;
}

/* RFC 9293 MUST-62: to the octet behind the urgent one, until that is acknowledged. */
static void point_to_urgent(struct tcp_sock *tp, struct tcphdr *th, u32 seq)
{
	if (!after(tp->snd_up, tp->snd_una)) {
		tp->snd_up = 0;
	} else if (after(tp->snd_up, seq) && tp->snd_up - seq <= U16_MAX) {
		th->flags |= TCP_URG;
		th->urg_ptr = cpu_to_be16(tp->snd_up - seq);
	}
}

/* The length of the header with its options: see established_options(). */
static u32 header_size(const struct tcp_sock *tp, const struct tcp_options *opt)
{
	if (likely(!opt))
		return TCP_HLEN + (tp->tstamp_ok ? TCPOLEN_TSTAMP : 0);
	return TCP_HLEN + tcp_options_size(opt);
}

static void emit_options(const struct tcp_sock *tp, struct tcphdr *th,
			 const struct tcp_options *opt)
{
	if (unlikely(opt))
		tcp_options_emit((u8 *)(th + 1), opt);
	else if (likely(tp->tstamp_ok))
		tcp_tstamp_emit((u8 *)(th + 1), tcp_clock(tp->sk.net) + tp->ts_off, tp->ts_recent);
}

/* Puts the header before skb (its payload's sum is in csum, unless the device does sums) and sends it. Consumes. 0 or -E. */
static int send_with(struct tcp_sock *tp, struct sk_buff *skb, u32 seq, u8 flags,
		     const struct tcp_options *opt)
{
	struct sock *sk = &tp->sk;
	u32 size = header_size(tp, opt), csum = skb->csum, segs;
	struct tcphdr *th;
	int err = tcp_route(tp);

	if (unlikely(err)) {
		consume_skb(skb);
		return err;
	}
	th = skb_push(skb, size);
	th->source = sk->sport;
	th->dest = sk->dport;
	th->seq = cpu_to_be32(seq);
	th->ack_seq = flags & TCP_ACK ? cpu_to_be32(tp->rcv_nxt) : 0;
	th->doff = size / 4 << 4;
	th->flags = flags;
	th->check = 0;
	th->urg_ptr = 0;
	if (unlikely(flags & TCP_SYN))
		th->window = cpu_to_be16(min(tp->rcv_wnd, (u32)U16_MAX));
	else
		th->window = cpu_to_be16(
			flags & TCP_RST && tp->sk.state == TCP_CLOSE ? 0 : tcp_select_window(tp));
	if (unlikely(tp->snd_up))
		point_to_urgent(tp, th, seq);
	emit_options(tp, th, opt);
	tcp_sum_header(skb, size, sk->saddr, sk->daddr, csum);
	if (likely(flags & TCP_ACK)) {
		tp->last_ack_sent = tp->rcv_nxt;
		tp->ack_now = tp->ack_waits = false;
		tp->delack_at = 0;
	}
	skb->mark = sk->mark;
	skb->priority = sk->priority;
	segs = skb_segs(skb);
	tp->segs_out += segs;
	NET_ADD_STATS(sk->net, TCP_MIB_OUTSEGS, segs);
	return ip_build_and_send(sk->net, skb, sk->route.rt, &sk->route.ip);
}

static struct sk_buff *bare_skb(struct tcp_sock *tp)
{
	struct sk_buff *skb = alloc_skb(tp->sk.net, TCP_TX_HEADROOM);

	if (likely(skb)) {
		skb_reserve(skb, TCP_TX_HEADROOM);
		skb->csum = 0;
		skb->ip_summed = tcp_tx_summed(tp);
	}
	return skb;
}

/* A segment without data. No memory: as if it were lost. */
static void send_bare(struct tcp_sock *tp, u32 seq, u8 flags)
{
	struct sk_buff *skb = bare_skb(tp);
	struct tcp_options opt;

	if (!skb)
		return;
	if (unlikely(tp->ecn_flags & TCP_ECN_OK))
		flags |= tcp_ecn_out(tp, false) & (flags & TCP_RST ? 0 : TCP_ECE);
	(void)send_with(tp, skb, seq, flags, established_options(tp, &opt));
}

/* The next to be sent: an ACK beyond the peer's window would be dropped there. */
static u32 acceptable_seq(const struct tcp_sock *tp)
{
	return after(tp->snd_nxt, tcp_wnd_end(tp)) && tp->snd_wnd ? tcp_wnd_end(tp) : tp->snd_nxt;
}

void tcp_send_ack(struct tcp_sock *tp)
{
	struct sk_buff *skb;
	struct tcp_options opt;
	u8 flags = TCP_ACK;

	if (tp->sk.state == TCP_CLOSE)
		return;
	skb = bare_skb(tp);
	if (!skb) {
		tcp_set_delack(tp, TCP_DELACK);
		return;
	}
	if (unlikely(tp->ecn_flags & TCP_ECN_OK))
		flags |= tcp_ecn_out(tp, false);
	(void)send_with(tp, skb, acceptable_seq(tp), flags, established_options(tp, &opt));
}

void tcp_send_syn(struct tcp_sock *tp, u8 flags)
{
	const struct tcp_table *t = tcp_table(tp->sk.net);
	struct sk_buff *skb = bare_skb(tp);
	bool answer = flags & TCP_ACK;
	struct tcp_options opt = {.mss = tp->advmss,
				  .tsval = tcp_clock(tp->sk.net) + tp->ts_off,
				  .tsecr = answer ? tp->ts_recent : 0,
				  .wscale = tp->rcv_wscale,
				  .has_tstamp = answer ? tp->tstamp_ok : t->tcp_timestamps,
				  .has_wscale = answer ? tp->wscale_ok : t->tcp_window_scaling,
				  .sack_perm = answer ? tp->sack_ok : t->tcp_sack};

	if (!answer) {
		tp->tstamp_ok = opt.has_tstamp;
		tp->wscale_ok = opt.has_wscale;
		tp->sack_ok = opt.sack_perm;
	}
	tp->last_snd = tcp_now(tp);
	flags |= tcp_ecn_syn(tp, answer);
	if (skb)
		(void)send_with(tp, skb, tp->iss, flags, &opt);
	tp->rto_at = tcp_now(tp) + tcp_rto_backed_off(tp);
	tcp_timer_arm(tp);
}

void tcp_send_active_reset(struct tcp_sock *tp)
{
	NET_INC_STATS(tp->sk.net, TCP_MIB_OUTRSTS);
	send_bare(tp, acceptable_seq(tp), TCP_RST | TCP_ACK);
}

/* ---- the write queue ---- */

void tcp_free_sent(struct tcp_sock *tp, struct sk_buff *skb)
{
	skb_unlink(&tp->write_queue, skb);
	tcp_wmem_uncharge(tp, skb);
	consume_skb(skb);
}

void tcp_purge_write(struct tcp_sock *tp)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&tp->write_queue)))
		tcp_free_sent(tp, skb);
	tp->send_head = NULL;
	tp->multi_out = 0;
	tp->packets_out = tp->sacked_out = tp->lost_out = tp->retrans_out = 0;
	INIT_LIST_HEAD(&tp->sent_order);
	INIT_LIST_HEAD(&tp->to_resend);
	tcp_board_drop(tp);
}

/* It stays with its byte. */
static void split_stamp(struct sk_buff *skb, struct sk_buff *n)
{
	struct sk_buff *without = n;

	if (!before(skb->tskey, TCP_SKB_CB(n)->seq)) {
		n->tskey = skb->tskey;
		n->tx_flags = skb->tx_flags;
		without = skb;
	}
	without->tx_flags = 0;
	TCP_SKB_CB(without)->sacked &= ~TCPCB_STAMP;
}

int tcp_fragment(struct tcp_sock *tp, struct sk_buff *skb, u32 len)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb), *ncb;
	struct sk_buff *n = alloc_skb(tp->sk.net, TCP_TX_HEADROOM + skb->len - len);

	if (!n)
		return -ENOMEM;
	skb_reserve(n, TCP_TX_HEADROOM);
	n->ip_summed = skb->ip_summed;
	n->csum = tcp_take_bytes(n, skb_put(n, skb->len - len), skb->data + len, skb->len - len);
	ncb = TCP_SKB_CB(n);
	*ncb = *cb;
	ncb->seq = cb->end_seq = cb->seq + len;
	skb_shinfo(n)->gso_size = skb_shinfo(skb)->gso_size;
	if (unlikely(cb->sacked & TCPCB_STAMP))
		split_stamp(skb, n);
	cb->flags &= ~(TCP_FIN | TCP_PSH);
	skb->tail -= skb->len - len;
	skb->len = len;
	tcp_sum_again(skb);
	n->prev = skb;
	n->next = skb->next;
	skb->next->prev = n;
	skb->next = n;
	tp->write_queue.qlen++;
	tcp_wmem_charge(tp, n);
	return 0;
}

int tcp_transmit_skb(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 skew = -(uintptr_t)skb->data & 3; /* an ACK of part of it: the header is to lie well */
	struct sk_buff *n = skb_cloned(skb) || skew ? skb_copy(skb, skew) : skb_clone(skb);
	struct tcp_options opt;
	u8 flags;

	if (unlikely(!n))
		return -ENOBUFS;
	n->hdr_own = 1;
	if (unlikely(cb->sacked & TCPCB_STAMP))
		sk_tstamp_follow(&tp->sk, n, skb);
	if (unlikely(skb_is_gso(n))) {
		struct skb_shared_info *info = skb_shinfo(n);

		info->gso_size = cb->segs > 1 ? info->gso_size : 0;
		info->gso_segs = cb->segs;
	}
	skb_shinfo(n)->gso_type = SKB_GSO_TCPV4;
	tp->last_snd = tcp_now(tp);
	cb->sent = tp->snd_stamp = max(tp->last_snd, tp->snd_stamp + 1);
	tcp_rate_skb_sent(tp, cb);
	if (skb->len) {
		tp->data_segs_out += cb->segs;
		tp->bytes_sent += skb->len;
	}
	flags = cb->flags | TCP_ACK;
	if (unlikely(tp->ecn_flags & TCP_ECN_OK))
		flags |= tcp_ecn_out(tp, skb->len && !(cb->sacked & TCPCB_EVER_RETRANS));
	if (unlikely(flags & TCP_CWR))
		skb_shinfo(n)->gso_type |= SKB_GSO_TCP_ECN;
	return send_with(tp, n, cb->seq, flags, established_options(tp, &opt));
}

/* Nagle, as Minshall modified it: no second small segment before the first one is acknowledged. */
bool tcp_nagle_holds(const struct tcp_sock *tp, const struct sk_buff *skb, u32 len, u32 mss)
{
	const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)skb->cb;

	if (len >= mss || cb->flags & TCP_FIN ||
	    skb->next != (const struct sk_buff *)&tp->write_queue)
		return false;
	if (tp->cork)
		return true;
	return !tp->nonagle && tp->packets_out && after(tp->snd_sml, tp->snd_una) &&
	       !after(tp->snd_sml, tp->snd_nxt);
}

/* RFC 5681 s4.1, RFC 9293 s3.8.2: after a pause longer than the RTO nothing is known of the network. */
static void restart_after_idle(struct tcp_sock *tp)
{
	u64 idle = tcp_now(tp) - tp->last_snd;

	if (!tcp_table(tp->sk.net)->tcp_slow_start_after_idle || tp->packets_out ||
	    idle < tp->rto || tp->ca_state != TCP_CA_OPEN)
		return;
	tp->snd_ssthresh = tcp_current_ssthresh(tp);
	for (; idle >= tp->rto && tp->snd_cwnd > TCP_INIT_CWND; idle -= tp->rto)
		tp->snd_cwnd = max(tp->snd_cwnd / 2, (u32)TCP_INIT_CWND);
	if (tp->ca->restart)
		tp->ca->restart(tp);
}

/* What a window that is smaller than the segment leaves for now. 0: nothing. */
u32 tcp_window_allows(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss)
{
	const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)skb->cb;
	u32 room = before(cb->seq, tcp_wnd_end(tp)) ? tcp_wnd_end(tp) - cb->seq : 0;
	u32 len = min(skb->len, mss);

	if (room >= len)
		return len;
	/* RFC 9293 s3.8.6.2.1 (3): half of the largest window is worth it */
	return room >= max(tp->max_window / 2, 1U) ? room : 0;
}

static void sent_new(struct tcp_sock *tp, struct sk_buff *skb, u32 mss)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	tp->send_head = skb->next == (struct sk_buff *)&tp->write_queue ? NULL : skb->next;
	tp->snd_nxt = cb->end_seq;
	if (skb->len < mss || (skb->len > mss && skb->len % mss))
		tp->snd_sml = cb->end_seq;
	tcp_set_segs(skb, mss);
	NET_ADD_STATS(tp->sk.net, LINUX_MIB_TCPORIGDATASENT, cb->segs);
	tcp_note_sent(tp, skb);
}

/* From the end, so that each byte is copied once. */
static void cut_unsent(struct tcp_sock *tp, struct sk_buff *skb, u32 mss)
{
	while (skb->len > mss && !tcp_fragment(tp, skb, (skb->len - 1) / mss * mss))
		;
}

/* Limited transmit (RFC 3042): the first two duplicate ACKs let a new segment out each. in_flight does that with SACK's count. */
static bool send_one(struct tcp_sock *tp, struct sk_buff *skb)
{
	u32 mss = tcp_current_mss(tp), len;

	if (tcp_in_flight(tp) >= tp->snd_cwnd)
		return false;
	if (unlikely(tp->board))
		cut_unsent(tp, skb, mss);
	len = skb->len > mss ? tcp_tso_allows(tp, skb, mss) : tcp_window_allows(tp, skb, mss);
	if (skb->len && (!len || tcp_nagle_holds(tp, skb, skb->len, mss)))
		return false;
	if (!skb->len && after(TCP_SKB_CB(skb)->end_seq, tcp_wnd_end(tp) + 1))
		return false;
	if (len < skb->len && tcp_fragment(tp, skb, len))
		return false;
	sent_new(tp, skb, mss);
	return tcp_transmit_skb(tp, skb) != -ENOBUFS;
}

bool tcp_send_one_now(struct tcp_sock *tp)
{
	struct sk_buff *skb = tp->send_head;
	u32 mss = tcp_current_mss(tp);

	if (!skb || tcp_window_allows(tp, skb, mss) < min(skb->len, mss) ||
	    after(TCP_SKB_CB(skb)->seq + !skb->len, tcp_wnd_end(tp)))
		return false;
	if (skb->len > mss && tcp_fragment(tp, skb, mss))
		return false;
	sent_new(tp, skb, mss);
	return tcp_transmit_skb(tp, skb) != -ENOBUFS;
}

/* Asks for an ACK: with what little the window allows, or from before the window, where nothing is taken. */
void tcp_send_probe(struct tcp_sock *tp)
{
	struct sk_buff *skb = tp->send_head;
	u32 room;

	if (!skb || !before(TCP_SKB_CB(skb)->seq, tcp_wnd_end(tp)) || !skb->len) {
		NET_INC_STATS(tp->sk.net, LINUX_MIB_TCPWINPROBE);
		send_bare(tp, tp->snd_una - 1, TCP_ACK);
		return;
	}
	room = min(tcp_wnd_end(tp) - TCP_SKB_CB(skb)->seq, tcp_current_mss(tp));
	if (room < skb->len && tcp_fragment(tp, skb, room))
		return;
	sent_new(tp, skb, tcp_current_mss(tp));
	(void)tcp_transmit_skb(tp, skb);
}

/* What holds up what waits: TCP_INFO tells. */
static u8 held_by(const struct tcp_sock *tp)
{
	const struct tcp_skb_cb *cb;

	if (!tp->send_head)
		return tp->sk.wmem >= tp->sk.sndbuf ? TCP_CHRONO_SNDBUF : TCP_CHRONO_BUSY;
	cb = TCP_SKB_CB(tp->send_head);
	return after(cb->seq + min(tp->send_head->len, (u32)tp->mss_cache), tcp_wnd_end(tp)) &&
			       tcp_in_flight(tp) < tp->snd_cwnd
		       ? TCP_CHRONO_RWND
		       : TCP_CHRONO_BUSY;
}

void tcp_push_pending(struct tcp_sock *tp)
{
	u32 before_out = tp->packets_out;
	bool limited;

	if (!tp->send_head || tp->sk.state == TCP_CLOSE)
		return;
	restart_after_idle(tp);
	while (tp->send_head && send_one(tp, tp->send_head))
		;
	limited = tcp_in_flight(tp) >= tp->snd_cwnd;
	if (limited || tp->packets_out != before_out)
		tcp_cwnd_validate(tp, limited);
	tcp_chrono_set(tp, held_by(tp));
	/* RFC 9293 s3.8.6.1: somebody has to ask when the window opens */
	if (tp->send_head && !tp->packets_out && !tp->probing && !tp->rto_at) {
		tp->probing = true;
		tp->rto_at = tcp_now(tp) + tcp_rto_backed_off(tp);
		tcp_timer_arm(tp);
	}
}

/* Rides on the last segment that has not been sent, or alone. */
void tcp_send_fin(struct tcp_sock *tp)
{
	struct sk_buff *skb;

	tp->fin_queued = true;
	if (tp->send_head) {
		skb = tp->write_queue.prev;
	} else {
		skb = bare_skb(tp);
		if (!skb) { /* RFC 9293 has no way to close without a word: a reset is one */
			tcp_send_active_reset(tp);
			tcp_done(tp);
			return;
		}
		*TCP_SKB_CB(skb) =
			(struct tcp_skb_cb){.seq = tp->write_seq, .end_seq = tp->write_seq};
		skb_queue_tail(&tp->write_queue, skb);
		tcp_wmem_charge(tp, skb);
		tp->send_head = skb;
	}
	TCP_SKB_CB(skb)->flags |= TCP_FIN | TCP_PSH;
	TCP_SKB_CB(skb)->end_seq++;
	tp->write_seq++;
	tp->cork = false;
	if (tp->sk.state != TCP_SYN_RECV)
		tcp_push_pending(tp);
}
