/* SPDX-License-Identifier: MIT */
/*
 * A NAT router between packets of both sides, rules and settings that come and go, and time. A record is a byte that says what
 * it is, and few more: packets are put together from small choices, so that answers meet questions. After each record the table
 * of connections is in order; and nothing of a translated connection has left as it came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "lib/byteorder.h"
#include "net/sockopt.h"
#include "net/netfilter/nat.h"
#include "net/platform.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "tests/fuzz/lab.h"

#define MAX_RECORDS  96
#define PACKET_BYTES 256
#define IP_BYTES     20

static struct net *net;
/* The last packet that left by each NIC, for those that answer it or complain. */
static u8 last[2][PACKET_BYTES];
static size_t last_len[2];

static void fail(const char *what)
{
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

#define require(cond) ((cond) ? (void)0 : fail(#cond))

/* ---- what must hold ---- */

static bool inverse_is(const struct nf_conntrack_tuple *a, const struct nf_conntrack_tuple *b,
		       u8 proto)
{
	struct nf_conntrack_tuple inverse;

	return nf_ct_invert_tuple(&inverse, b, proto) && !memcmp(a, &inverse, sizeof(*a));
}

static void check_connection(const struct nf_conn *ct)
{
	for (u32 dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		enum ip_conntrack_dir found;

		require(nf_conntrack_find(net, &ct->tuple[dir], ct->protonum, &found) == ct);
		require(found == dir ||
			!memcmp(&ct->tuple[0], &ct->tuple[1], sizeof(ct->tuple[0])));
	}
	if (!(ct->status & IPS_NAT_MASK))
		require(inverse_is(&ct->tuple[1], &ct->tuple[0], ct->protonum));
}

static u32 remembered_sources(const struct nf_ct_net *ctn)
{
	u32 n = 0;

	for (u32 i = 0; ctn->nat && i < ctn->nat->nr_buckets; i++)
		for (u32 at = ctn->nat->bysource[i]; at; at = ct_at(ctn, at)->nat_next)
			n++;
	return n;
}

/* All packets have come to an end: there is nothing but the table. */
static void check_table(void)
{
	const struct nf_ct_net *ctn = net->ct;
	u32 cursor = 0, all = 0, bound = 0;
	struct nf_conn *ct;

	plat_bh_disable();
	while ((ct = nf_ct_next(net, &cursor))) {
		all++;
		bound += ctn->nat && ct->status & IPS_SRC_NAT_DONE;
		if (nf_ct_is_live(ct))
			check_connection(ct);
	}
	require(nf_conntrack_count(net) == all);
	require(remembered_sources(ctn) == bound);
	require(!ctn->s.max || all <= (u32)ctn->s.max + 64); /* it may have been lowered */
	plat_bh_enable();
}

/* The tuple of a packet as it is on the wire; false: none that is followed. */
static bool wire_tuple(const u8 *ip, size_t len, struct nf_conntrack_tuple *t)
{
	u32 hlen = (ip[0] & 15) * 4U;
	const u8 *l4 = ip + hlen;

	memset(t, 0, sizeof(*t));
	if (get_unaligned_be16(ip + 6) & 0x1fff || len < hlen + 8)
		return false;
	memcpy(&t->src, ip + 12, 8);
	switch (ip[9]) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		memcpy(&t->sport, l4, 4);
		return true;
	case IPPROTO_ICMP:
		t->icmp.type = l4[0];
		t->icmp.code = l4[1];
		memcpy(&t->icmp_id, l4 + 4, 2);
		return l4[0] == ICMP_ECHO || l4[0] == ICMP_ECHOREPLY;
	}
	return false;
}

/* It is no way in which a connection is seen behind the router, but one in which it is seen before it. */
static bool leaks(const struct nf_conntrack_tuple *t, u8 proto)
{
	struct nf_conntrack_tuple inverse;
	enum ip_conntrack_dir dir;
	const struct nf_conn *ct;

	if (!nf_ct_invert_tuple(&inverse, t, proto) ||
	    nf_conntrack_find(net, &inverse, proto, &dir))
		return false;
	ct = nf_conntrack_find(net, t, proto, &dir);
	return ct && ct->status & IPS_NAT_MASK && !inverse_is(t, &ct->tuple[!dir], proto);
}

static void on_packet(unsigned int n, const u8 *frame, size_t len)
{
	struct nf_conntrack_tuple t;
	const u8 *ip = frame + 14;

	len -= 14;
	if (wire_tuple(ip, len, &t))
		require(!leaks(&t, ip[9]));
	last_len[n] = min(len, sizeof(last[n]));
	memcpy(last[n], ip, last_len[n]);
}

/* ---- packets ---- */

static void send_packet(unsigned int n, u8 *ip, size_t len, u8 flags)
{
	u8 frame[14 + PACKET_BYTES];

	if (!(flags & 1)) /* sums that are right, mostly */
		fuzz_fix_l4(ip, len);
	fuzz_fix_ip(ip, len);
	fuzz_queue(n, frame, fuzz_wrap(n, frame, ip, len));
	host_run();
}

