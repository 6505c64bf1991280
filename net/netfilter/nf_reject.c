/* SPDX-License-Identifier: MIT */
/* REJECT's answers. A packet that is damaged, or a piece behind the first, gets none. */
#include "net/netfilter/nf_reject.h"

#include "net/core/nf_hook.h"
#include "net/ipv4/ip_path.h"
#include "net/netfilter/xt_packet.h"
#include "net/nf_conntrack.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/tcp_hdr.h"

#define GRE_CSUM 0x8000

/* Whether the transport's checksum is right, as far as it says. */
static bool checksum_right(const struct sk_buff *skb, u32 thoff, u8 protocol)
{
	const struct iphdr *iph = ip_hdr(skb);
	u32 len = skb->len - thoff, sum = 0;
	u16 folded;

	if (skb->ip_summed == CHECKSUM_UNNECESSARY || skb->ip_summed == CHECKSUM_PARTIAL)
		return true;
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
		sum = csum_tcpudp_nofold(iph->saddr, iph->daddr, len, protocol, 0);
	folded = csum_fold(skb_checksum(skb, thoff, len, sum));
	return !folded || folded == U16_MAX; /* nothing but zeros is right, too */
}

/* Whether there is a checksum in it to look at. Linux expects one, over all of it, of every protocol it does not know. */
static bool has_checksum(const struct sk_buff *skb, u32 thoff, u8 protocol)
{
	be16 buf[4];
	const be16 *p = skb_header_pointer(skb, thoff, sizeof(buf), buf);

	switch (protocol) {
	case IPPROTO_UDP:
		return !p || p[3];
	case IPPROTO_GRE:
		return !p || p[0] & CPU_TO_BE16(GRE_CSUM);
	case IPPROTO_AH:
	case IPPROTO_ESP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return false;
	}
	return true;
}

void nf_send_unreach(struct net *net, struct sk_buff *skb, const struct xt_action_param *par,
		     u8 code)
{
	u8 protocol = ip_hdr(skb)->protocol;

	if (par->fragoff)
		return;
	if (has_checksum(skb, par->thoff, protocol) && !checksum_right(skb, par->thoff, protocol))
		return;
	icmp_send(net, skb, ICMP_DEST_UNREACH, code, 0);
}

static void fill_reset(struct tcphdr *th, const struct tcphdr *to, u32 payload)
{
	memset(th, 0, sizeof(*th));
	th->source = to->dest;
	th->dest = to->source;
	th->doff = TCP_HLEN / 4 << 4;
	th->flags = TCP_RST;
	if (to->flags & TCP_ACK) {
		th->seq = to->ack_seq;
		return;
	}
	th->flags |= TCP_ACK;
	th->ack_seq = cpu_to_be32(be32_to_cpu(to->seq) + !!(to->flags & TCP_SYN) +
				  !!(to->flags & TCP_FIN) + payload);
}

static void send_reset(struct net *net, struct sk_buff *skb, const struct xt_action_param *par,
		       const struct tcphdr *to)
{
	const struct iphdr *oiph = ip_hdr(skb);
	struct sk_buff *nskb = alloc_skb(net, IP_TX_HEADROOM + TCP_HLEN);
	struct tcphdr *th;
	struct iphdr *iph;

	if (!nskb)
		return;
	skb_reserve(nskb, IP_TX_HEADROOM);
	th = skb_put(nskb, TCP_HLEN);
	skb_reset_transport_header(nskb);
	fill_reset(th, to, skb->len - par->thoff - tcp_hdrlen(to));
	th->check = csum_tcpudp_magic(oiph->daddr, oiph->saddr, TCP_HLEN, IPPROTO_TCP,
				      csum_partial(th, TCP_HLEN, 0));
	iph = skb_push(nskb, sizeof(*iph));
	skb_reset_network_header(nskb);
	*iph = (struct iphdr){.ver_ihl = 0x45,
			      .tot_len = cpu_to_be16(nskb->len),
			      .frag_off = CPU_TO_BE16(IP_DF),
			      .protocol = IPPROTO_TCP,
			      .saddr = oiph->daddr,
			      .daddr = oiph->saddr};
	if (ip_route_me_harder(net, nskb, RTN_UNSPEC)) {
		consume_skb(nskb);
		return;
	}
	iph->ttl = skb_rtable(nskb)->hoplimit ? skb_rtable(nskb)->hoplimit
					      : net_ipv4(net)->sysctl_ip_default_ttl;
	nskb->hooks_passed = NF_OF_RULE;
	nf_ct_attach(nskb, skb);
	nf_ct_set_closing(skb);
	ip_local_out(net, nskb);
}

void nf_send_reset(struct net *net, struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct rtable *rt = skb_rtable(skb);
	struct tcphdr buf;
	const struct tcphdr *th;

	if (par->fragoff)
		return;
	th = skb_header_pointer(skb, par->thoff, sizeof(buf), &buf);
	if (!th || th->flags & TCP_RST || !checksum_right(skb, par->thoff, IPPROTO_TCP))
		return;
	if (!rt || rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST)
		return;
	send_reset(net, skb, par, th);
}
