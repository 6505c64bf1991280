/* SPDX-License-Identifier: MIT */
/*
 * Ports: where frames go in and out of the process, or from stack to stack. host_dev.h makes a
 * net_device on top of one; ports that wrap a port (fault, record) stack in any order between.
 *
 * send() goes down, away from the stack; deliver() goes up, to whoever sits on the port. Both hand
 * over the frame. Context: device (not softirq, not interrupt).
 */
#pragma once

#include "host/host.h"

struct frame {
	struct list_head list;
	u64 due; /* for whoever delays it */
	u32 len;
	u8 data[]; /* from the Ethernet header on */
};

#define FRAME_MAX (65536 + 64)

/*
 * Never NULL: aborts when the process is out of memory (this is the tester's memory, not the
 * stack's).
 */
struct frame *frame_new(const void *data, u32 len);
void frame_free(struct frame *f);

struct port;

struct port_ops {
	void (*send)(struct port *port, struct frame *f);
	void (*close)(struct port *port);
};

struct port {
	const struct port_ops *ops;
	void (*deliver)(void *arg,
			struct frame *f); /* set by whoever sits on it; NULL: frames are lost */
	void *deliver_arg;
};

void port_send(struct port *port, struct frame *f);
void port_deliver(struct port *port, struct frame *f);

/* Closes and frees it, with what it wraps. */
void port_close(struct port *port);

/* Two ends of a cable. Each is closed for itself. */
void port_pair(struct port *ends[2]);

/* Frames sent go to fn, which does not keep them; port_deliver() puts frames in. */
struct port *port_user(void (*fn)(void *arg, const void *data, size_t len), void *arg);

/*
 * A tap device (created if it does not exist and one may), one frame per read(2). NULL, and errno.
 */
struct port *port_tap(const char *ifname);

/*
 * Any descriptor that carries one frame per read and write (a tap, a datagram socket); closes it in
 * the end.
 */
struct port *port_fd(int fd);

/*
 * Frames of a capture file (classic pcap, Ethernet), the first at once and the others at the
 * distances of their time stamps. What is sent is dropped. NULL, and errno (EINVAL: not such a
 * file).
 */
struct port *port_pcap_replay(const char *path);

/* All frames of a replay are out. */
bool port_pcap_done(const struct port *port);

/*
 * Writes both directions of lower into a capture file. NULL, and errno; lower stays the caller's
 * then.
 */
struct port *port_pcap_record(struct port *lower, const char *path);

/* Rates are parts of a million, for each frame in each direction. */
struct fault_config {
	u64 seed;
	u32 loss, duplicate, reorder, bit_flip;
	u32 ce; /* of IPv4 packets that may be marked: RFC 3168 s5 */
	u64 delay,
		jitter; /* ns; each frame waits delay plus up to jitter, in order unless reordered */
	u64 reorder_delay; /* ns more for a reordered frame; 0: 1 ms */
};

struct fault_stats {
	u64 frames, lost, duplicated, reordered, flipped, marked;
};

struct port *port_fault(struct port *lower, const struct fault_config *config);
const struct fault_stats *port_fault_stats(const struct port *port);
