/* SPDX-License-Identifier: MIT */
/* Names and numbers of network interfaces: POSIX's net/if.h. */
#pragma once

#include <sys/socket.h>

#define IF_NAMESIZE 16
#define IFNAMSIZ    16

/* What the ioctls ask about, and answer. */
struct ifreq {
	char ifr_name[IFNAMSIZ];
	union {
		struct sockaddr ifr_addr;
		struct sockaddr ifr_netmask;
		struct sockaddr ifr_broadaddr;
		struct sockaddr ifr_hwaddr;
		short ifr_flags;
		int ifr_ifindex;
		int ifr_mtu;
		char __size[24];
	};
};

/* ifr_flags */
#define IFF_UP          0x1
#define IFF_BROADCAST   0x2
#define IFF_LOOPBACK    0x8
#define IFF_POINTOPOINT 0x10
#define IFF_RUNNING     0x40
#define IFF_NOARP       0x80
#define IFF_PROMISC     0x100
#define IFF_ALLMULTI    0x200
#define IFF_MULTICAST   0x1000

unsigned int if_nametoindex(const char *name);
char *if_indextoname(unsigned int index, char *name);
