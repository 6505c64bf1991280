/* SPDX-License-Identifier: MIT */
/*
 * TCP: each segment is checked by itself, looked up in the table of states (conntrack_tcp_fsm.c), judged by the
 * exceptions that a table cannot hold (a SYN that reopens, answers to what was ignored, resets that are forged), then
 * by the windows (conntrack_tcp_window.c); only then it changes anything. Sources: RFC 9293, RFC 5961; what Linux does.
 */
#include "net/netfilter/conntrack_tcp.h"
#include "net/sockopt.h"

static enum tcp_bit_set index_of(u8 flags)
{
	if (flags & TCP_RST)
		return TCP_RST_SET;
	if (flags & TCP_SYN)
		return flags & TCP_ACK ? TCP_SYNACK_SET : TCP_SYN_SET;
	if (flags & TCP_FIN)
		return TCP_FIN_SET;
	return flags & TCP_ACK ? TCP_ACK_SET : TCP_NONE_SET;
}

/* False: the segment is not well-formed. */
static bool read_segment(const struct ct_packet *p, struct ct_segment *seg)
{
	struct sk_buff *skb = p->skb;
	const struct tcphdr *th;
	u32 hlen;

	if (!pskb_may_pull(skb, p->l4 + TCP_HLEN))
		return false;
	hlen = tcp_hdrlen((const struct tcphdr *)(skb->data + p->l4));
	if (hlen < TCP_HLEN || !pskb_may_pull(skb, p->l4 + hlen))
		return false;
	if (ct_checksum_bad(p, IPPROTO_TCP))
		return false;
	th = (const struct tcphdr *)(skb->data + p->l4);
	if (!tcp_ct_flags_valid(th->flags))
		return false;
	*seg = (struct ct_segment){
		.p = p,
		.th = th,
		.opt = (const u8 *)th + TCP_HLEN,
		.opt_len = hlen - TCP_HLEN,
		.seq = be32_to_cpu(th->seq),
		.ack = be32_to_cpu(th->ack_seq),
		.win = be16_to_cpu(th->window),
		.dir = CTINFO2DIR(p->ctinfo),
		.index = index_of(th->flags),
	};
	seg->end = seg->seq + skb->len - p->l4 - hlen + !!(th->flags & TCP_SYN) +
		   !!(th->flags & TCP_FIN);
	return true;
}

/* The first segment of a connection, or the first that is seen. False: it begins none. */
static bool tcp_new(struct nf_conn *ct, const struct ct_segment *seg)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	struct ip_ct_tcp_state *sender = &tcp->seen[IP_CT_DIR_ORIGINAL];
	u8 state = tcp_conntracks[IP_CT_DIR_ORIGINAL][seg->index][TCP_CONNTRACK_NONE];

	if (state >= TCP_CONNTRACK_MAX)
		return false;
	sender->td_end = sender->td_maxend = seg->end;
	sender->td_maxwin = seg->win ? seg->win : 1;
	if (state == TCP_CONNTRACK_SYN_SENT) {
		tcp_ct_options(seg, sender);
		return true;
	}
	if (!seg->p->ctn->s.tcp_loose)
		return false;
	sender->td_maxend += sender->td_maxwin;
	/* scaling and SACK may have been agreed on before */
	sender->flags = tcp->seen[IP_CT_DIR_REPLY].flags = CT_TCP_SACK_PERM | CT_TCP_BE_LIBERAL;
	return true;
}

static bool is_established(const struct nf_conn *ct)
{
	return ct->proto.tcp.state == TCP_CONNTRACK_ESTABLISHED && ct->status & IPS_ASSURED;
}

bool nf_conntrack_tcp_can_early_drop(const struct nf_conn *ct)
{
	switch (ct->proto.tcp.state) {
	case TCP_CONNTRACK_FIN_WAIT:
	case TCP_CONNTRACK_LAST_ACK:
	case TCP_CONNTRACK_TIME_WAIT:
	case TCP_CONNTRACK_CLOSE:
	case TCP_CONNTRACK_CLOSE_WAIT:
		return true;
	}
	return false;
}

/* ---- exceptions ---- */

