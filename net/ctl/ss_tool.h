/* SPDX-License-Identifier: MIT */
/* The parts of ss: what stands behind the addresses, filters, the summary. */
#pragma once

#include "net/ctl/tool.h"
#include "net/sock_diag.h"

struct net;

enum { SS_EXT_SIZE = 1200 }; /* the longest text of one socket is about 900 bytes */

/* What -o, -e, -m and -i add. */
struct ss_show {
	bool timers, details, memory, info, oneline;
};

/* The text behind the peer's port, its lines as iproute2 breaks them; its length. */
size_t ss_ext(const struct ss_show *show, const struct sock_info *info, char *text);

/*
 * An expression (ss(8), FILTER) over the words from argv[0] on, for a socket; info NULL: only whether it is one. 1 or 0;
 * -1: it is none, complained of.
 */
int ss_filter(struct ctl *c, int argc, char *const argv[], const struct sock_info *info);

/* ss -s. Softirqs enabled. */
void ss_summary(struct ctl *c);
