/* SPDX-License-Identifier: MIT */
/*
 * Generic receive offload: segments of one TCP connection that a poll finds in a row go up as one packet.
 *
 * A packet that others may follow is remembered in one of a few cells. It lies in the poll's list already, in its place;
 * what continues it is hung behind it there (frag_list), so at the end of the poll nothing is left to be flushed but
 * headers. Only what skb_gso_segment() would make the very same frames of again is put together: everything equal but
 * the sequence number, which goes on, the identification, which counts or stays, and PSH and FIN on the last one. The
 * window too, which Linux does not compare.
 *
 * Checksums are looked at when a second segment comes: a packet that stays alone costs nothing.
 *
 * Context: softirq, in poll().
 */
#include "net/core/gro.h"
#include "net/core/skb_data.h"
#include "net/sockopt.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/tcp_hdr.h"

#define GRO_MAX_PARTS 44 /* 64 KiB of Ethernet's segments, and what a device's ring takes as one */

/* A segment: where its headers are. */
struct gro_seg {
	struct iphdr *iph;
	struct tcphdr *th;
	u32 hlen, payload; /* of both headers; behind them */
};

/* Finds the headers of skb, whose data is its IP header. False: they are such that its connection is not to be known. */
static bool gro_parse(const struct sk_buff *skb, struct gro_seg *s)
{
	u32 thlen;

	if (skb_is_nonlinear(skb) || skb->len < sizeof(struct iphdr) + TCP_HLEN || skb_is_gso(skb))
		return false;
	s->iph = (struct iphdr *)skb->data;
	s->th = (struct tcphdr *)(s->iph + 1);
	thlen = tcp_hdrlen(s->th);
	s->hlen = sizeof(struct iphdr) + thlen;
	if (s->iph->ver_ihl != 0x45 || s->iph->frag_off & CPU_TO_BE16(IP_MF | IP_OFFSET) ||
	    be16_to_cpu(s->iph->tot_len) != skb->len || thlen < TCP_HLEN || s->hlen > skb->len)
		return false;
	s->payload = skb->len - s->hlen;
	return true;
}

/* Data, and nothing that speaks of one segment alone. */
static bool only_data(const struct gro_seg *s)
{
	return s->payload && !s->th->urg_ptr &&
	       (s->th->flags & (u8) ~(TCP_PSH | TCP_FIN | TCP_ECE)) == TCP_ACK;
}

static bool same_flow(const struct gro_seg *a, const struct gro_seg *b)
{
	return a->iph->saddr == b->iph->saddr && a->iph->daddr == b->iph->daddr &&
	       a->th->source == b->th->source && a->th->dest == b->th->dest;
}

static bool csum_good(const struct sk_buff *skb, const struct gro_seg *s)
{
	u32 len = skb->len - sizeof(struct iphdr);

	if (ip_fast_csum(s->iph, 5))
		return false;
	return skb_csum_unnecessary(skb) ||
	       !csum_fold(csum_partial(s->th, len,
				       csum_tcpudp_nofold(s->iph->saddr, s->iph->daddr, len,
							  IPPROTO_TCP, 0)));
}

/* The identification goes on as it has so far: by one each time, or not at all. */
static bool id_continues(const struct gro_cell *c, const struct gro_seg *h, const struct gro_seg *n)
{
	u16 step = be16_to_cpu(n->iph->id) - be16_to_cpu(h->iph->id);

	if (c->segs == 1)
		return step <= 1;
	return step == (c->fixed_id ? 0 : c->segs);
}

/* n is what comes next in the connection of c, whose packet h is, and in nothing else different. */
static bool continues(const struct gro_cell *c, const struct gro_seg *h, const struct gro_seg *n)
{
	u32 mss = c->segs == 1 ? h->payload : skb_shinfo(c->skb)->gso_size;
	u32 seq = be32_to_cpu(h->th->seq) + c->payload;

	return be32_to_cpu(n->th->seq) == seq && n->payload <= mss && c->segs < GRO_MAX_PARTS &&
	       h->hlen + c->payload + n->payload <= U16_MAX && h->hlen == n->hlen &&
	       h->th->ack_seq == n->th->ack_seq && h->th->window == n->th->window &&
	       !((h->th->flags ^ n->th->flags) & TCP_ECE) &&
	       h->th->doff == n->th->doff && /* its low bits, too */
	       h->iph->tos == n->iph->tos && h->iph->ttl == n->iph->ttl &&
	       h->iph->frag_off == n->iph->frag_off && id_continues(c, h, n) &&
	       !memcmp(h->th + 1, n->th + 1, n->hlen - sizeof(*n->iph) - TCP_HLEN);
}

