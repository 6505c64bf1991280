/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices: the seam between transports (PCI, MMIO, memory) under it and drivers (net, console, rng)
 * above it, and the protocol that all of them share.
 *
 * Life of a device: a transport finds it and calls virtio_probe(); the driver for its id then calls
 * virtio_start() (reset, features), virtio_add_queue() for each queue, virtio_driver_ok(), and offers buffers.
 * virtio_reset() ends that; a driver may start again as often as it likes.
 *
 * Source: virtio 1.1 s3.1 (initialisation), s2.1 (status), s2.2 (features), s2.4 (configuration space).
 */
#pragma once

#include "drivers/virtqueue.h"
#include "lib/list.h"

struct net;
struct virtio_device;

#define VIRTIO_ID_NET     1
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_RNG     4

#define VIRTIO_F_INDIRECT_DESC 28
#define VIRTIO_F_EVENT_IDX     29
#define VIRTIO_F_VERSION_1     32

#define VIRTIO_S_ACKNOWLEDGE 1
#define VIRTIO_S_DRIVER      2
#define VIRTIO_S_DRIVER_OK   4
#define VIRTIO_S_FEATURES_OK 8
#define VIRTIO_S_NEEDS_RESET 64
#define VIRTIO_S_FAILED      128

#define VIRTIO_MAX_QUEUES 4 /* of one device, that weir's drivers use */

#define VIRTIO_FEATURE(bit) (1ULL << (bit))

struct virtio_transport_ops {
	u8 (*get_status)(struct virtio_device *vdev);
	void (*set_status)(struct virtio_device *vdev, u8 status);
	u64 (*get_features)(struct virtio_device *vdev);
	void (*set_features)(struct virtio_device *vdev, u64 features);
	/* Changes whenever the configuration does. */
	u32 (*config_generation)(struct virtio_device *vdev);
	/* len of 1, 2 and 4 bytes at a multiple of that are one access. The range was checked against config_size. */
	void (*read_config)(struct virtio_device *vdev, u32 offset, void *buf, u32 len);
	/* Descriptors that queue index can have; 0: there is no such queue. */
	u16 (*queue_max)(struct virtio_device *vdev, u16 index);
	/* Tells the device where vq's ring is (physical addresses of desc, avail, used); sets vq->notify. 0 or -E. */
	int (*queue_enable)(struct virtio_device *vdev, struct virtqueue *vq);
};

/* What add_queue() got for one queue; kept over resets. */
struct virtio_queue_mem {
	void *ring;
	unsigned int ring_order;
	struct virtqueue_slot *slots;
	struct vring_desc *tables;
	u16 num;
};

struct virtio_device {
	/* The transport's part, set before virtio_probe(). */
	const struct virtio_transport_ops *ops;
	char name[24]; /* "pci 00:02.0", "mmio feb00e00": for messages */
	u32 id;        /* VIRTIO_ID_* */
	u32 config_size;

	/* The driver's. */
	void *priv;
	void (*config_changed)(struct virtio_device *vdev); /* hard interrupt; may be NULL */

	/* virtio.c's. */
	u64 features; /* agreed on */
	struct virtqueue queues[VIRTIO_MAX_QUEUES];
	struct virtio_queue_mem mem[VIRTIO_MAX_QUEUES];
	unsigned int nr_queues;
	u64 interrupts;
	struct list_head unsettled; /* until virtio_settle() */
};

struct virtio_driver {
	u32 id;
	const char *name;
	bool late; /* probed by virtio_settle(): packets need not wait for it */
	/* 0: the driver has it. -E: it does not; it said why, and has reset the device. */
	int (*probe)(struct virtio_device *vdev, struct net *net);
	/* Undoes probe: the device is reset and forgotten. NULL: it cannot be taken away. */
	void (*remove)(struct virtio_device *vdev);
	/* Does the part of probe that packets need not wait for. NULL: there is none. */
	void (*settle)(struct virtio_device *vdev);
};

/* Hands a device to the driver for its id. 0 (also if that is late), -ENODEV (no driver), -E of the driver. Thread. */
int virtio_probe(struct virtio_device *vdev, struct net *net);

/* Probes the devices of late drivers, settles the others, in the order they were found. Once, after all scans. Thread. */
void virtio_settle(void);

/* Frees the memory of a device's queues. It was reset, and its driver is gone. */
void virtio_free_queues(struct virtio_device *vdev);

/* Takes a device that was probed away from its driver, and frees its queues. Thread. */
void virtio_remove(struct virtio_device *vdev);

/*
 * Resets the device and agrees on features: all of required, those of wanted that it offers, VERSION_1 always,
 * EVENT_IDX and INDIRECT_DESC where offered. 0; -ENODEV: it does not answer; -ENOTSUP: it lacks or refuses
 * something. Says why. Thread or softirq.
 */
int virtio_start(struct virtio_device *vdev, u64 wanted, u64 required) __must_check;

/*
 * Sets up queue index with at most num descriptors (a power of two), and callback as its interrupt (or NULL).
 * NULL: the device has no such queue or there is no memory; it said so. Between start and driver_ok.
 */
struct virtqueue *virtio_add_queue(struct virtio_device *vdev, u16 index, u16 num,
				   void (*callback)(struct virtqueue *vq), void *priv) __must_check;

/* From here on the device may use its queues. */
void virtio_driver_ok(struct virtio_device *vdev);

/* True once the device has let go of all memory. False: it did not confirm; never free what it was given. */
bool virtio_reset(struct virtio_device *vdev) __must_check;

/* The device says that it has failed and needs virtio_start(). */
bool virtio_needs_reset(struct virtio_device *vdev);

/* Gives the device up: status FAILED. */
void virtio_fail(struct virtio_device *vdev);

static inline bool virtio_has_feature(const struct virtio_device *vdev, unsigned int bit)
{
	return vdev->features & VIRTIO_FEATURE(bit);
}

/*
 * Reads len bytes of the device's configuration at offset, all of one generation. False: out of range, or it
 * changes without end.
 */
bool virtio_config(struct virtio_device *vdev, u32 offset, void *buf, u32 len) __must_check;

/* For transports: the queues' interrupt, the configuration's interrupt. Hard interrupt. */
void virtio_queue_interrupt(struct virtio_device *vdev);
void virtio_config_interrupt(struct virtio_device *vdev);

/* The transports. Each finds its devices, in the order of the command line that made them, and probes them. */
unsigned int virtio_pci_scan(struct net *net);
unsigned int virtio_mmio_scan(struct net *net);
