/* SPDX-License-Identifier: MIT */
/*
 * A packet as one line of the log, in the words of Linux's nf_log_syslog.
 *
 * Packets are not to flood the console: LOG_BURST lines at once and LOG_PER_SEC in the long run. How many were left out
 * is said with the next line that is not.
 */
#include "net/netfilter/nf_log.h"

#include "lib/fmt.h"
#include "net/netfilter/ip_tables.h"
#include "net/netfilter/xt_packet.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "net/wire/udp_hdr.h"

#define LOG_BURST   200
#define LOG_PER_SEC 50
#define LOG_LINE    760
#define LOG_WARNING 4
#define IP_CE       0x8000

/* A line in the making. */
struct line {
	const struct sk_buff *skb;
	u8 flags; /* XT_LOG_* */
	size_t len;
	char text[LOG_LINE];
};

static void __printf(2, 3) say(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	l->len += vscnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt, ap);
	va_end(ap);
}

static void say_bytes(struct line *l, const u8 *p, u32 len, const char *between)
{
	for (u32 i = 0; i < len; i++)
		say(l, "%s%02x", i ? between : "", p[i]);
}

/* Options: hexadecimal in capitals. False: they are cut off. */
static bool say_options(struct line *l, u32 at, u32 len)
{
	u8 buf[40];
	const u8 *p = skb_header_pointer(l->skb, at, len, buf);

	if (!p)
		return false;
	say(l, "OPT (");
	for (u32 i = 0; i < len; i++)
		say(l, "%02X", p[i]);
	say(l, ") ");
	return true;
}

static void say_incomplete(struct line *l, u32 at)
{
	say(l, "INCOMPLETE [%u bytes] ", l->skb->len - min(at, l->skb->len));
}

static void say_tcp_flags(struct line *l, u8 flags)
{
	static const char names[8][5] = {"CWR ", "ECE ", "URG ", "ACK ",
					 "PSH ", "RST ", "SYN ", "FIN "};

	for (u32 i = 0; i < 8; i++) {
		if (flags & 0x80 >> i)
			say(l, "%s", names[i]);
	}
}

/* False: the line ends here. */
static bool say_tcp(struct line *l, u32 at, u16 fragoff)
{
	struct tcphdr buf;
	const struct tcphdr *th;
	u32 len;

	say(l, "PROTO=TCP ");
	if (fragoff)
		return true;
	th = skb_header_pointer(l->skb, at, sizeof(buf), &buf);
	if (!th) {
		say_incomplete(l, at);
		return false;
	}
	say(l, "SPT=%u DPT=%u ", be16_to_cpu(th->source), be16_to_cpu(th->dest));
	if (l->flags & XT_LOG_TCPSEQ)
		say(l, "SEQ=%u ACK=%u ", be32_to_cpu(th->seq), be32_to_cpu(th->ack_seq));
	say(l, "WINDOW=%u RES=0x%02x ", be16_to_cpu(th->window), (th->doff & 0xe) << 2);
	say_tcp_flags(l, th->flags);
	say(l, "URGP=%u ", be16_to_cpu(th->urg_ptr));
	len = tcp_hdrlen(th);
	if (l->flags & XT_LOG_TCPOPT && len > TCP_HLEN &&
	    !say_options(l, at + TCP_HLEN, len - TCP_HLEN)) {
		say(l, "OPT (TRUNCATED)");
		return false;
	}
	return true;
}

static bool say_udp(struct line *l, u32 at, u16 fragoff)
{
	struct udphdr buf;
	const struct udphdr *uh;

	say(l, "PROTO=UDP ");
	if (fragoff)
		return true;
	uh = skb_header_pointer(l->skb, at, sizeof(buf), &buf);
	if (!uh) {
		say_incomplete(l, at);
		return false;
	}
	say(l, "SPT=%u DPT=%u LEN=%u ", be16_to_cpu(uh->source), be16_to_cpu(uh->dest),
	    be16_to_cpu(uh->len));
	return true;
}

static void say_ip(struct line *l, u32 at);

