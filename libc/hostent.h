/* SPDX-License-Identifier: MIT */
/* Names of hosts: /etc/hosts of the initrd first, then the resolver. 0 or EAI_*. */
#pragma once

#include "libc/resolver.h"

int hosts_by_name(const char *name, struct dns_answer *answer);
int host_by_addr(be32 addr, struct dns_answer *answer);
