/* SPDX-License-Identifier: MIT */
/*
 * Rewriting packets: an address and what its protocol calls a port, with the checksums' deltas (RFC 1624). A partial
 * checksum (CHECKSUM_PARTIAL) holds the pseudo header's sum, uncomplemented: only addresses count there. UDP's 0 stays 0.
 */
#include "net/netfilter/nat.h"
#include "net/sockopt.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "net/wire/udp_hdr.h"

/* The change of one packet. */
struct manip {
	struct sk_buff *skb;
	u32 delta; /* of the addresses, for checksums */
	be32 addr;
	be16 port;
	bool src;
	bool quoted; /* by an ICMP error: may be cut, and is not the packet that a partial checksum is of */
};

static void fix_check(const struct manip *m, u16 *check, be16 old_port)
{
	if (unlikely(m->skb->ip_summed == CHECKSUM_PARTIAL && !m->quoted))
		*check = ~csum_fold(csum_add(*check, m->delta));
	else
		*check = csum_fold(csum_add(csum_add((u16) ~*check, m->delta),
					    csum_add((u16)~old_port, m->port)));
}

/* As skb_ensure_writable(), which most packets do not need. */
static inline int writable(struct sk_buff *skb, u32 len)
{
	if (likely(len <= skb_headlen(skb) && !skb_cloned(skb)))
		return 0;
	return skb_ensure_writable(skb, len);
}

static be16 set_port(const struct manip *m, be16 *src, be16 *dst)
{
	be16 *port = m->src ? src : dst, old = *port;

	*port = m->port;
	return old;
}

/* A quoted header may have no more than its first 8 bytes. */
static bool manip_tcp(const struct manip *m, u32 off)
{
	u32 len = m->skb->len >= off + TCP_HLEN ? TCP_HLEN : 8;
	struct tcphdr *th;
	be16 old;

	if (writable(m->skb, off + len))
		return false;
	th = (struct tcphdr *)(m->skb->data + off);
	old = set_port(m, &th->source, &th->dest);
	if (len == TCP_HLEN)
		fix_check(m, &th->check, old);
	return true;
}

static bool manip_udp(const struct manip *m, u32 off)
{
	struct udphdr *uh;
	bool summed;
	be16 old;

	if (writable(m->skb, off + UDP_HLEN))
		return false;
	uh = (struct udphdr *)(m->skb->data + off);
	summed = uh->check || (m->skb->ip_summed == CHECKSUM_PARTIAL && !m->quoted);
	old = set_port(m, &uh->source, &uh->dest);
	if (!summed)
		return true;
	fix_check(m, &uh->check, old);
	if (!uh->check)
		uh->check = 0xffff; /* RFC 768: 0 says "none" */
	return true;
}

static bool manip_icmp(const struct manip *m, u32 off)
{
	struct icmphdr *ih;

	if (writable(m->skb, off + ICMP_HLEN))
		return false;
	ih = (struct icmphdr *)(m->skb->data + off);
	switch (ih->type) {
	case ICMP_ECHO:
	case ICMP_ECHOREPLY:
	case ICMP_TIMESTAMP:
	case ICMP_TIMESTAMPREPLY:
	case ICMP_INFO_REQUEST:
	case ICMP_INFO_REPLY:
	case ICMP_ADDRESS:
	case ICMP_ADDRESSREPLY:
		ih->checksum = csum_replace2(ih->checksum, ih->un.echo.id, m->port);
		ih->un.echo.id = m->port;
	}
	return true;
}

static bool manip_l4(const struct manip *m, u8 protonum, u32 off)
{
	switch (protonum) {
	case IPPROTO_TCP:
		return manip_tcp(m, off);
	case IPPROTO_UDP:
		return manip_udp(m, off);
	case IPPROTO_ICMP:
		return manip_icmp(m, off);
	}
	return true;
}

bool nf_nat_manip_pkt(struct sk_buff *skb, u32 iph_off, be32 addr, be16 port,
		      enum nf_nat_manip_type type)
{
	struct manip m = {.skb = skb,
			  .addr = addr,
			  .port = port,
			  .src = type == NF_NAT_MANIP_SRC,
			  .quoted = iph_off};
	struct iphdr *iph;

	if (writable(skb, iph_off + IP_HLEN_MIN))
		return false;
	iph = (struct iphdr *)(skb->data + iph_off);
	m.delta = csum_add(~(m.src ? iph->saddr : iph->daddr), m.addr);
	if (!manip_l4(&m, iph->protocol, iph_off + ip_hdrlen(iph)))
		return false;
	iph = (struct iphdr *)(skb->data + iph_off); /* may have moved */
	iph->check = csum_fold(csum_add((u16)~iph->check, m.delta));
	*(m.src ? &iph->saddr : &iph->daddr) = m.addr;
	return true;
}

static bool icmp_checksum_good(const struct sk_buff *skb, u32 off)
{
	return skb->ip_summed == CHECKSUM_UNNECESSARY || skb->ip_summed == CHECKSUM_PARTIAL ||
	       !csum_fold(skb_checksum(skb, off, skb->len - off, 0));
}

/* A redirect about a translated flow makes sense to nobody. */
static bool redirect_makes_sense(const struct nf_conn *ct)
{
	return (ct->status & IPS_NAT_DONE_MASK) == IPS_NAT_DONE_MASK &&
	       !(ct->status & IPS_NAT_MASK);
}

bool nf_nat_icmp_reply_translation(struct sk_buff *skb, const struct nf_conn *ct,
				   enum ip_conntrack_info ctinfo, unsigned int hooknum)
{
	u32 off = ip_hdrlen((const struct iphdr *)skb->data);
	enum nf_nat_manip_type type = HOOK2MANIP(hooknum);
	u32 dir = CTINFO2DIR(ctinfo);
	u16 bit = type == NF_NAT_MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;
	const struct nf_conntrack_tuple *other = &ct->tuple[!dir];
	struct icmphdr *ih;

	if (skb_ensure_writable(skb, off + ICMP_HLEN + IP_HLEN_MIN) ||
	    !icmp_checksum_good(skb, off))
		return false;
	ih = (struct icmphdr *)(skb->data + off);
	if (ih->type == ICMP_REDIRECT && !redirect_makes_sense(ct))
		return false;
	if (dir == IP_CT_DIR_REPLY)
		bit ^= IPS_NAT_MASK;
	if (!(ct->status & bit))
		return true;
	/* the quoted packet went the other way: what is our source is its destination */
	if (!(type == NF_NAT_MANIP_SRC
		      ? nf_nat_manip_pkt(skb, off + ICMP_HLEN, other->dst,
					 nat_dport(other, ct->protonum), NF_NAT_MANIP_DST)
		      : nf_nat_manip_pkt(skb, off + ICMP_HLEN, other->src, other->sport,
					 NF_NAT_MANIP_SRC)))
		return false;
	if (skb->ip_summed != CHECKSUM_PARTIAL) {
		ih = (struct icmphdr *)(skb->data + off);
		ih->checksum = 0;
		ih->checksum = csum_fold(skb_checksum(skb, off, skb->len - off, 0));
	}
	return nf_nat_manip_pkt(skb, 0, type == NF_NAT_MANIP_SRC ? other->dst : other->src, 0,
				type);
}
