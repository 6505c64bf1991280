/* SPDX-License-Identifier: MIT */
/* How kernel/main.c ties the stack to the kernel. */
#pragma once

struct net;

/* Before net_create(). */
void platform_init(void);

/* The stack's softirqs run net's bodies from now on: before anything raises one, right after net_create(). */
void platform_attach(struct net *net);
