/* SPDX-License-Identifier: MIT */
/*
 * Whether a TCP segment can be part of a connection, judged from the middle.
 *
 * For each end four numbers are kept (struct ip_ct_tcp_state). A segment is good if
 *   I.   it begins not beyond what its receiver has offered:      seq <= sender.td_maxend
 *   II.  it ends not before what the receiver may still want:     end >= sender.td_end - receiver.td_maxwin
 *   III. it acknowledges nothing that has not been seen:          sack <= receiver.td_end
 *   IV.  it acknowledges nothing very old:                        sack >= receiver.td_end - max(66000, sender.td_maxwin)
 * where sack is the highest number that it acknowledges, by its SACK blocks too. What is too old is let through
 * and changes nothing; what is too new is invalid. Source: G. van Rooij, "Real Stateful TCP Packet Filtering in IP
 * Filter"; the limits are Linux's.
 */
#include "net/netfilter/conntrack_tcp.h"

#define MAXACKWINCONST 66000

/* What a segment says, with the options that count here. */
struct numbers {
	u32 seq, ack, sack, end, win;
};

void tcp_ct_options(const struct ct_segment *seg, struct ip_ct_tcp_state *sender)
{
	struct tcp_options opt;

	if (!seg->opt_len) /* says nothing: what was agreed on before stays, as on Linux */
		return;
	tcp_options_parse(seg->opt, seg->opt_len, true, &opt);
	sender->td_scale = opt.has_wscale ? opt.wscale : 0;
	sender->flags &= CT_TCP_BE_LIBERAL;
	sender->flags |=
		(opt.has_wscale ? CT_TCP_WINDOW_SCALE : 0) | (opt.sack_perm ? CT_TCP_SACK_PERM : 0);
}

static u32 highest_sack(const struct ct_segment *seg)
{
	struct tcp_options opt;
	u32 sack = seg->ack;

	if (seg->opt_len < 12)
		return sack;
	tcp_options_parse(seg->opt, seg->opt_len, false, &opt);
	for (u32 i = 0; i < opt.num_sacks; i++) {
		if (ct_after(opt.sacks[i].end, sack))
			sack = opt.sacks[i].end;
	}
	return sack;
}

static u32 maxackwindow(const struct ip_ct_tcp_state *sender)
{
	return max(sender->td_maxwin, (u32)MAXACKWINCONST);
}

static void init_sender(struct ip_ct_tcp_state *sender, struct ip_ct_tcp_state *receiver,
			const struct ct_segment *seg)
{
	sender->td_end = sender->td_maxend = seg->end;
	sender->td_maxwin = seg->win ? seg->win : 1;
	tcp_ct_options(seg, sender);
	/* RFC 7323 s2.2: both must ask for it */
	if (seg->dir == IP_CT_DIR_REPLY && !(sender->flags & receiver->flags & CT_TCP_WINDOW_SCALE))
		sender->td_scale = receiver->td_scale = 0;
}

/* The middle of a connection whose beginning was not seen: this segment is what there is to go by. */
static void pick_up(struct ip_ct_tcp_state *sender, struct ip_ct_tcp_state *receiver,
		    const struct numbers *n)
{
	u32 win = n->win << sender->td_scale;

	sender->td_end = n->end;
	sender->td_maxwin = win ? win : 1;
	sender->td_maxend = n->end + sender->td_maxwin;
	if (!receiver->td_maxwin)
		receiver->td_end = receiver->td_maxend = n->sack;
	else if (n->sack == receiver->td_end + 1) /* answers a keepalive */
		receiver->td_end++;
}

/* Brings the sender's numbers to life where it needs that. True: there is nothing to check yet. */
static bool begin_sender(const struct ip_ct_tcp *tcp, struct ip_ct_tcp_state *sender,
			 struct ip_ct_tcp_state *receiver, const struct ct_segment *seg,
			 const struct numbers *n)
{
	bool syn = seg->th->flags & TCP_SYN, ack = seg->th->flags & TCP_ACK;

	if (!sender->td_maxwin && !syn) {
		pick_up(sender, receiver, n);
		return false;
	}
	if (!sender->td_maxwin) {
		init_sender(sender, receiver, seg);
		return !ack;
	}
	/* a SYN beyond the one before: another attempt (RFC 9293 s3.4) */
	if (syn && ct_after(seg->end, sender->td_end) &&
	    (tcp->state == TCP_CONNTRACK_SYN_SENT || tcp->state == TCP_CONNTRACK_SYN_RECV)) {
		init_sender(sender, receiver, seg);
		return seg->dir == IP_CT_DIR_REPLY && !ack;
	}
	return false;
}