/* Bytes a message of this type must have to be spoken of further. */
static u32 icmp_required(u8 type)
{
	static const u8 required[NR_ICMP_TYPES + 1] = {
		[ICMP_ECHOREPLY] = 4,      [ICMP_DEST_UNREACH] = 28, [ICMP_SOURCE_QUENCH] = 28,
		[ICMP_REDIRECT] = 28,      [ICMP_ECHO] = 4,          [ICMP_TIME_EXCEEDED] = 28,
		[ICMP_PARAMETERPROB] = 28, [ICMP_TIMESTAMP] = 20,    [ICMP_TIMESTAMPREPLY] = 20,
		[ICMP_ADDRESS] = 12,       [ICMP_ADDRESSREPLY] = 12};

	return type <= NR_ICMP_TYPES ? required[type] : 0;
}

static void say_icmp_rest(struct line *l, u32 at, const struct icmphdr *icmph, bool inner)
{
	switch (icmph->type) {
	case ICMP_ECHOREPLY:
	case ICMP_ECHO:
		say(l, "ID=%u SEQ=%u ", be16_to_cpu(icmph->un.echo.id),
		    be16_to_cpu(icmph->un.echo.sequence));
		return;
	case ICMP_PARAMETERPROB:
		say(l, "PARAMETER=%u ", be32_to_cpu(icmph->un.rest) >> 24);
		return;
	case ICMP_REDIRECT:
		say(l, "GATEWAY=%pI4 ", &icmph->un.gateway);
		break;
	case ICMP_DEST_UNREACH:
	case ICMP_SOURCE_QUENCH:
	case ICMP_TIME_EXCEEDED:
		break;
	default:
		return;
	}
	if (!inner) {
		say(l, "[");
		say_ip(l, at + ICMP_HLEN);
		say(l, "] ");
	}
	if (icmph->type == ICMP_DEST_UNREACH && icmph->code == ICMP_FRAG_NEEDED)
		say(l, "MTU=%u ", be16_to_cpu(icmph->un.frag.mtu));
}

static void say_icmp(struct line *l, u32 at, u16 fragoff, bool inner)
{
	struct icmphdr buf;
	const struct icmphdr *icmph;

	say(l, "PROTO=ICMP ");
	if (fragoff)
		return;
	icmph = skb_header_pointer(l->skb, at, sizeof(buf), &buf);
	if (!icmph) {
		say_incomplete(l, at);
		return;
	}
	say(l, "TYPE=%u CODE=%u ", icmph->type, icmph->code);
	if (l->skb->len - at < icmp_required(icmph->type))
		say_incomplete(l, at);
	else
		say_icmp_rest(l, at, icmph, inner);
}

static void say_spi(struct line *l, const char *name, u32 at, u32 offset, u32 len, u16 fragoff)
{
	u8 buf[12];
	const u8 *p;
	be32 spi;

	say(l, "PROTO=%s ", name);
	if (fragoff)
		return;
	p = skb_header_pointer(l->skb, at, len, buf);
	if (!p) {
		say_incomplete(l, at);
		return;
	}
	memcpy(&spi, p + offset, sizeof(spi));
	say(l, "SPI=0x%x ", be32_to_cpu(spi));
}

/* What stands behind the IP header; false: the line ends here. */
static bool say_transport(struct line *l, const struct iphdr *iph, u32 at, bool inner)
{
	u16 fragoff = be16_to_cpu(iph->frag_off) & IP_OFFSET;

	switch (iph->protocol) {
	case IPPROTO_TCP:
		return say_tcp(l, at, fragoff);
	case IPPROTO_UDP:
		return say_udp(l, at, fragoff);
	case IPPROTO_ICMP:
		say_icmp(l, at, fragoff, inner);
		return true;
	case IPPROTO_AH:
		say_spi(l, "AH", at, 4, 12, fragoff);
		return true;
	case IPPROTO_ESP:
		say_spi(l, "ESP", at, 0, 8, fragoff);
		return true;
	}
	say(l, "PROTO=%u ", iph->protocol);
	return true;
}

