/* SPDX-License-Identifier: MIT */
/*
 * Cutting packets (RFC 791 s3.2, RFC 1812 s4.2.2.7) and identifying what may be cut.
 *
 * Every piece is a new packet with a copied header: options without the copied flag stay with the first.
 */
#include "lib/errno.h"
#include "net/ipv4/inet_sock.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/ip_options.h"

/*
 * RFC 6864 wants no reuse while packets live, RFC 7739 no prediction: counters chosen by a keyed hash, so that
 * what one destination sees says little of another's.
 */
be16 ip_select_ident(struct net *net, be32 saddr, be32 daddr, u8 protocol)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);
	u64 h = siphash13_2u64((u64)saddr << 32 | daddr, protocol, &ipv4->ip_id_key);
	u32 *ident = &ipv4->ip_idents[h % ARRAY_SIZE(ipv4->ip_idents)];

	return cpu_to_be16((u16)((*ident)++ + (u32)(h >> 32)));
}

/* In pieces behind the first, options that are not copied become no-operations. */
static void blank_options(struct iphdr *iph)
{
	u8 *opt = (u8 *)(iph + 1), *end = (u8 *)iph + ip_hdrlen(iph);

	while (opt < end && *opt != IPOPT_END) {
		unsigned int len = *opt == IPOPT_NOOP ? 1 : opt + 1 < end ? opt[1] : 0;

		if (*opt != IPOPT_NOOP && (len < 2 || opt + len > end))
			return;
		if (!IPOPT_COPIED(*opt))
			memset(opt, IPOPT_NOOP, len);
		opt += len;
	}
}

/* A packet with the header of skb and len bytes of its data from offset. */
static struct sk_buff *make_piece(struct sk_buff *skb, unsigned int hlen, u32 offset, u32 len)
{
	struct sk_buff *piece = alloc_skb(skb->net, IP_TX_HEADROOM + hlen + len);

	if (!piece)
		return NULL;
	skb_reserve(piece, IP_TX_HEADROOM);
	skb_reset_network_header(piece);
	memcpy(skb_put(piece, hlen), ip_hdr(skb), hlen);
	skb_reset_transport_header(piece);
	piece->transport_header += hlen;
	if (skb_copy_bits(skb, hlen + offset, skb_put(piece, len), len)) {
		consume_skb(piece);
		return NULL;
	}
	piece->dev = skb->dev;
	piece->protocol = skb->protocol;
	piece->pkt_type = skb->pkt_type;
	piece->mark = skb->mark;
	piece->priority = skb->priority;
	piece->hooks_passed = skb->hooks_passed;
	piece->traced = skb->traced;
	piece->trace_id = skb->trace_id;
	piece->iif = skb->iif;
	piece->nfct = skb->nfct & ~SKB_NFCT_OWNER;
	*IPCB(piece) = *IPCB(skb);
	skb_dst_set_noref(piece, skb->dst);
	return piece;
}

/* from: frag_off of the whole. */
static void finish_piece(struct sk_buff *piece, u16 from, u32 offset, bool last)
{
	struct iphdr *iph = ip_hdr(piece);
	u16 mf = last ? from & IP_MF : IP_MF;

	iph->frag_off = cpu_to_be16((from & IP_DF) | mf | ((from & IP_OFFSET) + offset / 8));
	iph->tot_len = cpu_to_be16(piece->len);
	/* in pieces of a piece behind the first they are as they should be */
	if (offset && !(from & IP_OFFSET) && ip_hdrlen(iph) > IP_HLEN_MIN)
		blank_options(iph);
	ip_send_check(iph);
}

/* How a packet is cut: in the pieces it came in (the skbs of its frag_list), or as large as may be. */
struct cut {
	u32 room; /* for data, in one piece */
	bool as_it_came;
	u32 first;                  /* length of its own first piece */
	const struct sk_buff *next; /* whose is the piece behind the one of now */
};

/* Linux's rule: only if all of them fit still. */
static struct cut cut_of(const struct sk_buff *skb, unsigned int hlen, u32 room)
{
	const struct sk_buff *list = skb_shinfo(skb)->frag_list;
	struct cut c = {.room = room, .first = skb->len - hlen, .next = list};

	for (const struct sk_buff *f = list; f; f = f->next) {
		c.first -= f->len;
		if (f->len > room || (f->len & 7 && f->next))
			return c;
	}
	c.as_it_came = list && c.first <= room && !(c.first & 7) && !ip_is_fragment(ip_hdr(skb));
	return c;
}

/* The length of the piece at offset, when left bytes are left. */
static u32 cut_next(struct cut *c, u32 offset, u32 left)
{
	u32 n;

	if (!c->as_it_came)
		return left <= c->room ? left : ALIGN_DOWN(c->room, 8);
	if (!offset)
		return c->first;
	n = c->next->len;
	c->next = c->next->next;
	return n;
}

/* A failed piece ends it: what has gone is lost at the receiver, as RFC 791 allows for. */
int ip_do_fragment(struct net *net, struct sk_buff *skb, u32 mtu,
		   int (*output)(struct net *net, struct sk_buff *skb))
{
	unsigned int hlen = ip_hdrlen_skb(skb);
	u32 n, len = skb->len - hlen;
	u16 from = be16_to_cpu(ip_hdr(skb)->frag_off);
	struct cut cut;
	int err = 0;

	if (skb_checksum_help(skb)) {
		NET_INC_STATS(net, IPSTATS_MIB_FRAGFAILS);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return -ENOMEM;
	}
	if (IPCB(skb)->frag_max_size && IPCB(skb)->frag_max_size < mtu)
		mtu = IPCB(skb)->frag_max_size;
	cut = cut_of(skb, hlen, mtu - hlen);
	if (cut.as_it_came)
		from = 0; /* they lose it, as on Linux */
	for (u32 offset = 0; offset < len && !err; offset += n) {
		struct sk_buff *piece;

		n = cut_next(&cut, offset, len - offset);
		piece = make_piece(skb, hlen, offset, n);
		if (!piece) {
			err = -ENOMEM;
			break;
		}
		if (unlikely(skb->tx_flags && skb->sk && !offset)) /* as Linux */
			sk_tstamp_follow(skb->sk, piece, skb);
		finish_piece(piece, from, offset, offset + n == len);
		err = output(net, piece);
		if (!err)
			NET_INC_STATS(net, IPSTATS_MIB_FRAGCREATES);
	}
	if (err) {
		NET_INC_STATS(net, IPSTATS_MIB_FRAGFAILS);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
	} else {
		NET_INC_STATS(net, IPSTATS_MIB_FRAGOKS);
		consume_skb(skb);
	}
	return err;
}
