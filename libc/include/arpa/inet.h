/* SPDX-License-Identifier: MIT */
/* Text and IPv4 addresses: POSIX's arpa/inet.h. */
#pragma once

#include <netinet/in.h>

const char *inet_ntop(int family, const void *addr, char *buf, socklen_t size);
int inet_pton(int family, const char *text, void *addr);
int inet_aton(const char *text, struct in_addr *addr);
in_addr_t inet_addr(const char *text);
char *inet_ntoa(struct in_addr addr);
