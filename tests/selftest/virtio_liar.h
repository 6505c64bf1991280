/* SPDX-License-Identifier: MIT */
/*
 * A NIC that lies in every way it can: the real driver and rings against virtio_sim. After each lie the device must
 * be off, counted, and work again when set down and up; nothing may be leaked or touched that is not its own.
 */
#pragma once

struct net;

/* Says what happened with one lie; why is NULL when the driver behaved. */
typedef void (*virtio_liar_report)(void *arg, const char *lie, const char *why);

/* Tells all lies to a NIC of net. The number of those that the driver did not stand, or -E. Thread. */
int virtio_liar_run(struct net *net, virtio_liar_report report, void *arg);
