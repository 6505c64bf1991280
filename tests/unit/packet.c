/* SPDX-License-Identifier: MIT */
/* Building, taking apart, comparing and printing frames. */
#include "tests/unit/packet.h"

#include <stdio.h>
#include <string.h>

#define ETH_LEN  14
#define ARP_LEN  28
#define IP_LEN   20
#define ICMP_LEN 8
#define UDP_LEN  8

enum { PROTO_ICMP = 1, PROTO_UDP = 17 };

void mac_bytes(u64 mac, u8 out[6])
{
	for (int i = 0; i < 6; i++)
		out[i] = mac >> (8 * (5 - i));
}

u64 mac_number(const u8 mac[6])
{
	u64 n = 0;

	for (int i = 0; i < 6; i++)
		n = n << 8 | mac[i];
	return n;
}

static u32 sum16(const u8 *p, u32 len, u32 sum)
{
	for (u32 i = 0; i + 1 < len; i += 2)
		sum += get_unaligned_be16(p + i);
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static u16 checksum(const u8 *p, u32 len, u32 sum)
{
	return ~sum16(p, len, sum);
}

u16 csum_of(const void *data, u32 len)
{
	return checksum(data, len, 0);
}

static u32 pseudo_header(const u8 *ip, u8 proto, u32 len)
{
	return sum16(ip + 12, 8, proto + len);
}

static u32 put_payload(const struct pkt *p, u8 *buf)
{
	if (p->data)
		memcpy(buf, p->data, p->len);
	for (u32 i = 0; !p->data && i < p->len; i++)
		buf[i] = i;
	return p->len;
}

static u32 build_arp(const struct pkt *p, u8 *b)
{
	put_unaligned_be16(p->arp.hrd ? p->arp.hrd : 1, b);
	put_unaligned_be16(p->arp.pro ? p->arp.pro : 0x0800, b + 2);
	b[4] = p->arp.hln ? p->arp.hln : 6;
	b[5] = p->arp.pln ? p->arp.pln : 4;
	put_unaligned_be16(p->arp.op, b + 6);
	mac_bytes(p->arp.sha, b + 8);
	memcpy(b + 14, &p->arp.sip, 4);
	mac_bytes(p->arp.tha, b + 18);
	memcpy(b + 24, &p->arp.tip, 4);
	return ARP_LEN;
}

static u32 build_icmp(const struct pkt *p, u8 *b)
{
	u32 len = ICMP_LEN + put_payload(p, b + ICMP_LEN);

	b[0] = p->icmp.type;
	b[1] = p->icmp.code;
	put_unaligned_be16(0, b + 2);
	put_unaligned_be32(p->icmp.rest ? p->icmp.rest : (u32)p->icmp.id << 16 | p->icmp.seq,
			   b + 4);
	put_unaligned_be16(checksum(b, len, 0) ^ p->icmp.bad_csum, b + 2);
	return len;
}

static u32 build_udp(const struct pkt *p, const u8 *ip, u8 *b)
{
	u32 len = UDP_LEN + put_payload(p, b + UDP_LEN);
	u16 check;

	put_unaligned_be16(p->udp.sport, b);
	put_unaligned_be16(p->udp.dport, b + 2);
	put_unaligned_be16(p->udp.len ? p->udp.len : len, b + 4);
	put_unaligned_be16(0, b + 6);
	check = checksum(b, len, pseudo_header(ip, PROTO_UDP, len));
	if (!check)
		check = 0xffff;
	put_unaligned_be16(p->udp.no_csum ? 0 : check ^ p->udp.bad_csum, b + 6);
	return len;
}

static u32 build_ip(const struct pkt *p, u8 *b)
{
	u32 hlen = IP_LEN + p->ip.optlen, len;
	u8 ihl = p->ip.ihl ? p->ip.ihl : hlen / 4, version = p->ip.version ? p->ip.version : 4;

	memset(b, 0, hlen);
	b[0] = version << 4 | (ihl & 15);
	b[1] = p->ip.tos;
	put_unaligned_be16(p->ip.id, b + 4);
	put_unaligned_be16(p->ip.frag_off, b + 6);
	b[8] = p->ip.zero_ttl ? 0 : p->ip.ttl ? p->ip.ttl : 64;
	b[9] = p->ip.proto;
	memcpy(b + 12, &p->ip.saddr, 4);
	memcpy(b + 16, &p->ip.daddr, 4);
	if (p->ip.optlen)
		memcpy(b + IP_LEN, p->ip.opt, p->ip.optlen);
	if (p->ip.proto == PROTO_ICMP && !(p->ip.frag_off & 0x1fff))
		len = build_icmp(p, b + hlen);
	else if (p->ip.proto == PROTO_UDP && !(p->ip.frag_off & 0x1fff))
		len = build_udp(p, b, b + hlen);
	else
		len = put_payload(p, b + hlen);
	put_unaligned_be16(p->ip.tot_len ? p->ip.tot_len : hlen + len, b + 2);
	put_unaligned_be16(checksum(b, hlen, 0) ^ p->ip.bad_csum, b + 10);
	return hlen + len;
}

u32 pkt_build(const struct pkt *p, u8 *buf)
{
	u32 len = ETH_LEN;
	u16 type = p->ethertype;

	mac_bytes(p->dst, buf);
	mac_bytes(p->src, buf + 6);
	if (!type)
		type = p->arp.op ? 0x0806 : 0x0800;
	put_unaligned_be16(type, buf + 12);
	if (p->arp.op)
		len += build_arp(p, buf + len);
	else if (type == 0x0800)
		len += build_ip(p, buf + len);
	else
		len += put_payload(p, buf + len);
	memset(buf + len, 0, p->pad);
	len += p->pad;
	return p->cut ? min(p->cut, len) : len;
}

static const char *parse_arp(struct pkt *p, const u8 *b, u32 len)
{
	if (len < ARP_LEN)
		return "ARP packet cut";
	p->arp.hrd = get_unaligned_be16(b);
	p->arp.pro = get_unaligned_be16(b + 2);
	p->arp.hln = b[4];
	p->arp.pln = b[5];
	p->arp.op = get_unaligned_be16(b + 6);
	p->arp.sha = mac_number(b + 8);
	memcpy(&p->arp.sip, b + 14, 4);
	p->arp.tha = mac_number(b + 18);
	memcpy(&p->arp.tip, b + 24, 4);
	p->pad = len - ARP_LEN;
	return NULL;
}

static const char *parse_icmp(struct pkt *p, const u8 *b, u32 len, bool whole)
{
	if (len < ICMP_LEN)
		return "ICMP header cut";
	p->icmp.type = b[0];
	p->icmp.code = b[1];
	p->icmp.rest = get_unaligned_be32(b + 4);
	p->icmp.id = p->icmp.rest >> 16;
	p->icmp.seq = p->icmp.rest;
	p->data = b + ICMP_LEN;
	p->len = len - ICMP_LEN;
	if (whole && checksum(b, len, 0))
		return "ICMP checksum wrong";
	return NULL;
}

static const char *parse_udp(struct pkt *p, const u8 *ip, const u8 *b, u32 len, bool whole)
{
	if (len < UDP_LEN)
		return "UDP header cut";
	p->udp.sport = get_unaligned_be16(b);
	p->udp.dport = get_unaligned_be16(b + 2);
	p->udp.len = get_unaligned_be16(b + 4);
	p->udp.no_csum = !get_unaligned_be16(b + 6);
	p->data = b + UDP_LEN;
	p->len = len - UDP_LEN;
	if (!whole)
		return NULL;
	if (p->udp.len != len)
		return "UDP length is not that of the IP payload";
	if (!p->udp.no_csum && checksum(b, len, pseudo_header(ip, PROTO_UDP, len)))
		return "UDP checksum wrong";
	return NULL;
}

/* quoted: behind the header 8 bytes are enough. */
static const char *parse_ip(struct pkt *p, const u8 *b, u32 len, bool quoted)
{
	u32 hlen, total;
	bool whole;

	if (len < IP_LEN)
		return "IP header cut";
	p->ip.version = b[0] >> 4;
	p->ip.ihl = b[0] & 15;
	hlen = p->ip.ihl * 4;
	total = get_unaligned_be16(b + 2);
	if (p->ip.version != 4 || hlen < IP_LEN || hlen > len)
		return "IP version or header length";
	if (checksum(b, hlen, 0))
		return "IP header checksum wrong";
	p->ip.tos = b[1];
	p->ip.tot_len = total;
	p->ip.id = get_unaligned_be16(b + 4);
	p->ip.frag_off = get_unaligned_be16(b + 6);
	p->ip.ttl = b[8];
	p->ip.proto = b[9];
	memcpy(&p->ip.saddr, b + 12, 4);
	memcpy(&p->ip.daddr, b + 16, 4);
	p->ip.opt = b + IP_LEN;
	p->ip.optlen = hlen - IP_LEN;
	if (total < hlen || (total > len && !quoted))
		return "IP total length";
	p->pad = total < len ? len - total : 0;
	len = min(len, total) - hlen;
	whole = !quoted && !(p->ip.frag_off & 0x3fff);
	b += hlen;
	p->data = b;
	p->len = len;
	if (p->ip.frag_off & 0x1fff)
		return NULL;
	if (p->ip.proto == PROTO_ICMP)
		return parse_icmp(p, b, len, whole);
	if (p->ip.proto == PROTO_UDP)
		return parse_udp(p, b - hlen, b, len, whole);
	return NULL;
}

const char *pkt_parse(struct pkt *p, const void *frame, u32 len)
{
	const u8 *b = frame;

	memset(p, 0, sizeof(*p));
	if (len < ETH_LEN)
		return "Ethernet header cut";
	p->dst = mac_number(b);
	p->src = mac_number(b + 6);
	p->ethertype = get_unaligned_be16(b + 12);
	p->data = b + ETH_LEN;
	p->len = len - ETH_LEN;
	if (p->ethertype == 0x0806)
		return parse_arp(p, b + ETH_LEN, len - ETH_LEN);
	if (p->ethertype == 0x0800)
		return parse_ip(p, b + ETH_LEN, len - ETH_LEN, false);
	return NULL;
}

const char *pkt_parse_quoted(struct pkt *p, const void *packet, u32 len)
{
	memset(p, 0, sizeof(*p));
	return parse_ip(p, packet, len, true);
}

const char *pkt_compare(const struct pkt *want, const struct pkt *got)
{
#define SAME(field)                                   \
	if (want->field && want->field != got->field) \
		return #field;
	SAME(dst) SAME(src) SAME(ethertype);
	SAME(arp.op) SAME(arp.sha) SAME(arp.tha) SAME(arp.sip) SAME(arp.tip);
	SAME(ip.saddr) SAME(ip.daddr) SAME(ip.proto) SAME(ip.ttl) SAME(ip.tos) SAME(ip.version);
	SAME(ip.ihl) SAME(ip.tot_len) SAME(ip.id) SAME(ip.frag_off) SAME(ip.optlen);
	SAME(udp.sport) SAME(udp.dport) SAME(udp.len) SAME(udp.no_csum);
	SAME(icmp.id) SAME(icmp.seq) SAME(icmp.rest) SAME(len) SAME(pad);
#undef SAME
	if (want->ip.proto == PROTO_ICMP && want->icmp.type != got->icmp.type)
		return "icmp.type";
	if (want->ip.proto == PROTO_ICMP && want->icmp.code != got->icmp.code)
		return "icmp.code";
	if (want->ip.opt && memcmp(want->ip.opt, got->ip.opt, want->ip.optlen) != 0)
		return "ip.opt";
	if (want->data && memcmp(want->data, got->data, want->len) != 0)
		return "data";
	return NULL;
}

static void append(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
static void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t n = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + n, size - n, fmt, ap);
	va_end(ap);
}

