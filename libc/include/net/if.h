/* SPDX-License-Identifier: MIT */
/* Names and numbers of network interfaces: POSIX's net/if.h. */
#pragma once

#include <sys/socket.h>

#define IF_NAMESIZE 16
#define IFNAMSIZ    16

unsigned int if_nametoindex(const char *name);
char *if_indextoname(unsigned int index, char *name);
