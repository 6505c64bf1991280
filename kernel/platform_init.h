/* SPDX-License-Identifier: MIT */
/* How kernel/main.c ties the stack to the kernel. */
#pragma once

struct net;

/* The softirqs run net's bodies from now on: right after net_create(), before anything else is done with net. Boot. */
void platform_init(struct net *net);
