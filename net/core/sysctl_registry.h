/* SPDX-License-Identifier: MIT */
/* Life of the registry of settings, for core.c. */
#pragma once

#include "net/sysctl.h"

int sysctl_init(struct net *net) __must_check;
void sysctl_exit(struct net *net);