/* The headers of a packet that became several segments. */
static void gro_complete(struct gro_cell *c)
{
	struct sk_buff *skb = c->skb;
	struct skb_shared_info *si = skb_shinfo(skb);
	struct iphdr *iph = (struct iphdr *)skb->data;
	struct tcphdr *th = (struct tcphdr *)(iph + 1);

	c->skb = NULL;
	if (c->segs == 1)
		return;
	si->gso_segs = c->segs;
	si->gso_type = SKB_GSO_TCPV4 | (c->fixed_id ? SKB_GSO_TCP_FIXEDID : 0);
	iph->tot_len = cpu_to_be16(skb->len);
	ip_send_check(iph);
	th->flags |= c->flags;
	th->check =
		~csum_tcpudp_magic(iph->saddr, iph->daddr, skb->len - sizeof(*iph), IPPROTO_TCP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = (u8 *)th - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

static void gro_merge(struct gro_cell *c, const struct gro_seg *h, struct sk_buff *skb,
		      const struct gro_seg *n)
{
	struct sk_buff *head = c->skb;

	if (c->segs == 1) {
		skb_shinfo(head)->gso_size = h->payload;
		skb_shinfo(head)->frag_list = skb;
		c->fixed_id = h->iph->id == n->iph->id;
	} else {
		c->last->next = skb;
	}
	c->last = skb;
	c->segs++;
	c->payload += n->payload;
	c->flags = n->th->flags & (TCP_PSH | TCP_FIN);
	__skb_pull(skb, n->hlen);
	head->len += n->payload;
	head->data_len += n->payload;
	head->truesize += skb->truesize;
	if (c->flags || n->payload < skb_shinfo(head)->gso_size)
		gro_complete(c);
}

/* The packet of c, whose headers are still its own. */
static void cell_seg(const struct gro_cell *c, struct gro_seg *s)
{
	s->iph = (struct iphdr *)c->skb->data;
	s->th = (struct tcphdr *)(s->iph + 1);
	s->hlen = sizeof(struct iphdr) + tcp_hdrlen(s->th);
	s->payload = c->skb->len - c->skb->data_len - s->hlen;
}

/* From the same station, too. */
static bool same_link(const struct sk_buff *a, const struct sk_buff *b)
{
	return !memcmp(skb_mac_header(a), skb_mac_header(b), 12);
}

static void gro_remember(struct gro_cells *g, struct gro_cell *free, struct sk_buff *skb,
			 const struct gro_seg *s)
{
	struct gro_cell *c = free;

	if (!only_data(s) || s->th->flags & (TCP_PSH | TCP_FIN))
		return;
	if (!c && g->nr < GRO_CELLS) {
		c = &g->cell[g->nr++];
	} else if (!c) {
		c = &g->cell[g->turn++ % GRO_CELLS];
		gro_complete(c);
	}
	c->skb = skb;
	c->segs = 1;
	c->flags = 0;
	c->payload = s->payload;
}

bool gro_receive(struct gro_cells *g, struct sk_buff *skb)
{
	struct gro_cell *free = NULL;
	struct gro_seg n, h;

	if (!gro_parse(skb,
		       &n)) { /* nothing of its connection may be put in front of it any more */
		gro_flush(g);
		return false;
	}
	for (struct gro_cell *c = g->cell; c < g->cell + g->nr; c++) {
		if (!c->skb) {
			free = c;
			continue;
		}
		cell_seg(c, &h);
		if (!same_flow(&h, &n))
			continue;
		if (only_data(&n) && continues(c, &h, &n) && same_link(c->skb, skb) &&
		    csum_good(skb, &n) && (c->segs > 1 || csum_good(c->skb, &h))) {
			gro_merge(c, &h, skb, &n);
			return true;
		}
		gro_complete(c);
		free = c;
		break;
	}
	gro_remember(g, free, skb, &n);
	return false;
}

void gro_flush(struct gro_cells *g)
{
	for (struct gro_cell *c = g->cell; c < g->cell + g->nr; c++)
		if (c->skb)
			gro_complete(c);
	g->nr = 0;
}