static be32 address(u8 n)
{
	static const be32 some[] = {CPU_TO_BE32(0x0a000065), CPU_TO_BE32(0x0a000066),
				    CPU_TO_BE32(0x0a000001), CPU_TO_BE32(0x0a000165),
				    CPU_TO_BE32(0x0a000166), CPU_TO_BE32(0x0a000101),
				    CPU_TO_BE32(0x0a000163), CPU_TO_BE32(0x0a000064)};

	return some[n % ARRAY_SIZE(some)];
}

static u16 port(u8 n)
{
	static const u16 some[] = {7, 53, 80, 8080, 1000, 3000, 3001, 3002, 4000, 5000, 6000, 700};

	return some[n % ARRAY_SIZE(some)];
}

static void tcp_header(struct fuzz_input *in, u8 *l4, unsigned int n)
{
	put_unaligned_be32(1000 + 100000 * n + fuzz_u8(in), l4 + 4);
	put_unaligned_be32(1000 + 100000 * !n + fuzz_u8(in), l4 + 8);
	l4[12] = 5 << 4;
	l4[13] = fuzz_u8(in);
	put_unaligned_be16(500, l4 + 14);
}

static u8 put_l4(struct fuzz_input *in, u8 *l4, unsigned int n)
{
	static const u8 protos[] = {IPPROTO_UDP, IPPROTO_TCP, IPPROTO_ICMP, IPPROTO_TCP, 99, 2};
	u8 proto = protos[fuzz_u8(in) % ARRAY_SIZE(protos)];

	put_unaligned_be16(port(fuzz_u8(in)), l4);
	put_unaligned_be16(port(fuzz_u8(in)), l4 + 2);
	if (proto == IPPROTO_TCP) {
		tcp_header(in, l4, n);
	} else if (proto == IPPROTO_ICMP) {
		l4[0] = fuzz_u8(in) % 19;
		l4[1] = 0;
		l4[4] = 0;
		l4[5] = fuzz_u8(in) % 4;
	}
	return proto;
}

static void packet(struct fuzz_input *in, unsigned int n)
{
	u8 ip[64] = {0x45}, flags = fuzz_u8(in), ends = fuzz_u8(in);
	be32 addrs[2] = {address(ends & 15), address(ends >> 4)};
	size_t len = IP_BYTES + 20 + fuzz_u8(in) % 24;

	memcpy(ip + 12, addrs, 8);
	ip[8] = flags & 2 ? 1 : 64;
	ip[9] = put_l4(in, ip + IP_BYTES, n);
	if (flags & 4)
		put_unaligned_be16(fuzz_u8(in) % 4 | (flags & 8 ? 0x2000 : 0), ip + 6);
	send_packet(n, ip, len, flags);
}

/* The other end of what left last by this NIC answers. */
static void answer(struct fuzz_input *in, unsigned int n)
{
	u8 ip[PACKET_BYTES], flags = fuzz_u8(in), swap[4];
	size_t len = last_len[n];
	u8 *l4 = ip + IP_BYTES;

	memcpy(ip, last[n], len);
	if (len < IP_BYTES + 20 || ip[0] != 0x45)
		return;
	memcpy(swap, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4);
	memcpy(ip + 16, swap, 4);
	ip[8] = 64;
	if (ip[9] == IPPROTO_ICMP) {
		l4[0] = l4[0] == ICMP_ECHO ? ICMP_ECHOREPLY : ICMP_ECHO;
	} else {
		memcpy(swap, l4, 2);
		memcpy(l4, l4 + 2, 2);
		memcpy(l4 + 2, swap, 2);
	}
	if (ip[9] == IPPROTO_TCP)
		tcp_header(in, l4, n);
	send_packet(n, ip, len, flags);
}

/* Somebody beyond this NIC complains of what left last by it. */
static void complain(struct fuzz_input *in, unsigned int n)
{
	static const u8 kinds[] = {ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB,
				   ICMP_SOURCE_QUENCH, ICMP_REDIRECT};
	u8 ip[IP_BYTES + 8 + PACKET_BYTES] = {0x45}, flags = fuzz_u8(in);
	size_t quote = min(last_len[n], (size_t)IP_BYTES + fuzz_u8(in) % 100);
	be32 from = address(fuzz_u8(in));

	if (!last_len[n])
		return;
	memcpy(ip + 12, &from, 4);
	memcpy(ip + 16, last[n] + 12, 4);
	ip[8] = 64;
	ip[9] = IPPROTO_ICMP;
	ip[IP_BYTES] = kinds[fuzz_u8(in) % ARRAY_SIZE(kinds)];
	ip[IP_BYTES + 1] = fuzz_u8(in) % 6;
	ip[IP_BYTES + 7] = fuzz_u8(in);
	memcpy(ip + IP_BYTES + 8, last[n], quote);
	if (flags & 8)
		ip[IP_BYTES + 8 + fuzz_u8(in) % 28] ^= 1 << (flags >> 5);
	send_packet(n, ip, min(IP_BYTES + 8 + quote, (size_t)PACKET_BYTES), flags);
}

/* ---- rules ---- */