/* The packet's IP header, or that of one quoted in it. */
static void say_ip(struct line *l, u32 at)
{
	struct iphdr buf;
	const struct iphdr *iph = skb_header_pointer(l->skb, at, sizeof(buf), &buf);
	u32 hlen;
	u16 frag;

	if (!iph) {
		say(l, "TRUNCATED");
		return;
	}
	say(l, "SRC=%pI4 DST=%pI4 LEN=%u TOS=0x%02X PREC=0x%02X TTL=%u ID=%u ", &iph->saddr,
	    &iph->daddr, be16_to_cpu(iph->tot_len), iph->tos & 0x1e, iph->tos & 0xe0, iph->ttl,
	    be16_to_cpu(iph->id));
	frag = be16_to_cpu(iph->frag_off);
	say(l, "%s%s%s", frag & IP_CE ? "CE " : "", frag & IP_DF ? "DF " : "",
	    frag & IP_MF ? "MF " : "");
	if (frag & IP_OFFSET)
		say(l, "FRAG:%u ", frag & IP_OFFSET);
	hlen = ip_hdrlen(iph);
	if (l->flags & XT_LOG_IPOPT && hlen > sizeof(*iph) &&
	    !say_options(l, at + sizeof(*iph), hlen - sizeof(*iph))) {
		say(l, "TRUNCATED");
		return;
	}
	if (!say_transport(l, iph, at + hlen, at))
		return;
	if (!at && l->skb->mark)
		say(l, "MARK=0x%x ", l->skb->mark);
}

static void say_mac(struct line *l, const struct net_device *dev)
{
	const u8 *p = skb_mac_header(l->skb);
	u32 len = dev->hard_header_len;
	bool there = skb_mac_header_was_set(l->skb) && l->skb->mac_header != l->skb->network_header;
	be16 proto;

	if (l->flags & XT_LOG_MACDECODE && dev->type == 1 && there) {
		memcpy(&proto, p + 12, sizeof(proto));
		say(l, "MACSRC=");
		say_bytes(l, p + ETH_ALEN, ETH_ALEN, ":");
		say(l, " MACDST=");
		say_bytes(l, p, ETH_ALEN, ":");
		say(l, " MACPROTO=%04x ", be16_to_cpu(proto));
		return;
	}
	say(l, "MAC=");
	if (there && len)
		say_bytes(l, p, len, ":");
	say(l, " ");
}

/* Whether one more line may be. */
static bool log_allowed(struct xt_net *xt)
{
	u64 now = plat_now(), full = LOG_BURST * NSEC_PER_SEC;
	u64 paid = min(now - xt->log_stamp, full) * LOG_PER_SEC;

	xt->log_stamp = now;
	xt->log_debt -= min(paid, xt->log_debt);
	if (xt->log_debt > full - NSEC_PER_SEC) {
		xt->log_lost++;
		return false;
	}
	xt->log_debt += NSEC_PER_SEC;
	if (xt->log_lost)
		plat_log(LOG_WARNING, "nf_log: %llu lines suppressed",
			 (unsigned long long)xt->log_lost);
	xt->log_lost = 0;
	return true;
}

noinline void nf_log_packet(struct sk_buff *skb, const struct nf_hook_state *state, u8 level,
			    u8 flags, const char *prefix)
{
	struct line l;

	if (!log_allowed(state->net->xt))
		return;
	l.skb = skb;
	l.flags = flags;
	l.len = 0;
	say(&l, "%sIN=%s OUT=%s ", prefix, state->in ? state->in->name : "",
	    state->out ? state->out->name : "");
	if (state->in)
		say_mac(&l, state->in);
	say_ip(&l, 0);
	plat_log(level, "%s", l.text);
}

void nf_log_trace(struct sk_buff *skb, const struct nf_hook_state *state, const char *where)
{
	char prefix[TRACE_DETAIL + 10];

	scnprintf(prefix, sizeof(prefix), "TRACE: %s ", where);
	nf_log_packet(skb, state, LOG_WARNING, XT_LOG_TCPSEQ | XT_LOG_TCPOPT | XT_LOG_IPOPT,
		      prefix);
}
