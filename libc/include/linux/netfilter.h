/* SPDX-License-Identifier: MIT */
/* Verdicts about packets, as programs give them (libnetfilter_queue.h), and the hooks at which they are asked. */
#pragma once

#define NF_DROP   0
#define NF_ACCEPT 1
#define NF_QUEUE  3
#define NF_REPEAT 4

#define NF_QUEUE_NR(queue) ((queue) << 16 | NF_QUEUE)

enum nf_inet_hooks {
	NF_INET_PRE_ROUTING,
	NF_INET_LOCAL_IN,
	NF_INET_FORWARD,
	NF_INET_LOCAL_OUT,
	NF_INET_POST_ROUTING
};
