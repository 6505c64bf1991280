/* SPDX-License-Identifier: MIT */
/* IGMP: version 1 (RFC 1112 appendix I), 2 (RFC 2236), 3 (RFC 3376). */
#pragma once

#include "net/wire/checksum.h"

enum {
	IGMP_QUERY = 0x11,
	IGMP_V1_REPORT = 0x12,
	IGMP_V2_REPORT = 0x16,
	IGMP_LEAVE = 0x17,
	IGMP_V3_REPORT = 0x22
};

/* Types of a group record in a version 3 report (RFC 3376 s4.2.12). */
enum {
	IGMPV3_MODE_IS_INCLUDE = 1,
	IGMPV3_MODE_IS_EXCLUDE,
	IGMPV3_CHANGE_TO_INCLUDE,
	IGMPV3_CHANGE_TO_EXCLUDE,
	IGMPV3_ALLOW_NEW_SOURCES,
	IGMPV3_BLOCK_OLD_SOURCES
};

struct igmphdr {
	u8 type;
	u8 code; /* of a query: the longest time to answer in; version 1: 0 */
	u16 csum;
	be32 group;
};

struct igmpv3_report {
	u8 type;
	u8 reserved;
	u16 csum;
	be16 reserved2;
	be16 ngrec;
};

struct igmpv3_grec {
	u8 type;
	u8 auxwords;
	be16 nsrcs;
	be32 group;
};

#define IGMP_HLEN        8
#define IGMPV3_QUERY_LEN 12 /* in front of the sources */

struct igmp_query {
	u8 version;
	u8 qrv;          /* the querier's robustness, 0: not said */
	u32 max_resp_ds; /* 1/10 s */
	u32 qqi;         /* s */
	be32 group;      /* 0: all */
	u32 nsrcs;
	const u8 *srcs; /* NULL: the packet ends before nsrcs of them do */
};

/* A query of len >= IGMP_HLEN bytes with a good checksum. False: of no version (RFC 3376 s7.1). */
bool igmp_query_parse(struct igmp_query *q, const void *data, size_t len);

static inline bool igmp_csum_ok(const void *data, size_t len)
{
	return !csum_fold(csum_partial(data, len, 0));
}