enum action {
	GO_ON,      /* to the windows */
	IN_WINDOW,  /* without looking at them */
	LET_PASS,   /* and change nothing */
	REFUSE,     /* invalid */
	LOOK_AGAIN, /* the old connection has gone */
};

/* A SYN to a connection that is over: one end has closed it, or reset it. */
static bool reopens(const struct ip_ct_tcp *tcp, const struct ct_segment *seg)
{
	return (tcp->seen[0].flags | tcp->seen[1].flags) & CT_TCP_CLOSE_INIT ||
	       (tcp->last_dir == seg->dir && tcp->last_index == TCP_RST_SET);
}

/* The answer to a SYN that was ignored: both ends agree on a connection that is not this one. It is now. */
static void resynchronise(struct ip_ct_tcp *tcp, const struct ct_segment *seg)
{
	struct ip_ct_tcp_state *asker = &tcp->seen[tcp->last_dir];

	asker->td_end = asker->td_maxend = tcp->last_end;
	asker->td_maxwin = tcp->last_win ? tcp->last_win : 1;
	asker->td_scale = tcp->last_wscale;
	tcp->last_flags &= ~CT_TCP_EXP_CHALLENGE_ACK;
	asker->flags = tcp->last_flags;
	tcp->seen[seg->dir] =
		(struct ip_ct_tcp_state){.flags = tcp->seen[seg->dir].flags & CT_TCP_BE_LIBERAL};
}

/* Remembers what an ignored segment said, for its answer. */
static void note_ignored(struct ip_ct_tcp *tcp, const struct ct_segment *seg, u8 old_state)
{
	tcp->last_index = seg->index;
	tcp->last_dir = seg->dir;
	tcp->last_seq = seg->seq;
	tcp->last_end = seg->end;
	tcp->last_win = seg->win;
	if (seg->index == TCP_SYN_SET && seg->dir == IP_CT_DIR_ORIGINAL) {
		struct ip_ct_tcp_state seen = {0};

		tcp_ct_options(seg, &seen);
		tcp->last_flags = seen.flags;
		tcp->last_wscale = seen.td_scale;
		if (old_state == TCP_CONNTRACK_LAST_ACK)
			tcp->last_flags |= CT_TCP_EXP_CHALLENGE_ACK;
	}
	if (old_state == TCP_CONNTRACK_SYN_SENT && seg->index == TCP_ACK_SET &&
	    seg->dir == IP_CT_DIR_REPLY)
		tcp->last_ack = seg->ack;
}

static enum action ignored(struct ip_ct_tcp *tcp, const struct ct_segment *seg, u8 *old, u8 *new)
{
	if (seg->index == TCP_SYNACK_SET && tcp->last_index == TCP_SYN_SET &&
	    tcp->last_dir != seg->dir && seg->ack == tcp->last_end) {
		resynchronise(tcp, seg);
		*old = TCP_CONNTRACK_SYN_SENT;
		*new = TCP_CONNTRACK_SYN_RECV;
		return GO_ON;
	}
	note_ignored(tcp, seg, *old);
	return LET_PASS;
}

/*
 * A reset may be forged. It counts if its number is exactly the next one that its receiver waits for (RFC 5961 s3.2), or
 * that of the data just in front of it; one in the window leaves the state: the receiver will send a challenge ACK.
 */
static enum action reset(struct nf_conn *ct, const struct ct_segment *seg, u8 old, u8 *new)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;
	const struct ip_ct_tcp_state *receiver = &tcp->seen[!seg->dir];

	if (nf_conntrack_tcp_can_early_drop(ct))
		return IN_WINDOW; /* it ends anyhow, and the numbers may be another's */
	if (receiver->flags & CT_TCP_MAXACK_SET && tcp->last_index != TCP_SYN_SET) {
		if (!seg->seq && !is_established(ct))
			return GO_ON; /* answers a SYN that was let through */
		if (ct_before(seg->seq, receiver->td_maxack) &&
		    !seg->p->ctn->s.tcp_ignore_invalid_rst)
			return REFUSE;
		if (!is_established(ct) || seg->seq == receiver->td_maxack)
			return GO_ON;
		if (tcp->last_index == TCP_ACK_SET && tcp->last_dir == seg->dir &&
		    seg->seq == tcp->last_end)
			return GO_ON;
		*new = old;
	}
	/* answers the other end's SYN or an ACK that was ignored, whose numbers are not in the windows */
	if (((ct->status & IPS_SEEN_REPLY && tcp->last_index == TCP_SYN_SET &&
	      tcp->last_dir != seg->dir) ||
	     (!(ct->status & IPS_ASSURED) && tcp->last_index == TCP_ACK_SET)) &&
	    seg->ack == tcp->last_end)
		return IN_WINDOW;
	/* answers a challenge ACK that was let through */
	if (old == TCP_CONNTRACK_SYN_SENT && tcp->last_index == TCP_ACK_SET &&
	    tcp->last_dir == IP_CT_DIR_REPLY && seg->seq == tcp->last_ack)
		return IN_WINDOW;
	return GO_ON;
}

