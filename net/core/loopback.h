/* SPDX-License-Identifier: MIT */
/* The loopback device of a stack. */
#pragma once

struct net;

int loopback_init(struct net *net);
void loopback_exit(struct net *net);
