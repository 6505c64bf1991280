/* SPDX-License-Identifier: MIT */
/*
 * A network device (net/netdevice.h, NAPI) on top of a port. It behaves like a NIC with rings and a
 * doorbell: frames sent lie in the ring until it is kicked and the world runs; a full ring stops
 * the queue; received frames wait for NAPI behind an interrupt that is masked while polling. It has
 * no checksum offload on receive and finishes partial checksums on transmit.
 */
#pragma once

#include "host/frame_port.h"
#include "net/netdevice.h"

#define HOST_DEV_RING 256

struct host_dev_config {
	const char *name; /* NULL: eth%d */
	const u8 *mac;    /* NULL: 52:54:00:xx:xx:xx, a new one each time */
	u32 mtu;          /* 0: 1500 */
	u32 ring;         /* frames in each direction; 0: HOST_DEV_RING */
	bool no_csum;     /* leaves checksums to the stack */
	u32 rx_linear;    /* received bytes behind so many are in fragments; 0: all are linear */
};

/*
 * Registers a device on port with net; it is down. config may be NULL. NULL: the stack refused it,
 * and port is closed. Thread.
 */
struct net_device *host_dev_add(struct net *net, struct port *port,
				const struct host_dev_config *config);

/* Unregisters it, closes its port, frees it. */
void host_dev_remove(struct net_device *dev);
