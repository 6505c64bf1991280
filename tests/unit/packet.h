/* SPDX-License-Identifier: MIT */
/*
 * Frames as data: one struct says what a frame is, to build it and to check it.
 *
 * Building: a field left 0 gets its usual value (lengths, checksums, TTL 64, version 4, the
 * EtherType and MACs the NIC knows). Checking: a field left 0 is not compared; ICMP type and code
 * always are. Everything is in host order, but for IPv4 addresses (IP4()). This code shares nothing
 * with net/: it is the other opinion.
 */
#pragma once

#include "lib/byteorder.h"
#include "lib/list.h"

#define IP4(a, b, c, d) ((be32)((a) | (b) << 8 | (c) << 16 | (u32)(d) << 24))
#define MAC_BROADCAST   0xffffffffffffULL
#define MAC_N(n)        (0x025700000000ULL + (n))

#define PKT_MAX 65700

struct pkt {
	u64 dst, src; /* MAC addresses as numbers */
	u16 ethertype;
	struct {
		u16 op; /* not 0: this is ARP */
		u64 sha, tha;
		be32 sip, tip;
		u16 hrd, pro; /* built as 1, 0x0800 when 0 */
		u8 hln, pln;  /* built as 6, 4 when 0 */
	} arp;
	struct {
		be32 saddr, daddr;
		u8 proto; /* 1 and 17 have their structs below, others only data */
		u8 ttl, tos;
		u8 version, ihl;  /* lies, when not 0 */
		u16 tot_len;      /* a lie, when not 0 */
		u16 id, frag_off; /* frag_off with its flags */
		u16 bad_csum;     /* xored into the right checksum */
		const void *opt;
		u8 optlen; /* multiple of 4 */
		bool zero_ttl;
	} ip;
	struct {
		u16 sport, dport;
		u16 len;      /* a lie, when not 0 */
		u16 bad_csum; /* xored into the right checksum */
		bool no_csum;
	} udp;
	struct {
		u8 type, code;
		u16 id, seq; /* of an echo; else both are rest */
		u32 rest;
		u16 bad_csum;
	} icmp;
	const void *data; /* payload; NULL with len: counting bytes */
	u32 len;
	u32 pad; /* zeros behind everything */
	u32 cut; /* not 0: only that many bytes of the frame */
};

#define UDP4(from, from_port, to, to_port, ...)                                                 \
	(struct pkt)                                                                            \
	{                                                                                       \
		.ip.saddr = (from), .ip.daddr = (to), .ip.proto = 17, .udp.sport = (from_port), \
		.udp.dport = (to_port), __VA_ARGS__                                             \
	}
#define ICMP4(from, to, type_, code_, ...)                                                 \
	(struct pkt)                                                                       \
	{                                                                                  \
		.ip.saddr = (from), .ip.daddr = (to), .ip.proto = 1, .icmp.type = (type_), \
		.icmp.code = (code_), __VA_ARGS__                                          \
	}
#define ECHO(from, to, id_, seq_, ...) \
	ICMP4(from, to, 8, 0, .icmp.id = (id_), .icmp.seq = (seq_), __VA_ARGS__)
#define ECHO_REPLY(from, to, id_, seq_, ...) \
	ICMP4(from, to, 0, 0, .icmp.id = (id_), .icmp.seq = (seq_), __VA_ARGS__)
#define ARP_REQUEST(mac, ip, target, ...)                                          \
	(struct pkt)                                                               \
	{                                                                          \
		.dst = MAC_BROADCAST, .src = (mac), .arp.op = 1, .arp.sha = (mac), \
		.arp.sip = (ip), .arp.tip = (target), __VA_ARGS__                  \
	}
#define ARP_REPLY(mac, ip, target_mac, target, ...)                                                \
	(struct pkt)                                                                               \
	{                                                                                          \
		.dst = (target_mac), .src = (mac), .arp.op = 2, .arp.sha = (mac), .arp.sip = (ip), \
		.arp.tha = (target_mac), .arp.tip = (target), __VA_ARGS__                          \
	}

/* Writes the frame; returns its length. buf has PKT_MAX bytes. */
/* The Internet checksum of data, to be put there in network order; 0 if it is there already. */
u16 csum_of(const void *data, u32 len);

u32 pkt_build(const struct pkt *p, u8 *buf);

/*
 * Takes a frame apart; data then points into it. NULL, or what is wrong with it: a cut header, a
 * checksum, a length that does not fit.
 */
const char *pkt_parse(struct pkt *p, const void *frame, u32 len);

/*
 * The same for an IPv4 packet that an ICMP error quotes: it may be cut behind the first 8 bytes of
 * its payload.
 */
const char *pkt_parse_quoted(struct pkt *p, const void *packet, u32 len);

/* NULL if got is as wanted, else the name of the first field that is not. */
const char *pkt_compare(const struct pkt *want, const struct pkt *got);

/* Describes p in a line or two. Returns buf. */
char *pkt_print(const struct pkt *p, char *buf, size_t size);

void mac_bytes(u64 mac, u8 out[6]);
u64 mac_number(const u8 mac[6]);
