/* SPDX-License-Identifier: MIT */
/* The devices, for the composition root. Boot, thread. */
#pragma once

struct net;

/* The console on the first serial port (or the one that console= names), so that everything later can be seen. */
void drivers_early_init(void);

/*
 * Finds and starts all other devices and logs what it found. NICs become eth0, eth1, ... in the order of
 * QEMU's command line. Returns the number of virtio devices in use; none is not an error.
 */
int drivers_init(struct net *net);

/* The stack that drivers_init() gave the NICs to: for selftests. */
struct net *drivers_net(void);