/* Beyond the window. Some ends send a little more than they may; what answers it must not be "too new" then. */
static enum ct_window beyond(struct ip_ct_tcp_state *sender, const struct ip_ct_tcp_state *receiver,
			     const struct numbers *n)
{
	u32 overshot = n->end - sender->td_maxend + 1;

	if (!receiver->td_maxwin || !ct_after(n->end, sender->td_end - receiver->td_maxwin - 1) ||
	    !ct_after(n->sack, receiver->td_end - maxackwindow(sender) - 1) ||
	    overshot > receiver->td_maxwin || !ct_before(n->sack, receiver->td_end + 1))
		return CT_WINDOW_INVALID;
	sender->td_end = n->end;
	sender->flags |= CT_TCP_DATA_UNACKNOWLEDGED;
	return CT_WINDOW_IGNORE;
}

static enum ct_window check(struct ip_ct_tcp_state *sender, const struct ip_ct_tcp_state *receiver,
			    const struct numbers *n)
{
	if (!ct_before(n->seq, sender->td_maxend + 1))
		return beyond(sender, receiver, n); /* I */
	if (!ct_before(n->sack, receiver->td_end + 1))
		return CT_WINDOW_INVALID; /* III */
	if (receiver->td_maxwin && !ct_after(n->end, sender->td_end - receiver->td_maxwin - 1))
		return CT_WINDOW_IGNORE; /* II */
	if (!ct_after(n->sack, receiver->td_end - maxackwindow(sender) - 1))
		return CT_WINDOW_IGNORE; /* IV */
	return CT_WINDOW_OK;
}

static void update(struct ip_ct_tcp_state *sender, struct ip_ct_tcp_state *receiver,
		   const struct numbers *n, bool has_ack)
{
	u32 swin = n->win + (n->sack - n->ack);

	if (sender->td_maxwin < swin)
		sender->td_maxwin = swin;
	if (ct_after(n->end, sender->td_end)) {
		sender->td_end = n->end;
		sender->flags |= CT_TCP_DATA_UNACKNOWLEDGED;
	}
	if (has_ack &&
	    (!(sender->flags & CT_TCP_MAXACK_SET) || ct_after(n->ack, sender->td_maxack))) {
		sender->td_maxack = n->ack;
		sender->flags |= CT_TCP_MAXACK_SET;
	}
	if (receiver->td_maxwin && ct_after(n->end, sender->td_maxend))
		receiver->td_maxwin += n->end - sender->td_maxend;
	if (ct_after(n->sack + n->win, receiver->td_maxend - 1))
		receiver->td_maxend = n->sack + n->win + !n->win; /* room for a probe */
	if (n->ack == receiver->td_end)
		receiver->flags &= ~CT_TCP_DATA_UNACKNOWLEDGED;
}

/* The same ACK over and over: nobody answers any more. */
static void count_retransmissions(struct ip_ct_tcp *tcp, const struct ct_segment *seg,
				  const struct numbers *n)
{
	if (tcp->last_dir == seg->dir && tcp->last_seq == n->seq && tcp->last_ack == n->ack &&
	    tcp->last_end == n->end && tcp->last_win == seg->win) {
		tcp->retrans++;
		return;
	}
	tcp->last_dir = seg->dir;
	tcp->last_seq = n->seq;
	tcp->last_ack = n->ack;
	tcp->last_end = n->end;
	tcp->last_win = seg->win;
	tcp->retrans = 0;
}

enum ct_window tcp_in_window(struct nf_conn *ct, const struct ct_segment *seg)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	struct ip_ct_tcp_state *sender = &tcp->seen[seg->dir], *receiver = &tcp->seen[!seg->dir];
	struct numbers n = {seg->seq, seg->ack, seg->ack, seg->end, seg->win};
	u8 flags = seg->th->flags;
	enum ct_window verdict;

	if (receiver->flags & CT_TCP_SACK_PERM)
		n.sack = highest_sack(seg);
	if (unlikely(!sender->td_maxwin || flags & TCP_SYN) &&
	    begin_sender(tcp, sender, receiver, seg, &n))
		return CT_WINDOW_OK;
	if (!(flags & TCP_ACK) || (flags & TCP_RST && !n.ack)) /* some resets carry 0 */
		n.ack = n.sack = receiver->td_end;
	if (flags & TCP_RST && !n.seq && tcp->state == TCP_CONNTRACK_SYN_SENT)
		n.seq = n.end = sender->td_end; /* refuses the SYN (RFC 9293 s3.10.7.1) */
	verdict = check(sender, receiver, &n);
	if (unlikely(verdict != CT_WINDOW_OK))
		return sender->flags & CT_TCP_BE_LIBERAL || seg->p->ctn->s.tcp_be_liberal
			       ? CT_WINDOW_OK
			       : verdict;
	if (!(flags & TCP_SYN)) /* RFC 7323 s2.2 */
		n.win <<= sender->td_scale;
	update(sender, receiver, &n, flags & TCP_ACK);
	if (seg->index == TCP_ACK_SET)
		count_retransmissions(tcp, seg, &n);
	return CT_WINDOW_OK;
}
