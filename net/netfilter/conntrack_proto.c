/* SPDX-License-Identifier: MIT */
/* The simple protocols: UDP (two time-outs), ICMP queries, ICMP errors about other connections, GRE, and all others. */
#include "net/netfilter/conntrack_net.h"
#include "net/sockopt.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/udp_hdr.h"

#define UDP_STREAM_AFTER (2 * CT_HZ)

static bool udp_is_sane(const struct ct_packet *p)
{
	u32 len = p->skb->len - p->l4;
	const struct udphdr *uh;

	if (!pskb_may_pull(p->skb, p->l4 + UDP_HLEN))
		return false;
	uh = (const struct udphdr *)(p->skb->data + p->l4);
	if (be16_to_cpu(uh->len) > len || be16_to_cpu(uh->len) < UDP_HLEN)
		return false;
	return !uh->check || !ct_checksum_bad(p, IPPROTO_UDP);
}

/* Answered, and going on for two seconds: a stream, with a longer time-out. */
enum ct_verdict nf_conntrack_udp_packet(const struct ct_packet *p, struct nf_conn *ct)
{
	const struct nf_ct_sysctl *s = &p->ctn->s;
	bool stream;

	if (!udp_is_sane(p))
		return CT_INVALID;
	if (!nf_ct_is_confirmed(ct))
		ct->proto.stream_ts = p->now + UDP_STREAM_AFTER;
	stream = ct->status & IPS_SEEN_REPLY && (s32)(p->now - ct->proto.stream_ts) > 0;
	ct_refresh(p, ct, ct_seconds(stream ? s->udp_timeout_stream : s->udp_timeout));
	if (stream && !(ct->status & IPS_ASSURED)) {
		ct->status |= IPS_ASSURED;
		nf_ct_event(ct, IPCT_ASSURED);
	}
	return CT_VALID;
}

/* RFC 2784. Keys (RFC 2890) and PPTP's calls are not told apart: one tunnel, one connection. */
enum ct_verdict nf_conntrack_gre_packet(const struct ct_packet *p, struct nf_conn *ct)
{
	const struct nf_ct_sysctl *s = &p->ctn->s;
	bool stream = ct->status & IPS_SEEN_REPLY;

	ct_refresh(p, ct, ct_seconds(stream ? s->gre_timeout_stream : s->gre_timeout));
	if (stream && !(ct->status & IPS_ASSURED)) {
		ct->status |= IPS_ASSURED;
		nf_ct_event(ct, IPCT_ASSURED);
	}
	return CT_VALID;
}

enum ct_verdict nf_conntrack_generic_packet(const struct ct_packet *p, struct nf_conn *ct)
{
	ct_refresh(p, ct, ct_seconds(p->ctn->s.generic_timeout));
	return CT_VALID;
}

/* Only what asks begins a connection; its answers may come more than once, so they do not end it. */
enum ct_verdict nf_conntrack_icmp_packet(const struct ct_packet *p, struct nf_conn *ct)
{
	switch (ct->tuple[IP_CT_DIR_ORIGINAL].icmp.type) {
	case ICMP_ECHO:
	case ICMP_TIMESTAMP:
	case ICMP_INFO_REQUEST:
	case ICMP_ADDRESS:
		ct_refresh(p, ct, ct_seconds(p->ctn->s.icmp_timeout));
		return CT_VALID;
	}
	return CT_INVALID;
}

/*
 * The connection of the packet whose header is at iph_off: as it is, or, quoted by an error, as it went there. *dir: in which
 * direction p goes.
 */
static const struct nf_conn *connection_of(const struct ct_packet *p, u32 iph_off,
					   enum ip_conntrack_dir *dir)
{
	struct nf_conntrack_tuple read, inverse, *t = &read;
	u8 protonum;
	u32 l4;

	if (!nf_ct_get_tuple(p->skb, iph_off, &read, &protonum, &l4))
		return NULL;
	if (iph_off) {
		if (!nf_ct_invert_tuple(&inverse, &read, protonum))
			return NULL;
		t = &inverse;
	}
	return ct_find(p->ctn, t, protonum, ct_hash(p->ctn, t, protonum), p->now, dir);
}

/* It goes on as nobody's; but no further than NAT, if ct, to which it does not belong, is translated. */
static void not_of(const struct ct_packet *p, const struct nf_conn *ct)
{
	if (ct && ct->status & IPS_NAT_MASK)
		p->skb->nfct = NFCT_INVALID_NAT;
	p->ctn->stat.error++;
}

/*
 * An error quotes a packet that went the other way. It is that connection's if it is on its way to where that packet came
 * from, as this host knows it (before NAT): else anybody could speak to anybody as RELATED.
 */
static void attach_error(struct ct_packet *p)
{
	bool sane = !ct_checksum_bad(p, IPPROTO_ICMP);
	enum ip_conntrack_dir dir;
	const struct nf_conn *ct = connection_of(p, p->l4 + ICMP_HLEN, &dir);

	if (ct && sane && ct->tuple[dir].dst == ((const struct iphdr *)p->skb->data)->daddr) {
		nf_ct_set(p->skb, ct, dir == IP_CT_DIR_REPLY ? IP_CT_RELATED_REPLY : IP_CT_RELATED);
		return;
	}
	not_of(p, ct);
}

bool nf_conntrack_icmpv4_error(const struct ct_packet *packet)
{
	const struct iphdr *iph = (const struct iphdr *)packet->skb->data;
	struct ct_packet p = *packet;
	enum ip_conntrack_dir dir;
	u8 type;

	p.l4 = ip_hdrlen(iph);
	if (iph->frag_off & CPU_TO_BE16(IP_OFFSET))
		return false; /* nf_ct_get_tuple() says no */
	type = pskb_may_pull(p.skb, p.l4 + ICMP_HLEN) ? p.skb->data[p.l4] : U8_MAX;
	if (icmp_type_is_error(type)) {
		attach_error(&p);
		return true;
	}
	if (type <= NR_ICMP_TYPES && !ct_checksum_bad(&p, IPPROTO_ICMP))
		return false;
	not_of(&p, connection_of(&p, 0, &dir));
	return true;
}
