/* SPDX-License-Identifier: MIT */
/*
 * Packets for a program to decide on, by the names of libnetfilter_queue: what rules give to NFQUEUE or QUEUE is read from
 * nfq_fd() with read(), handed to nfq_handle_packet(), and waits for nfq_set_verdict().
 *
 * Functions return -1 with errno, or NULL. A packet that a program has changed (data of a verdict) must have a whole IP
 * header with the options it had, and its length in it; its checksums are the program's affair.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "net/nfqnl_mode.h"

struct nfq_handle;
struct nfq_q_handle;
struct nfq_data;
struct nfgenmsg; /* never has anything to say here */

struct nfqnl_msg_packet_hdr {
	uint32_t packet_id;   /* network order */
	uint16_t hw_protocol; /* network order */
	uint8_t hook;         /* NF_INET_* */
} __attribute__((packed));

typedef int nfq_callback(struct nfq_q_handle *queue, struct nfgenmsg *msg, struct nfq_data *packet,
			 void *data);

struct nfq_handle *nfq_open(void);
int nfq_close(struct nfq_handle *h);
int nfq_fd(struct nfq_handle *h);

/* A queue takes packets when it has a mode. EPERM: it is another program's, EBUSY: ours. */
struct nfq_q_handle *nfq_create_queue(struct nfq_handle *h, uint16_t num, nfq_callback *cb,
				      void *data);
int nfq_destroy_queue(struct nfq_q_handle *queue);
int nfq_set_mode(struct nfq_q_handle *queue, uint8_t mode, unsigned int range);
int nfq_set_queue_maxlen(struct nfq_q_handle *queue, uint32_t packets);
int nfq_set_queue_flags(struct nfq_q_handle *queue, uint32_t mask, uint32_t flags);

/* What read() brought: calls the queue's function, whose value it returns. */
int nfq_handle_packet(struct nfq_handle *h, char *buf, int len);

int nfq_set_verdict(struct nfq_q_handle *queue, uint32_t id, uint32_t verdict, uint32_t len,
		    const unsigned char *data);
int nfq_set_verdict2(struct nfq_q_handle *queue, uint32_t id, uint32_t verdict, uint32_t mark,
		     uint32_t len, const unsigned char *data);

/* Of a packet, within the queue's function. Interfaces are numbers, 0: none. */
struct nfqnl_msg_packet_hdr *nfq_get_msg_packet_hdr(struct nfq_data *packet);
uint32_t nfq_get_nfmark(struct nfq_data *packet);
uint32_t nfq_get_indev(struct nfq_data *packet);
uint32_t nfq_get_outdev(struct nfq_data *packet);
/* Bytes of it from the IP header on that were copied. */
int nfq_get_payload(struct nfq_data *packet, unsigned char **data);
