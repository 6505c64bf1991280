/* SPDX-License-Identifier: MIT */
/* What unit tests see of the host's stand-in for the kernel under the drivers (kernel_host.c). */
#pragma once

#include "lib/types.h"

struct kernel_host {
	long pages, frags;       /* alive */
	u64 clock;               /* ns; udelay() and thread_pause() move it */
	bool may_sleep;          /* whether who calls is a thread that may */
	void (*paused)(void);    /* while it sleeps; NULL: nothing happens */
	u64 free_memory;         /* as mm_get_stats() says */
	unsigned int fail_frags; /* so many page_frag_alloc() from now fail */
	/* What ioremap() finds: devmem_size bytes that stand at devmem_at; ACPI's MCFG. */
	u8 *devmem;
	u64 devmem_at, devmem_size;
	const void *mcfg;
	size_t mcfg_len;
	/* The last character device, and what it handed up. */
	struct chardev *chardev;
	char input[65536];
	size_t input_len, input_room;
	/* The last source of randomness, and what it gave. */
	void (*request)(void *arg);
	void *request_arg;
	size_t entropy_bytes;
	unsigned int entropy_bits;
};

/* Starts afresh, and yields it. */
struct kernel_host *kernel_host_begin(void);

/* Fails the test if pages or fragments are left. */
void kernel_host_end(void);
