/* SPDX-License-Identifier: MIT */
/* The trace's life, for core.c. */
#pragma once

struct net;

void trace_exit(struct net *net);
