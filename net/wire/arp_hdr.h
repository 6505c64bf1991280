/* SPDX-License-Identifier: MIT */
/* ARP for IPv4 on Ethernet (RFC 826). */
#pragma once

#include "lib/byteorder.h"

#define ARPHRD_ETHER    1
#define ARPHRD_IEEE802  6 /* Ethernet too: some say so, RFC 1122 s2.3.3 */
#define ARPHRD_LOOPBACK 772

enum { ARPOP_REQUEST = 1, ARPOP_REPLY = 2 };

struct arphdr {
	be16 ar_hrd;
	be16 ar_pro;
	u8 ar_hln;
	u8 ar_pln;
	be16 ar_op;
	u8 ar_sha[6];
	u8 ar_sip[4];
	u8 ar_tha[6];
	u8 ar_tip[4];
} __packed;

/* What a checked packet says. */
struct arp_view {
	u16 op;
	const u8 *sha, *tha;
	be32 sip, tip;
};

/* Checks sizes and types; false: not ARP for IPv4 on Ethernet, or cut. */
bool arp_parse(const void *data, size_t len, struct arp_view *view);

/* Writes sizeof(struct arphdr) bytes. tha NULL: zeros. */
void arp_emit(void *data, u16 op, const u8 *sha, be32 sip, const u8 *tha, be32 tip);

size_t arp_print(char *buf, size_t size, const void *data, size_t len);