static void append_ip(char *buf, size_t size, be32 ip)
{
	append(buf, size, "%u.%u.%u.%u", ip & 255, ip >> 8 & 255, ip >> 16 & 255, ip >> 24);
}

static void print_ip(const struct pkt *p, char *buf, size_t size)
{
	append(buf, size, " IP ");
	append_ip(buf, size, p->ip.saddr);
	append(buf, size, " > ");
	append_ip(buf, size, p->ip.daddr);
	append(buf, size, " proto %u ttl %u tos %#x tot_len %u id %u frag %#x optlen %u",
	       p->ip.proto, p->ip.ttl, p->ip.tos, p->ip.tot_len, p->ip.id, p->ip.frag_off,
	       p->ip.optlen);
	if (p->ip.proto == PROTO_UDP)
		append(buf, size, " UDP %u > %u len %u%s", p->udp.sport, p->udp.dport, p->udp.len,
		       p->udp.no_csum ? " no csum" : "");
	if (p->ip.proto == PROTO_ICMP)
		append(buf, size, " ICMP %u/%u id %u seq %u rest %#x", p->icmp.type, p->icmp.code,
		       p->icmp.id, p->icmp.seq, p->icmp.rest);
}

char *pkt_print(const struct pkt *p, char *buf, size_t size)
{
	snprintf(buf, size, "%012llx > %012llx type %04x", (unsigned long long)p->src,
		 (unsigned long long)p->dst, p->ethertype);
	if (p->arp.op) {
		append(buf, size, " ARP op %u %012llx ", p->arp.op, (unsigned long long)p->arp.sha);
		append_ip(buf, size, p->arp.sip);
		append(buf, size, " to %012llx ", (unsigned long long)p->arp.tha);
		append_ip(buf, size, p->arp.tip);
	} else if (p->ip.saddr || p->ip.daddr || p->ip.proto) {
		print_ip(p, buf, size);
	}
	append(buf, size, " data %u pad %u", p->len, p->pad);
	for (u32 i = 0; p->data && i < min(p->len, 24U); i++)
		append(buf, size, "%s%02x", i ? " " : ": ", ((const u8 *)p->data)[i]);
	return buf;
}
