/* SPDX-License-Identifier: MIT */
/* The UDP header, by Linux's and by BSD's names. RFC 768. */
#pragma once

#include <netinet/in.h>

struct udphdr {
	union {
		struct {
			uint16_t source;
			uint16_t dest;
			uint16_t len;
			uint16_t check;
		};
		struct {
			uint16_t uh_sport;
			uint16_t uh_dport;
			uint16_t uh_ulen;
			uint16_t uh_sum;
		};
	};
};
