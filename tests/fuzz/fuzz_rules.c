/* SPDX-License-Identifier: MIT */
/*
 * Rules, as bytes, and packets that meet them. A record is a flag byte, a 16-bit length and that many bytes: a rule (table,
 * chain, action, match, target, and what those carry) or an IP packet. What the engine's checks let through must hold.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "lib/byteorder.h"
#include "net/platform.h"
#include "net/sysctl.h"
#include "net/x_tables.h"
#include "tests/fuzz/lab.h"

#define PACKET_BYTES 1500
#define MAX_RECORDS  48

enum { IS_RULE = 1, FIX_IP = 2, FIX_L4 = 4, TIME = 16 };

static const char *const matches[] = {"",         "tcp",    "udp",     "icmp",      "multiport",
				      "limit",    "mark",   "mac",     "addrtype",  "iprange",
				      "recent",   "ttl",    "state",   "statistic", "length",
				      "connmark", "tcpmss", "comment", "conntrack"};
static const char *const targets[] = {"LOG", "REJECT",  "MARK",     "TCPMSS", "TRACE",
				      "CT",  "NOTRACK", "CONNMARK", "NFQUEUE"};

/* A struct of an extension from what comes. */
static void *info(struct fuzz_input *in, const struct xt_ext *ext)
{
	size_t got, size = ext->size ? ext->size : 1;
	u8 *data = calloc(1, size);
	const u8 *bytes = fuzz_bytes(in, ext->usersize, &got);

	if (!data)
		abort();
	if (got)
		memcpy(data, bytes, got);
	return data;
}

static void put_rule(struct net *net, u32 table, const struct ipt_rule_spec *spec, u8 where)
{
	struct ipt_draft *d;
	struct ipt_chain *c;

	if (ipt_draft_open(net, table, &d))
		abort();
	if (!ipt_find_chain(d, "own") && ipt_new_chain(d, "own"))
		abort();
	c = d->chains[where % d->nr_chains];
	if (where & 0x80)
		ipt_flush_chain(d, c);
	if (!ipt_insert(d, c, c->nr_rules, ipt_rule_new(spec)))
		(void)!ipt_commit(d, NULL);
	ipt_draft_free(d);
}

static void rule(struct net *net, struct fuzz_input *in)
{
	static const u8 tables[] = {XT_TABLE_RAW, XT_TABLE_MANGLE, XT_TABLE_FILTER,
				    XT_TABLE_SECURITY};
	u32 table = tables[fuzz_u8(in) % ARRAY_SIZE(tables)];
	u8 where = fuzz_u8(in);
	struct ipt_rule_spec spec = {.action = fuzz_u8(in) % (IPT_TARGET + 1)};
	const struct xt_ext *match = xt_find_match(matches[fuzz_u8(in) % ARRAY_SIZE(matches)]);
	const struct xt_ext *target = xt_find_target(targets[fuzz_u8(in) % ARRAY_SIZE(targets)]);
	static const u8 protos[] = {0, 1, 6, 17};

	spec.ip.proto = protos[fuzz_u8(in) % ARRAY_SIZE(protos)];
	spec.ip.invert = fuzz_u8(in);
	spec.ip.frag = spec.ip.invert & IPT_INV_FRAG;
	strcpy(spec.chain, "own");
	if (match) {
		spec.nr_matches = 1;
		spec.matches[0] = (struct xt_use){match, info(in, match), 0};
	}
	if (spec.action == IPT_TARGET && !target)
		spec.action = IPT_DROP;
	if (spec.action == IPT_TARGET)
		spec.target = (struct xt_use){target, info(in, target), 0};
	put_rule(net, table, &spec, where);
	free(spec.matches[0].data);
	free(spec.target.data);
}

static void packet(u8 flags, const u8 *data, size_t len)
{
	static const u8 mac[] = FUZZ_MAC_HOST;
	u8 frame[14 + PACKET_BYTES] = {0};

	memcpy(frame, mac, 6);
	memcpy(frame + 6, mac, 6);
	frame[11] = 101;
	put_unaligned_be16(0x0800, frame + 12);
	memcpy(frame + 14, data, len);
	if (flags & FIX_IP && len >= 20)
		fuzz_fix_ip(frame + 14, len);
	if (flags & FIX_L4 && len >= 20)
		fuzz_fix_l4(frame + 14, len);
	fuzz_frame(frame, 14 + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	u8 linear = fuzz_u8(&in);
	struct net *net = fuzz_begin(linear ? max(linear, (u8)34) : 0);

	host_log_level(-1);
	plat_bh_disable();
	if (sysctl_write(net, "net.ipv4.ip_forward", "1"))
		abort();
	plat_bh_enable();
	for (int n = 0; in.size && n < MAX_RECORDS; n++) {
		u8 flags = fuzz_u8(&in);
		u16 len = fuzz_u16(&in);
		size_t got;
		const u8 *bytes;

		if (flags & TIME) {
			host_advance(len * NSEC_PER_MSEC);
			continue;
		}
		bytes = fuzz_bytes(&in, min(len, (u16)PACKET_BYTES), &got);
		if (flags & IS_RULE)
			rule(net, &(struct fuzz_input){bytes, got});
		else
			packet(flags, bytes, got);
		fuzz_echo();
	}
	fuzz_end();
	return 0;
}
