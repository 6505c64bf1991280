/* SPDX-License-Identifier: MIT */
/* UDP (RFC 768). */
#pragma once

#include "net/wire/checksum.h"

#define UDP_HLEN 8

struct udphdr {
	be16 source;
	be16 dest;
	be16 len;
	u16 check; /* 0: none */
};

size_t udp_print(char *buf, size_t size, const void *data, size_t len);
