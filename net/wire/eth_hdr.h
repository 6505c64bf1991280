/* SPDX-License-Identifier: MIT */
/* Ethernet II (and the length field that marks 802.3) on the wire. */
#pragma once

#include "lib/byteorder.h"
#include "lib/string.h"

#define ETH_P_IP      0x0800
#define ETH_P_ARP     0x0806
#define ETH_P_8021Q   0x8100
#define ETH_P_8021AD  0x88a8
#define ETH_P_IPV6    0x86dd
#define ETH_P_802_MIN 0x0600 /* below: a length (IEEE 802.3) */
#define ETH_P_802_2   0x0004 /* stands for frames with a length; not on the wire */
#define ETH_P_ALL     0x0003 /* stands for every frame; not on the wire */

struct ethhdr {
	u8 h_dest[6];
	u8 h_source[6];
	be16 h_proto;
} __packed;

static inline bool is_multicast_ether_addr(const u8 *a)
{
	return a[0] & 1;
}

static inline bool is_zero_ether_addr(const u8 *a)
{
	return !(a[0] | a[1] | a[2] | a[3] | a[4] | a[5]);
}

static inline bool is_broadcast_ether_addr(const u8 *a)
{
	return (a[0] & a[1] & a[2] & a[3] & a[4] & a[5]) == 0xff;
}

static inline bool is_valid_ether_addr(const u8 *a)
{
	return !is_multicast_ether_addr(a) && !is_zero_ether_addr(a);
}

static inline bool ether_addr_equal(const u8 *a, const u8 *b)
{
	u32 a4, b4;
	u16 a2, b2;

	__builtin_memcpy(&a4, a, 4);
	__builtin_memcpy(&b4, b, 4);
	__builtin_memcpy(&a2, a + 4, 2);
	__builtin_memcpy(&b2, b + 4, 2);
	return !((a4 ^ b4) | (u32)(a2 ^ b2));
}

/* Describes a frame and what it carries, in one line: "02:..:01 > 02:..:02 IPv4 10.0.0.1 > 10.0.0.2 UDP ...". */
size_t eth_print(char *buf, size_t size, const void *frame, size_t len);