static const char *const nat_rules[] = {
	"-A POSTROUTING -o eth1 -j MASQUERADE\n",
	"-A POSTROUTING -o eth1 -p udp -j SNAT --to-source 10.0.1.1:3000-3002\n",
	"-A PREROUTING -i eth1 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.101:8080\n",
	"-A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 7\n",
	"-A POSTROUTING -o eth1 -s 10.0.0.96/28 -j NETMAP --to 10.0.1.96/28\n",
	"-A POSTROUTING -o eth1 -p tcp -j MASQUERADE --random-fully\n",
	"-A PREROUTING -i eth0 -d 10.0.0.1 -j DNAT --to-destination 10.0.1.101-10.0.1.102\n",
	"-A OUTPUT -j DNAT --to-destination 10.0.1.101\n",
};
static const char *const filter_rules[] = {
	"-A FORWARD -m conntrack --ctstate INVALID -j DROP\n",
	"-A FORWARD -p tcp --dport 5000 -j REJECT --reject-with tcp-reset\n",
	"-A FORWARD -p udp --dport 5000 -j REJECT\n",
	"-A FORWARD -i eth1 -m conntrack --ctstate NEW -j DROP\n",
	"-A INPUT -m conntrack --ctstate NEW -p tcp -j DROP\n",
	"-A FORWARD -m conntrack ! --ctstate DNAT -p icmp -j DROP\n",
	"-A OUTPUT -m conntrack --ctstate RELATED -j ACCEPT\n",
	"-A FORWARD -p tcp --tcp-flags SYN,FIN SYN,FIN -j DROP\n",
};

static void load(const char *table, const char *const rule[8], u8 which)
{
	char text[1024];

	strcpy(text, table);
	for (u32 i = 0; i < 8; i++)
		if (which >> i & 1)
			strcat(text, rule[i]);
	strcat(text, "COMMIT\n");
	require(!fuzz_ctl("iptables-restore", text));
}

static void setting(u8 n)
{
	static const char *const lines[] = {
		"conntrack -F",
		"conntrack -D -p udp",
		"conntrack -D -s 10.0.0.101",
		"sysctl -w net.netfilter.nf_conntrack_max=8",
		"sysctl -w net.netfilter.nf_conntrack_max=1000",
		"sysctl -w net.netfilter.nf_conntrack_buckets=5",
		"sysctl -w net.netfilter.nf_conntrack_buckets=200",
		"sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1",
		"sysctl -w net.netfilter.nf_conntrack_tcp_loose=0",
		"sysctl -w net.netfilter.nf_conntrack_acct=1",
		"ip addr del 10.0.1.1/24 dev eth1",
		"ip addr add 10.0.1.1/24 dev eth1",
		"iptables -t nat -F",
		"iptables -F",
		"ip link set eth1 down",
		"ip link set eth1 up",
		"conntrack -I -p udp -s 10.0.0.101 -d 10.0.1.101 --sport 1000 --dport 53 -t 50",
		("conntrack -I -p tcp -s 10.0.0.101 -d 10.0.1.101 --sport 1000 --dport 80 -t 50 "
		 "--state ESTABLISHED --src-nat 10.0.1.1:3000"),
		("conntrack -I -p udp -s 10.0.0.102 -d 10.0.1.1 --sport 700 --dport 7 -t 9 "
		 "--dst-nat 10.0.1.102"),
		"conntrack -U -p tcp -t 5 -m 7",
	};

	(void)fuzz_ctl(lines[n % ARRAY_SIZE(lines)],
		       NULL); /* some say that there is nothing to do */
	host_run();
}

static void record(struct fuzz_input *in)
{
	u8 what = fuzz_u8(in), n = what >> 7;

	switch (what % 8) {
	case 0:
	case 1:
		packet(in, n);
		break;
	case 2:
	case 3:
		answer(in, n);
		break;
	case 4:
		complain(in, n);
		break;
	case 5:
		host_advance((what >> 3 & 1 ? 20 * NSEC_PER_SEC : 20 * NSEC_PER_MSEC) *
			     fuzz_u8(in));
		break;
	case 6:
		setting(fuzz_u8(in));
		break;
	case 7:
		if (what & 8)
			load("*nat\n", nat_rules, fuzz_u8(in));
		else
			load("*filter\n", filter_rules, fuzz_u8(in));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	net = fuzz_begin(0);
	last_len[0] = last_len[1] = 0;
	require(!fuzz_ctl("sysctl -w net.ipv4.ip_forward=1", NULL));
	require(!fuzz_ctl("sysctl -w net.netfilter.nf_conntrack_max=100", NULL));
	require(!fuzz_ctl("sysctl -w net.netfilter.nf_conntrack_buckets=20", NULL));
	load("*nat\n", nat_rules, fuzz_u8(&in));
	load("*filter\n", filter_rules, fuzz_u8(&in));
	fuzz_watch(on_packet);
	for (u32 i = 0; i < MAX_RECORDS && in.size; i++) {
		record(&in);
		fuzz_echo();
		check_table();
	}
	fuzz_watch(NULL);
	fuzz_end();
	return 0;
}
