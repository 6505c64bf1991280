/* SPDX-License-Identifier: MIT */
/*
 * The TCP header (RFC 9293 s3.1) and its options (RFC 9293 s3.2, RFC 7323, RFC 2018).
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |          Source Port          |       Destination Port        |
 *  |                        Sequence Number                        |
 *  |                    Acknowledgment Number                      |
 *  | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
 *  |           Checksum            |         Urgent Pointer        |
 *  |                     Options, to 40 bytes                      |
 */
#pragma once

#include "net/wire/checksum.h"

#define TCP_HLEN        20
#define TCP_HLEN_MAX    60
#define TCP_MAX_SACKS   4
#define TCP_MAX_WSCALE  14  /* RFC 7323 s2.3 */
#define TCP_MSS_DEFAULT 536 /* RFC 9293 MUST-15 */
#define TCPOLEN_TSTAMP  12  /* with the two NOPs before it */
#define TCPOLEN_SACK(n) (4 + 8 * (n))

enum {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_PSH = 8,
	TCP_ACK = 16,
	TCP_URG = 32,
	TCP_ECE = 64,
	TCP_CWR = 128
};

struct tcphdr {
	be16 source, dest;
	be32 seq, ack_seq;
	u8 doff; /* upper 4 bits: header length in words */
	u8 flags;
	be16 window;
	u16 check;
	be16 urg_ptr;
};

struct tcp_sack_block {
	u32 start, end;
};

/* Options of one segment, host order. */
struct tcp_options {
	u32 tsval, tsecr;
	u16 mss; /* 0: not there */
	u8 wscale;
	u8 num_sacks;
	bool has_tstamp, has_wscale, sack_perm;
	bool may_sign; /* parsed: the segment is signed (RFC 2385), or may be in what could not be read */
	struct tcp_sack_block sacks[TCP_MAX_SACKS];
};

static inline u32 tcp_hdrlen(const struct tcphdr *th)
{
	return (th->doff >> 4) * 4U;
}

/* Of len bytes behind the header. What is malformed ends the list; what came before it counts, as on Linux. */
void tcp_options_parse(const u8 *p, u32 len, bool syn, struct tcp_options *opt);

/* Length in bytes, a multiple of 4, that tcp_options_emit() writes. */
u32 tcp_options_size(const struct tcp_options *opt);
void tcp_options_emit(u8 *p, const struct tcp_options *opt);

#define TCPOPT_TSTAMP_ALONE \
	0x0101080aU /* two NOPs and a timestamp: all that nearly every segment has */

/* That, of TCPOLEN_TSTAMP bytes; p is aligned to 4 bytes. */
static inline void tcp_tstamp_emit(u8 *p, u32 tsval, u32 tsecr)
{
	be32 *word = (be32 *)(void *)p;

	word[0] = CPU_TO_BE32(TCPOPT_TSTAMP_ALONE);
	word[1] = cpu_to_be32(tsval);
	word[2] = cpu_to_be32(tsecr);
}

size_t tcp_print(char *buf, size_t size, const void *data, size_t len);
