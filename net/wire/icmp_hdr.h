/* SPDX-License-Identifier: MIT */
/* ICMP (RFC 792, RFC 1122 s3.2.2). */
#pragma once

#include "net/wire/checksum.h"

enum {
	ICMP_ECHOREPLY = 0,
	ICMP_DEST_UNREACH = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETERPROB = 12,
	ICMP_TIMESTAMP = 13,
	ICMP_TIMESTAMPREPLY = 14,
	ICMP_INFO_REQUEST = 15,
	ICMP_INFO_REPLY = 16,
	ICMP_ADDRESS = 17,
	ICMP_ADDRESSREPLY = 18,
	NR_ICMP_TYPES = 18,
	ICMP_EXT_ECHO = 42, /* RFC 8335 */
	ICMP_EXT_ECHOREPLY = 43
};

/* Codes of ICMP_DEST_UNREACH. */
enum {
	ICMP_NET_UNREACH,
	ICMP_HOST_UNREACH,
	ICMP_PROT_UNREACH,
	ICMP_PORT_UNREACH,
	ICMP_FRAG_NEEDED,
	ICMP_SR_FAILED,
	ICMP_NET_UNKNOWN,
	ICMP_HOST_UNKNOWN,
	ICMP_HOST_ISOLATED,
	ICMP_NET_ANO,
	ICMP_HOST_ANO,
	ICMP_NET_UNR_TOS,
	ICMP_HOST_UNR_TOS,
	ICMP_PKT_FILTERED,
	ICMP_PREC_VIOLATION,
	ICMP_PREC_CUTOFF,
	NR_ICMP_UNREACH = 15
};

enum { ICMP_REDIR_NET, ICMP_REDIR_HOST, ICMP_REDIR_NETTOS, ICMP_REDIR_HOSTTOS };
enum { ICMP_EXC_TTL = 0, ICMP_EXC_FRAGTIME = 1 };

struct icmphdr {
	u8 type;
	u8 code;
	u16 checksum;
	union {
		struct {
			be16 id;
			be16 sequence;
		} echo;
		be32 gateway;
		struct {
			be16 unused;
			be16 mtu;
		} frag;
		be32 rest;
	} un;
};

#define ICMP_HLEN 8

static inline bool icmp_type_is_error(u8 type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

size_t icmp_print(char *buf, size_t size, const void *data, size_t len);
