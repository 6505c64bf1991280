/* SPDX-License-Identifier: MIT */
/* Random bytes: ChaCha20 keyed from a pool that RDRAND, interrupt times and devices feed. */
#pragma once

#include "lib/types.h"

/* Gathers what there is for a first key. Boot, before the first use. */
void random_init(void);

/* Never fails, never waits. Thread or softirq. */
void get_random_bytes(void *buf, size_t len);

/* Mixes in; bits is a careful guess of the entropy in it. Any context. */
void add_entropy(const void *data, size_t len, unsigned int bits);

/* Mixes in the time of an interrupt. Hard interrupts. */
void add_interrupt_randomness(void);

/* Where randomness comes from, for the log: "rdrand virtio-rng timing". */
const char *random_sources(void);

/*
 * A device that can be asked for more: request(arg) is called at once and before every reseed; it must not wait, and
 * answers by add_entropy() when it can. name joins random_sources(). At most 4. Thread, at boot.
 */
void random_add_source(const char *name, void (*request)(void *arg), void *arg);
