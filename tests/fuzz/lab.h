/* SPDX-License-Identifier: MIT */
/*
 * The world of a fuzz input: a router with two NICs, 10.0.0.1/24 and 10.0.1.1/24, a neighbour on
 * each that answers ARP, a UDP socket on port 7 that echoes. Made anew for each input; what the
 * input leaves allocated is a finding.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/types.h"

struct net;
struct net_device;

#define FUZZ_MAC_HOST                  \
	{                              \
		0x02, 0x57, 0, 0, 1, 1 \
	}

/* Received packets have only rx_linear bytes linear; 0: all. */
struct net *fuzz_begin(u32 rx_linear);
void fuzz_end(void);

/* Puts a frame on the first NIC's wire and runs the world. */
void fuzz_frame(const void *frame, size_t len);

/* The same on the n-th's, without running the world. */
void fuzz_queue(unsigned int n, const void *frame, size_t len);

/* The frame in which the neighbour on the n-th NIC sends an IP packet; its length. */
size_t fuzz_wrap(unsigned int n, u8 *frame, const u8 *ip, size_t len);

/* fn sees every IP packet that leaves by the n-th NIC, in its frame. For one input. */
void fuzz_watch(void (*fn)(unsigned int n, const u8 *frame, size_t len));

/* The n-th NIC. */
struct net_device *fuzz_dev(unsigned int n);

/* Runs a command line; its exit status. feed: its standard input, NULL: none. */
int fuzz_ctl(const char *line, const char *feed);

/* Empties the echo socket, sending back what it got. */
void fuzz_echo(void);

/* Reading an input from its front; past the end everything is 0. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

u8 fuzz_u8(struct fuzz_input *in);
u16 fuzz_u16(struct fuzz_input *in);

/* Up to len bytes; *got says how many. */
const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t len, size_t *got);

/*
 * Version, length and checksum of an IP packet of len bytes; length and checksum of the ICMP, IGMP, TCP or UDP
 * in it. len >= 20.
 */
void fuzz_fix_ip(u8 *ip, size_t len);
void fuzz_fix_l4(u8 *ip, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