/* What the table does not know. *new is the table's state, and may be put right. */
static enum action exceptions(struct nf_conn *ct, const struct ct_segment *seg, u8 *old, u8 *new)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;

	switch (*new) {
	case TCP_CT_INVALID:
		return REFUSE;
	case TCP_CT_IGNORE:
		return ignored(tcp, seg, old, new);
	case TCP_CONNTRACK_SYN_SENT:
		if (*old < TCP_CONNTRACK_TIME_WAIT)
			return GO_ON;
		return reopens(tcp, seg) ? LOOK_AGAIN : ignored(tcp, seg, old, new);
	case TCP_CONNTRACK_TIME_WAIT:
		/* a challenge ACK to a SYN is not the ACK of the last FIN */
		if (*old == TCP_CONNTRACK_LAST_ACK && seg->index == TCP_ACK_SET &&
		    tcp->last_dir != seg->dir && tcp->last_index == TCP_SYN_SET &&
		    tcp->last_flags & CT_TCP_EXP_CHALLENGE_ACK) {
			tcp->last_flags &= ~CT_TCP_EXP_CHALLENGE_ACK;
			return LET_PASS;
		}
		return GO_ON;
	case TCP_CONNTRACK_SYN_SENT2:
		tcp->last_flags |= CT_TCP_SIMULTANEOUS_OPEN;
		return GO_ON;
	case TCP_CONNTRACK_SYN_RECV:
		if (seg->dir == IP_CT_DIR_REPLY && seg->index == TCP_ACK_SET &&
		    tcp->last_flags & CT_TCP_SIMULTANEOUS_OPEN)
			*new = TCP_CONNTRACK_ESTABLISHED;
		return GO_ON;
	case TCP_CONNTRACK_CLOSE:
		return seg->index == TCP_RST_SET ? reset(ct, seg, *old, new) : GO_ON;
	}
	return GO_ON;
}

/* ---- time ---- */

/* A close or reset outside the window, answered by another: the ends are ahead of us, so do not keep the connection for days. */
static void out_of_window(struct nf_conn *ct, const struct ct_segment *seg)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	u32 unack = ct_seconds(seg->p->ctn->s.tcp_timeout[TCP_CT_UNACK]);
	u32 left = ct->timeout - seg->p->now;

	if (!(ct->status & IPS_ASSURED) || ct->status & IPS_FIXED_TIMEOUT)
		return;
	if (seg->index != TCP_RST_SET && seg->index != TCP_FIN_SET)
		return;
	if (tcp->last_dir == seg->dir ||
	    (tcp->last_index != TCP_FIN_SET && tcp->last_index != TCP_RST_SET)) {
		tcp->last_index = seg->index;
		tcp->last_dir = seg->dir;
	} else if (left >= 120 * CT_HZ && left > unack) {
		ct->timeout = seg->p->now + unack;
	}
}

static u32 choose_timeout(const struct ip_ct_tcp *tcp, const struct ct_segment *seg)
{
	const struct nf_ct_sysctl *s = &seg->p->ctn->s;
	int timeout = s->tcp_timeout[tcp->state];

	if (tcp->retrans >= s->tcp_max_retrans && timeout > s->tcp_timeout[TCP_CT_RETRANS])
		timeout = s->tcp_timeout[TCP_CT_RETRANS];
	else if (unlikely(seg->index == TCP_RST_SET))
		timeout = s->tcp_timeout[TCP_CONNTRACK_CLOSE];
	else if ((tcp->seen[0].flags | tcp->seen[1].flags) & CT_TCP_DATA_UNACKNOWLEDGED &&
		 timeout > s->tcp_timeout[TCP_CT_UNACK])
		timeout = s->tcp_timeout[TCP_CT_UNACK];
	else if (!tcp->last_win && timeout > s->tcp_timeout[TCP_CT_RETRANS])
		timeout = s->tcp_timeout[TCP_CT_RETRANS];
	return ct_seconds(timeout);
}

