/* SPDX-License-Identifier: MIT */
/* TCP's options from and to the wire, and segments in words. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/wire/tcp_hdr.h"

enum {
	OPT_END,
	OPT_NOP,
	OPT_MSS,
	OPT_WSCALE,
	OPT_SACK_PERM,
	OPT_SACK,
	OPT_TSTAMP = 8,
	OPT_MD5 = 19
};

#define OPT_MD5_LEN 18

static u32 get32(const u8 *p)
{
	be32 v;

	memcpy(&v, p, 4);
	return be32_to_cpu(v);
}

static u8 *put32(u8 *p, u32 v)
{
	be32 b = cpu_to_be32(v);

	memcpy(p, &b, 4);
	return p + 4;
}

static void parse_sacks(const u8 *p, u32 len, struct tcp_options *opt)
{
	if (len < 8 || len % 8)
		return;
	opt->num_sacks = min(len / 8, (u32)TCP_MAX_SACKS);
	for (u32 i = 0; i < opt->num_sacks; i++, p += 8)
		opt->sacks[i] = (struct tcp_sack_block){get32(p), get32(p + 4)};
}

/* One option, len bytes of value. MSS, window scale and SACK-permitted count in a SYN only (RFC 9293 s3.2). */
static void parse_one(u8 kind, const u8 *p, u32 len, bool syn, struct tcp_options *opt)
{
	switch (kind) {
	case OPT_MSS:
		if (syn && len == 2)
			opt->mss = p[0] << 8 | p[1];
		break;
	case OPT_WSCALE:
		if (syn && len == 1) {
			opt->has_wscale = true;
			opt->wscale = min(p[0], (u8)TCP_MAX_WSCALE);
		}
		break;
	case OPT_SACK_PERM:
		if (syn && !len)
			opt->sack_perm = true;
		break;
	case OPT_SACK:
		parse_sacks(p, len, opt);
		break;
	case OPT_TSTAMP:
		if (len == 8) {
			opt->has_tstamp = true;
			opt->tsval = get32(p);
			opt->tsecr = get32(p + 4);
		}
	}
}

/* What nearly every SYN has: MSS, SACK permitted, a timestamp, a NOP, the window scale. False: it is not that. */
static bool parse_usual_syn(const u8 *p, struct tcp_options *opt)
{
	u32 mss = get32(p), wscale = get32(p + 16);

	if (mss >> 16 != 0x0204 || get32(p + 4) != 0x0402080a || wscale >> 8 != 0x010303)
		return false;
	opt->mss = mss;
	opt->sack_perm = opt->has_tstamp = opt->has_wscale = true;
	opt->tsval = get32(p + 8);
	opt->tsecr = get32(p + 12);
	opt->wscale = min((u8)wscale, (u8)TCP_MAX_WSCALE);
	return true;
}

void tcp_options_parse(const u8 *p, u32 len, bool syn, struct tcp_options *opt)
{
	opt->mss = 0;
	opt->num_sacks = 0;
	opt->has_tstamp = opt->has_wscale = opt->sack_perm = opt->may_sign = false;
	if (likely(len == TCPOLEN_TSTAMP && get_unaligned_be32(p) == TCPOPT_TSTAMP_ALONE)) {
		opt->has_tstamp = true;
		opt->tsval = get_unaligned_be32(p + 4);
		opt->tsecr = get_unaligned_be32(p + 8);
		return;
	}
	if (syn && len == 20 && parse_usual_syn(p, opt))
		return;
	while (len && p[0] != OPT_END) {
		u32 olen = p[0] == OPT_NOP ? 1 : len > 1 ? p[1] : 0;

		if (!olen || olen > len || (olen < 2 && p[0] != OPT_NOP)) {
			opt->may_sign |= len >= OPT_MD5_LEN;
			return;
		}
		if (p[0] != OPT_NOP)
			parse_one(p[0], p + 2, olen - 2, syn, opt);
		opt->may_sign |= p[0] == OPT_MD5 && len >= OPT_MD5_LEN;
		p += olen;
		len -= olen;
	}
}

u32 tcp_options_size(const struct tcp_options *opt)
{
	u32 size = opt->mss ? 4 : 0;

	if (opt->has_tstamp)
		size += TCPOLEN_TSTAMP;
	else if (opt->sack_perm)
		size += 4;
	if (opt->has_wscale)
		size += 4;
	return size + (opt->num_sacks ? TCPOLEN_SACK(opt->num_sacks) : 0);
}

/* SACK-permitted takes the place of the two NOPs before the timestamps. */
void tcp_options_emit(u8 *p, const struct tcp_options *opt)
{
	if (opt->mss)
		p = put32(p, OPT_MSS << 24 | 4 << 16 | opt->mss);
	if (opt->has_tstamp) {
		u32 lead = opt->sack_perm ? OPT_SACK_PERM << 8 | 2 : OPT_NOP << 8 | OPT_NOP;

		p = put32(p, lead << 16 | OPT_TSTAMP << 8 | 10);
		p = put32(put32(p, opt->tsval), opt->tsecr);
	} else if (opt->sack_perm) {
		p = put32(p, OPT_NOP << 24 | OPT_NOP << 16 | OPT_SACK_PERM << 8 | 2);
	}
	if (opt->has_wscale)
		p = put32(p, OPT_NOP << 24 | OPT_WSCALE << 16 | 3 << 8 | opt->wscale);
	if (opt->num_sacks)
		p = put32(p,
			  OPT_NOP << 24 | OPT_NOP << 16 | OPT_SACK << 8 | (2 + 8 * opt->num_sacks));
	for (u32 i = 0; i < opt->num_sacks; i++)
		p = put32(put32(p, opt->sacks[i].start), opt->sacks[i].end);
}

/* The header is copied: what is printed may lie at any address. */
size_t tcp_print(char *buf, size_t size, const void *data, size_t len)
{
	static const char letters[] = "FSRPAUEC";
	char flags[9], *f = flags;
	struct tcphdr th;

	if (len < TCP_HLEN)
		return scnprintf(buf, size, "TCP [cut at %zu bytes]", len);
	memcpy(&th, data, sizeof(th));
	for (u32 i = 0; i < 8; i++)
		if (th.flags >> i & 1)
			*f++ = letters[i];
	*f = '\0';
	if (tcp_hdrlen(&th) < TCP_HLEN || tcp_hdrlen(&th) > len)
		return scnprintf(buf, size, "TCP %u > %u %s [bad offset]", be16_to_cpu(th.source),
				 be16_to_cpu(th.dest), flags);
	return scnprintf(buf, size, "TCP %u > %u %s seq %u ack %u win %u, %zu bytes",
			 be16_to_cpu(th.source), be16_to_cpu(th.dest), flags, be32_to_cpu(th.seq),
			 be32_to_cpu(th.ack_seq), be16_to_cpu(th.window), len - tcp_hdrlen(&th));
}
