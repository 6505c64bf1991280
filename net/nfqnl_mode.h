/* SPDX-License-Identifier: MIT */
/* What is asked of a queue of packets, for net/ and for programs. Linux's numbers. */
#pragma once

/* How much of a packet is received. NONE, which a new queue has: it takes none. */
enum { NFQNL_COPY_NONE, NFQNL_COPY_META, NFQNL_COPY_PACKET };

/* A full queue lets packets pass. Linux's other flags are refused. */
#define NFQA_CFG_F_FAIL_OPEN (1U << 0)
