/* SPDX-License-Identifier: MIT */
/*
 * The IPv4 header (RFC 791 s3.1).
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |Version|  IHL  |      TOS      |         Total Length          |
 *  |        Identification         |Flags|     Fragment Offset     |
 *  | Time to Live  |   Protocol    |        Header Checksum        |
 *  |                        Source Address                         |
 *  |                      Destination Address                      |
 *  |                      Options, to 40 bytes                     |
 */
#pragma once

#include "net/wire/checksum.h"

#define IP_HLEN_MIN 20
#define IP_HLEN_MAX 60
#define IP_DF       0x4000
#define IP_MF       0x2000
#define IP_OFFSET   0x1fff /* in units of 8 bytes */

#define INET_ECN_MASK    3
#define INET_ECN_NOT_ECT 0
#define INET_ECN_ECT_1   1
#define INET_ECN_ECT_0   2
#define INET_ECN_CE      3

struct iphdr {
	u8 ver_ihl;
	u8 tos;
	be16 tot_len;
	be16 id;
	be16 frag_off;
	u8 ttl;
	u8 protocol;
	u16 check;
	be32 saddr;
	be32 daddr;
};

/* Option types (RFC 791 s3.1, RFC 2113), copied flag and class included. */
enum {
	IPOPT_END = 0,
	IPOPT_NOOP = 1,
	IPOPT_RR = 7,
	IPOPT_TIMESTAMP = 68,
	IPOPT_LSRR = 131,
	IPOPT_CIPSO = 134,
	IPOPT_RA = 148,
	IPOPT_SSRR = 137
};
#define IPOPT_COPIED(type) ((type)&0x80)
enum { IPOPT_TS_TSONLY = 0, IPOPT_TS_TSANDADDR = 1, IPOPT_TS_PRESPEC = 3 };

static inline unsigned int ip_hdrlen(const struct iphdr *iph)
{
	return (iph->ver_ihl & 0xf) * 4U;
}

static inline unsigned int ip_version(const struct iphdr *iph)
{
	return iph->ver_ihl >> 4;
}

static inline bool ip_is_fragment(const struct iphdr *iph)
{
	return iph->frag_off & CPU_TO_BE16(IP_MF | IP_OFFSET);
}

/* Fills in the checksum. */
static inline void ip_send_check(struct iphdr *iph)
{
	iph->check = 0;
	iph->check = ip_fast_csum(iph, iph->ver_ihl & 0xf);
}

/* One hop less, with the checksum's delta. */
static inline void ip_decrease_ttl(struct iphdr *iph)
{
	u32 check = iph->check;

	check += CPU_TO_BE16(0x0100);
	iph->check = (u16)(check + (check >= 0xffff));
	iph->ttl--;
}

/* Describes an IPv4 packet and what it carries in one line. */
size_t ipv4_print(char *buf, size_t size, const void *data, size_t len);
