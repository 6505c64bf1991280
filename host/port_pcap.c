/* SPDX-License-Identifier: MIT */
/*
 * Ports on capture files: one replays a file, one records what passes.
 * Source: draft-ietf-opsawg-pcap (the classic format, either byte order, micro- or nanoseconds).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/frame_port.h"
#include "net/platform.h"

#define PCAP_MAGIC_USEC   0xa1b2c3d4U
#define PCAP_MAGIC_NSEC   0xa1b23c4dU
#define LINKTYPE_ETHERNET 1

struct pcap_file_header {
	u32 magic;
	u16 major, minor;
	u32 reserved[2];
	u32 snaplen;
	u32 linktype; /* upper 16 bits: other things */
};

struct pcap_record {
	u32 sec, subsec;
	u32 captured, original;
};

struct replay_port {
	struct port port;
	struct host_source source;
	FILE *file;
	bool swapped, nsec;
	u64 first;          /* time stamp of the first frame */
	u64 start;          /* plat_now() then */
	struct frame *next; /* NULL: no more */
};

static u32 field(const struct replay_port *p, u32 v)
{
	return p->swapped ? __builtin_bswap32(v) : v;
}

/*
 * Reads the next frame, with its time stamp in due. NULL at the end, or where the file is damaged.
 */
static struct frame *read_frame(struct replay_port *p)
{
	struct pcap_record r;
	struct frame *f;
	u32 len;

	if (fread(&r, sizeof(r), 1, p->file) != 1)
		return NULL;
	len = field(p, r.captured);
	if (len > FRAME_MAX)
		return NULL;
	f = frame_new(NULL, len);
	if (fread(f->data, 1, len, p->file) != len) {
		frame_free(f);
		return NULL;
	}
	f->due = field(p, r.sec) * NSEC_PER_SEC + field(p, r.subsec) * (p->nsec ? 1ULL : 1000ULL);
	return f;
}

static void schedule(struct replay_port *p, struct frame *f)
{
	p->next = f;
	p->source.deadline = U64_MAX;
	if (!f)
		return;
	/* Captures may step back in time; frames then follow at once. */
	f->due = p->start + (f->due > p->first ? f->due - p->first : 0);
	p->source.deadline = f->due;
}

static bool replay_pump(struct host_source *s)
{
	struct replay_port *p = container_of(s, struct replay_port, source);
	struct frame *f = p->next;

	if (!f || f->due > plat_now())
		return false;
	schedule(p, read_frame(p));
	port_deliver(&p->port, f);
	return true;
}

static void replay_send(struct port *port, struct frame *f)
{
	(void)port;
	frame_free(f);
}

static void replay_close(struct port *port)
{
	struct replay_port *p = container_of(port, struct replay_port, port);

	host_source_del(&p->source);
	if (p->next)
		frame_free(p->next);
	fclose(p->file);
	free(p);
}

static const struct port_ops replay_ops = {.send = replay_send, .close = replay_close};

static bool read_file_header(struct replay_port *p)
{
	struct pcap_file_header h;

	if (fread(&h, sizeof(h), 1, p->file) != 1)
		return false;
	p->swapped = h.magic == __builtin_bswap32(PCAP_MAGIC_USEC) ||
		     h.magic == __builtin_bswap32(PCAP_MAGIC_NSEC);
	p->nsec = field(p, h.magic) == PCAP_MAGIC_NSEC;
	if (!p->nsec && field(p, h.magic) != PCAP_MAGIC_USEC)
		return false;
	return (field(p, h.linktype) & 0xffff) == LINKTYPE_ETHERNET;
}

struct port *port_pcap_replay(const char *path)
{
	struct replay_port *p = calloc(1, sizeof(*p));
	struct frame *f;

	if (!p)
		abort();
	p->file = fopen(path, "rb");
	if (!p->file) {
		free(p);
		return NULL;
	}
	if (!read_file_header(p)) {
		fclose(p->file);
		free(p);
		errno = EINVAL;
		return NULL;
	}
	p->port.ops = &replay_ops;
	p->start = plat_now();
	p->source = (struct host_source){.pump = replay_pump, .fd = -1};
	f = read_frame(p);
	p->first = f ? f->due : 0;
	schedule(p, f);
	host_source_add(&p->source);
	return &p->port;
}

bool port_pcap_done(const struct port *port)
{
	const struct replay_port *p =
		(const void *)((const char *)port - offsetof(struct replay_port, port));

	return !p->next;
}

struct record_port {
	struct port port;
	struct port *lower;
	FILE *file;
};

static void record(struct record_port *p, const struct frame *f)
{
	u64 now = plat_wall();
	struct pcap_record r = {
		.sec = now / NSEC_PER_SEC,
		.subsec = now % NSEC_PER_SEC,
		.captured = f->len,
		.original = f->len,
	};

	fwrite(&r, sizeof(r), 1, p->file);
	fwrite(f->data, 1, f->len, p->file);
}

static void record_send(struct port *port, struct frame *f)
{
	struct record_port *p = container_of(port, struct record_port, port);

	record(p, f);
	port_send(p->lower, f);
}

static void record_deliver(void *arg, struct frame *f)
{
	struct record_port *p = arg;

	record(p, f);
	port_deliver(&p->port, f);
}

static void record_close(struct port *port)
{
	struct record_port *p = container_of(port, struct record_port, port);

	port_close(p->lower);
	if (fclose(p->file))
		perror("weir: capture file");
	free(p);
}

static const struct port_ops record_ops = {.send = record_send, .close = record_close};

struct port *port_pcap_record(struct port *lower, const char *path)
{
	struct pcap_file_header h = {
		.magic = PCAP_MAGIC_NSEC,
		.major = 2,
		.minor = 4,
		.snaplen = FRAME_MAX,
		.linktype = LINKTYPE_ETHERNET,
	};
	struct record_port *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->file = fopen(path, "wb");
	if (!p->file) {
		free(p);
		return NULL;
	}
	fwrite(&h, sizeof(h), 1, p->file);
	p->port.ops = &record_ops;
	p->lower = lower;
	lower->deliver = record_deliver;
	lower->deliver_arg = p;
	return &p->port;
}
