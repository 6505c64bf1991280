/* SPDX-License-Identifier: MIT */
/* The devices, for the composition root. Boot, thread. */
#pragma once

struct net;

/* The console on the first serial port (or the one that console= names), so that everything later can be seen. */
void drivers_early_init(void);

/*
 * Finds all other devices and starts the NICs, which become eth0, eth1, ... in the order of QEMU's command line.
 * Returns the number of virtio devices in use; none is not an error.
 */
int drivers_init(struct net *net);

/* Starts what packets need not wait for (random numbers, consoles and their input), and logs what was found. Thread. */
void drivers_settle(void);

/* The stack that drivers_init() gave the NICs to: for selftests. */
struct net *drivers_net(void);