/* A good segment: the new state, and how long it may last. */
static enum ct_verdict accept_segment(struct nf_conn *ct, const struct ct_segment *seg, u8 old,
				      u8 new)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	u32 timeout, unack = ct_seconds(seg->p->ctn->s.tcp_timeout[TCP_CT_UNACK]);

	tcp->last_index = seg->index;
	tcp->last_dir = seg->dir;
	tcp->state = new;
	if (old != new &&new == TCP_CONNTRACK_FIN_WAIT)
		tcp->seen[seg->dir].flags |= CT_TCP_CLOSE_INIT;
	timeout = choose_timeout(tcp, seg);
	if (old != new)
		nf_ct_event(ct, IPCT_PROTOINFO);
	if (!(ct->status & IPS_SEEN_REPLY)) {
		if (seg->index == TCP_RST_SET) { /* refused: nothing has been */
			if (nf_ct_is_confirmed(ct))
				ct_kill(seg->p->ctn, ct);
			else
				ct_refresh(seg->p, ct, timeout);
			return CT_VALID;
		}
		/* whoever repeats SYNs for ever must not hold the entry for ever */
		if (seg->index == TCP_SYN_SET && old == TCP_CONNTRACK_SYN_SENT)
			return CT_VALID;
		if (new == TCP_CONNTRACK_ESTABLISHED && timeout > unack)
			timeout = unack;
	} else if (!(ct->status & IPS_ASSURED) && new == TCP_CONNTRACK_ESTABLISHED &&
		   (old == TCP_CONNTRACK_SYN_RECV || old == TCP_CONNTRACK_ESTABLISHED)) {
		ct->status |= IPS_ASSURED;
		nf_ct_event(ct, IPCT_ASSURED);
	}
	ct_refresh(seg->p, ct, timeout);
	return CT_VALID;
}

void nf_ct_set_closing(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	u32 timeout;

	if (!ct || ct->protonum != IPPROTO_TCP || ct->proto.tcp.state == TCP_CONNTRACK_CLOSE)
		return;
	ct->proto.tcp.state = TCP_CONNTRACK_CLOSE;
	if (ct->status & IPS_FIXED_TIMEOUT)
		return;
	timeout = ct_seconds(skb->net->ct->s.tcp_timeout[TCP_CONNTRACK_CLOSE]);
	ct->timeout = nf_ct_is_confirmed(ct) ? ct_now(skb) + timeout : timeout;
	nf_ct_event(ct, IPCT_PROTOINFO);
}

enum ct_verdict nf_conntrack_tcp_packet(const struct ct_packet *p, struct nf_conn *ct)
{
	struct ct_segment seg;
	u8 old, new;

	if (!read_segment(p, &seg))
		return CT_INVALID;
	if (!nf_ct_is_confirmed(ct) && !tcp_new(ct, &seg))
		return CT_INVALID;
	old = ct->proto.tcp.state;
	new = tcp_conntracks[seg.dir][seg.index][old];
	switch (exceptions(ct, &seg, &old, &new)) {
	case GO_ON:
		break;
	case IN_WINDOW:
		return accept_segment(ct, &seg, old, new);
	case LET_PASS:
		return CT_VALID;
	case REFUSE:
		return CT_INVALID;
	case LOOK_AGAIN:
		ct_kill(p->ctn, ct);
		return CT_REPEAT;
	}
	switch (tcp_in_window(ct, &seg)) {
	case CT_WINDOW_OK:
		break;
	case CT_WINDOW_IGNORE:
		return CT_VALID;
	case CT_WINDOW_INVALID:
		out_of_window(ct, &seg);
		return CT_INVALID;
	}
	return accept_segment(ct, &seg, old, new);
}
