/* SPDX-License-Identifier: MIT */
/* The IPv4 header, by BSD's and by Linux's names. RFC 791 s3.1. */
#pragma once

#include <netinet/in.h>

struct iphdr {
	unsigned int ihl : 4;
	unsigned int version : 4;
	uint8_t tos;
	uint16_t tot_len;
	uint16_t id;
	uint16_t frag_off;
	uint8_t ttl;
	uint8_t protocol;
	uint16_t check;
	uint32_t saddr;
	uint32_t daddr;
};

struct ip {
	unsigned int ip_hl : 4;
	unsigned int ip_v : 4;
	uint8_t ip_tos;
	unsigned short ip_len;
	unsigned short ip_id;
	unsigned short ip_off;
	uint8_t ip_ttl;
	uint8_t ip_p;
	unsigned short ip_sum;
	struct in_addr ip_src, ip_dst;
};

/* Options: type, length, pointer (from 1 on), data. */
#define MAX_IPOPTLEN 40

#define IPOPT_OPTVAL 0
#define IPOPT_OLEN   1
#define IPOPT_OFFSET 2
#define IPOPT_MINOFF 4

#define IPOPT_COPY      0x80
#define IPOPT_COPIED(o) ((o)&IPOPT_COPY)
#define IPOPT_NUMBER(o) ((o)&0x1f)

#define IPOPT_END       0
#define IPOPT_EOL       0
#define IPOPT_NOP       1
#define IPOPT_NOOP      1
#define IPOPT_RR        7
#define IPOPT_TS        68
#define IPOPT_TIMESTAMP 68
#define IPOPT_SEC       130
#define IPOPT_SECURITY  130
#define IPOPT_LSRR      131
#define IPOPT_SID       136
#define IPOPT_SATID     136
#define IPOPT_SSRR      137
#define IPOPT_RA        148

#define IPOPT_TS_TSONLY    0
#define IPOPT_TS_TSANDADDR 1
#define IPOPT_TS_PRESPEC   3

#define IPVERSION  4
#define IPDEFTTL   64
#define IP_RF      0x8000
#define IP_DF      0x4000
#define IP_MF      0x2000
#define IP_OFFMASK 0x1fff
