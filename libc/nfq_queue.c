/* SPDX-License-Identifier: MIT */
/* libnetfilter_queue's names for net/nfnetlink_queue.h. What read() brings is a struct nfqnl_message and the packet. */
#include <fcntl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/mm.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/descriptor.h"
#include "libc/libc.h"
#include "net/nfnetlink_queue.h"

struct nfq_handle {
	int fd;
	struct nfqnl_listener *listener; /* the file's */
	struct nfq_q_handle *queues;
};

struct nfq_q_handle {
	struct nfq_q_handle *next;
	struct nfq_handle *h;
	uint16_t num;
	nfq_callback *cb;
	void *data;
};

struct nfq_data {
	struct nfqnl_message message;
	struct nfqnl_msg_packet_hdr hdr;
	unsigned char *payload;
};

/* ---- the descriptor */

static long nfq_file_read(struct file *f, void *buf, size_t len)
{
	return nfqnl_recv(f->nfq, buf, len, f->flags & O_NONBLOCK);
}

static void nfq_file_fstat(struct file *f __unused, struct stat *st)
{
	st->st_mode = S_IFSOCK | 0777;
}

static u32 nfq_file_poll(struct file *f)
{
	return nfqnl_poll(f->nfq);
}

static void nfq_file_poller_add(struct file *f, struct sock_waiter *w)
{
	nfqnl_waiter_add(f->nfq, w);
}

static void nfq_file_poller_del(struct file *f __unused, struct sock_waiter *w)
{
	nfqnl_waiter_del(w);
}

static void nfq_file_release(struct file *f)
{
	nfqnl_close(f->nfq);
}

static const struct file_ops nfq_file_ops = {
	.read = nfq_file_read,
	.fstat = nfq_file_fstat,
	.poll = nfq_file_poll,
	.poller_add = nfq_file_poller_add,
	.poller_del = nfq_file_poller_del,
	.release = nfq_file_release,
};

static int nfq_descriptor(struct nfq_handle *h)
{
	struct file *f = file_create(&nfq_file_ops, O_RDWR);

	if (!f)
		return -ENOMEM;
	f->nfq = h->listener = nfqnl_open(libc_net(), current_process()->thread);
	if (!f->nfq) {
		kfree(f);
		return -ENOMEM;
	}
	return fd_install(f, 0);
}

/* ---- handles */

struct nfq_handle *nfq_open(void)
{
	struct nfq_handle *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->fd = sys_result(nfq_descriptor(h));
	if (h->fd >= 0)
		return h;
	free(h);
	return NULL;
}

int nfq_close(struct nfq_handle *h)
{
	struct nfq_q_handle *q, *next;
	int fd = h->fd;

	for (q = h->queues; q; q = next) {
		next = q->next;
		free(q);
	}
	free(h);
	return close(fd);
}

int nfq_fd(struct nfq_handle *h)
{
	return h->fd;
}

struct nfq_q_handle *nfq_create_queue(struct nfq_handle *h, uint16_t num, nfq_callback *cb,
				      void *data)
{
	struct nfq_q_handle *q = malloc(sizeof(*q));

	if (!q)
		return NULL;
	if (sys_result(nfqnl_bind(h->listener, num))) {
		free(q);
		return NULL;
	}
	*q = (struct nfq_q_handle){h->queues, h, num, cb, data};
	h->queues = q;
	return q;
}

int nfq_destroy_queue(struct nfq_q_handle *queue)
{
	struct nfq_q_handle **at = &queue->h->queues;
	int err = nfqnl_unbind(queue->h->listener, queue->num);

	while (*at != queue)
		at = &(*at)->next;
	*at = queue->next;
	free(queue);
	return sys_result(err);
}

int nfq_set_mode(struct nfq_q_handle *queue, uint8_t mode, unsigned int range)
{
	return sys_result(nfqnl_set_mode(queue->h->listener, queue->num, mode, range));
}

int nfq_set_queue_maxlen(struct nfq_q_handle *queue, uint32_t packets)
{
	return sys_result(nfqnl_set_maxlen(queue->h->listener, queue->num, packets));
}

int nfq_set_queue_flags(struct nfq_q_handle *queue, uint32_t mask, uint32_t flags)
{
	return sys_result(nfqnl_set_flags(queue->h->listener, queue->num, mask, flags));
}

/* ---- packets */

int nfq_handle_packet(struct nfq_handle *h, char *buf, int len)
{
	struct nfq_q_handle *q = h->queues;
	struct nfq_data packet;

	if (len < (int)sizeof(packet.message))
		return sys_result(-EINVAL);
	memcpy(&packet.message, buf, sizeof(packet.message));
	packet.hdr = (struct nfqnl_msg_packet_hdr){.packet_id = htonl(packet.message.id),
						   .hw_protocol = packet.message.hw_protocol,
						   .hook = packet.message.hook};
	packet.payload = (unsigned char *)buf + sizeof(packet.message);
	while (q && q->num != packet.message.queue)
		q = q->next;
	return q ? q->cb(q, NULL, &packet, q->data) : 0;
}

int nfq_set_verdict(struct nfq_q_handle *queue, uint32_t id, uint32_t verdict, uint32_t len,
		    const unsigned char *data)
{
	return sys_result(
		nfqnl_verdict(queue->h->listener, queue->num, id, verdict, NULL, data, len));
}

int nfq_set_verdict2(struct nfq_q_handle *queue, uint32_t id, uint32_t verdict, uint32_t mark,
		     uint32_t len, const unsigned char *data)
{
	return sys_result(
		nfqnl_verdict(queue->h->listener, queue->num, id, verdict, &mark, data, len));
}

struct nfqnl_msg_packet_hdr *nfq_get_msg_packet_hdr(struct nfq_data *packet)
{
	return &packet->hdr;
}

uint32_t nfq_get_nfmark(struct nfq_data *packet)
{
	return packet->message.mark;
}

uint32_t nfq_get_indev(struct nfq_data *packet)
{
	return packet->message.indev;
}

uint32_t nfq_get_outdev(struct nfq_data *packet)
{
	return packet->message.outdev;
}

int nfq_get_payload(struct nfq_data *packet, unsigned char **data)
{
	*data = packet->payload;
	return packet->message.copied;
}
