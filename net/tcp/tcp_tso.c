/* SPDX-License-Identifier: MIT */
/*
 * Several segments in one packet of the write queue, for a device that cuts them (NETIF_F_TSO).
 *
 * A packet may leave as cb.segs segments of cb.mss bytes; the last may be smaller. So it lies in the queue while all goes
 * well. As soon as the peer speaks of single segments (SACK, duplicate ACKs) or a timer fires, tcp_single_out() cuts what
 * is in flight into packets of one segment: recovery knows no others.
 *
 * The data is linear: a packet is one descriptor of the device, and cutting copies, which is rare.
 */
#include "net/tcp/tcp_recovery.h"

/* With all headroom and what the allocator adds, 64 KiB: so much an IP packet may have. */
#define TSO_ROOM (65536 - (u32)SKB_SHINFO_SIZE - 64 - TCP_TX_HEADROOM)
#define TSO_SEGS 64

static bool device_cuts(const struct tcp_sock *tp)
{
	const struct rtable *rt = tp->sk.route.rt;

	return rt && rt->dst.dev->features & NETIF_F_TSO;
}

/* Half of what may be in flight at once, so that an ACK lets something go. */
u32 tcp_size_goal(const struct tcp_sock *tp, u32 mss)
{
	u32 most;

	if (tp->board || !device_cuts(tp)) /* the peer speaks of single segments */
		return mss;
	most = min(TSO_ROOM, tp->max_window / 2) / mss;
	most = min(most, (u32)TSO_SEGS);
	most = min(most, tp->snd_cwnd / 2);
	return max(most, 1U) * mss;
}

void tcp_set_segs(struct sk_buff *skb, u32 mss)
{
	TCP_SKB_CB(skb)->segs = 1;
	if (skb->len > mss || skb_is_gso(skb)) {
		skb_shinfo(skb)->gso_size = skb->len > mss ? mss : 0;
		TCP_SKB_CB(skb)->segs = max(DIV_ROUND_UP(skb->len, mss), 1U);
	}
}

void tcp_count_segs(struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	tp->packets_out += cb->segs;
	tp->multi_out += cb->segs > 1;
}

void tcp_uncount_segs(struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	tp->packets_out -= cb->segs;
	tp->multi_out -= cb->segs > 1;
}

/* gso_size stays when it is one segment: a clone on its way may share it. */
u32 tcp_recount_segs(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 had = cb->segs, mss = skb_shinfo(skb)->gso_size;

	if (had == 1)
		return 0;
	tcp_uncount_segs(tp, cb);
	cb->segs = max(DIV_ROUND_UP(skb->len, mss), 1U);
	tcp_count_segs(tp, cb);
	return had - cb->segs;
}

void tcp_single_out(struct tcp_sock *tp)
{
	struct sk_buff *skb = tcp_rtx_head(tp);

	for (; skb && tp->multi_out; skb = tcp_rtx_next(tp, skb)) {
		const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

		while (cb->segs > 1)
			if (tcp_cut(tp, skb, (cb->segs - 1U) * skb_shinfo(skb)->gso_size))
				return;
	}
}

u32 tcp_tso_allows(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss)
{
	const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)skb->cb;
	u32 room = before(cb->seq, tcp_wnd_end(tp)) ? tcp_wnd_end(tp) - cb->seq : 0;
	u32 in_flight = tcp_in_flight(tp);
	bool one = skb->ip_summed != CHECKSUM_PARTIAL || !device_cuts(tp);
	u32 most = min((u64)(tp->snd_cwnd - in_flight) * mss, (u64)room);

	if (one || (tp->snd_up && after(tp->snd_up, cb->seq))) /* each has its own urgent pointer */
		return tcp_window_allows(tp, skb, mss);
	if (most >= skb->len) {
		u32 rest = skb->len % mss;

		return rest && tcp_nagle_holds(tp, skb, rest, mss) ? skb->len - rest : skb->len;
	}
	if (!mss || most < mss)
		return tcp_window_allows(tp, skb, mss);
	/* an ACK will come and let more go at once */
	if (in_flight > 1 && most < min((u64)tp->snd_cwnd * mss, (u64)tp->snd_wnd) / 3)
		return 0;
	return most - most % mss;
}
