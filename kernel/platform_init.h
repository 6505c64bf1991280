/* SPDX-License-Identifier: MIT */
/* How kernel/main.c ties the stack to the kernel. */
#pragma once

struct net;

/* Before net_create(). */
void platform_init(void);

/* The softirqs run net's bodies from now on: right after net_create(). Boot. */
void platform_attach(struct net *net);
