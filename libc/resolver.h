/* SPDX-License-Identifier: MIT */
/* The stub resolver: names by asking the servers of /etc/resolv.conf. Thread. */
#pragma once

#include "libc/dns_message.h"

/* Addresses of a host: as it is, and in the domains to search. 0 or EAI_*; answer is large: not for small stacks. */
int resolve_host(const char *name, struct dns_answer *answer);

/* The name of an address (network order). 0 or EAI_*. */
int resolve_addr(be32 addr, struct dns_answer *answer);

#define RESOLV_CONF "/etc/resolv.conf"

/* open() of RESOLV_CONF when the initrd has none: what was last written to it (by the DHCP client), or -ENOENT. */
int resolv_conf_open(int flags);
