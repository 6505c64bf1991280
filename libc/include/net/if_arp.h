/* SPDX-License-Identifier: MIT */
/* Kinds of interfaces, as SIOCGIFHWADDR tells them, and neighbours, as SIOCGARP does, by Linux's names: arp(7). */
#pragma once

#include <sys/socket.h>

#define ARPHRD_ETHER    1
#define ARPHRD_LOOPBACK 772

#define ATF_COM  0x02 /* the hardware address is known */
#define ATF_PERM 0x04

struct arpreq {
	struct sockaddr arp_pa; /* whose */
	struct sockaddr arp_ha;
	int arp_flags; /* ATF_* */
	struct sockaddr arp_netmask;
	char arp_dev[16];
};
