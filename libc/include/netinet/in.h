/* SPDX-License-Identifier: MIT */
/* IPv4 addresses of sockets: POSIX's netinet/in.h, with Linux's options. */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <sys/socket.h>

struct in_addr {
	in_addr_t s_addr;
};

struct sockaddr_in {
	sa_family_t sin_family;
	in_port_t sin_port;
	struct in_addr sin_addr;
	unsigned char sin_zero[8];
};

struct in_pktinfo {
	int ipi_ifindex;
	struct in_addr ipi_spec_dst;
	struct in_addr ipi_addr;
};

struct ip_mreq {
	struct in_addr imr_multiaddr;
	struct in_addr imr_interface;
};

struct ip_mreqn {
	struct in_addr imr_multiaddr;
	struct in_addr imr_address;
	int imr_ifindex;
};

#define INET_ADDRSTRLEN  16
#define INET6_ADDRSTRLEN 46

#define IPPORT_RESERVED 1024

#define IN_MULTICAST(a) (((a)&0xf0000000) == 0xe0000000)

#define htons(v) ((uint16_t)__builtin_bswap16(v))
#define ntohs(v) ((uint16_t)__builtin_bswap16(v))
#define htonl(v) ((uint32_t)__builtin_bswap32(v))
#define ntohl(v) ((uint32_t)__builtin_bswap32(v))
