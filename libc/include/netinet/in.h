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

/* IP options and where they lead to first, as BSD has them. */
struct ip_opts {
	struct in_addr ip_dst;
	char ip_opts[40];
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

struct ip_mreq_source {
	struct in_addr imr_multiaddr;
	struct in_addr imr_interface;
	struct in_addr imr_sourceaddr;
};

struct ip_msfilter {
	struct in_addr imsf_multiaddr;
	struct in_addr imsf_interface;
	uint32_t imsf_fmode;
	uint32_t imsf_numsrc;
	struct in_addr imsf_slist[1];
};

#define IP_MSFILTER_SIZE(n) (sizeof(struct ip_msfilter) + ((n)-1) * sizeof(struct in_addr))

/* RFC 3678's forms that know no protocol. */
struct group_req {
	uint32_t gr_interface;
	struct sockaddr_storage gr_group;
};

struct group_source_req {
	uint32_t gsr_interface;
	struct sockaddr_storage gsr_group;
	struct sockaddr_storage gsr_source;
};

struct group_filter {
	uint32_t gf_interface;
	struct sockaddr_storage gf_group;
	uint32_t gf_fmode;
	uint32_t gf_numsrc;
	struct sockaddr_storage gf_slist[1];
};

#define GROUP_FILTER_SIZE(n) \
	(sizeof(struct group_filter) + ((n)-1) * sizeof(struct sockaddr_storage))

#define INET_ADDRSTRLEN  16
#define INET6_ADDRSTRLEN 46

#define IPPORT_RESERVED 1024

#define IN_MULTICAST(a) (((a)&0xf0000000) == 0xe0000000)

#define htons(v) ((uint16_t)__builtin_bswap16(v))
#define ntohs(v) ((uint16_t)__builtin_bswap16(v))
#define htonl(v) ((uint32_t)__builtin_bswap32(v))
#define ntohl(v) ((uint32_t)__builtin_bswap32(v))
