/* SPDX-License-Identifier: MIT */
/*
 * nfq: decides on packets that rules give to a queue (iptables -j NFQUEUE, -j QUEUE): lets them pass, late, marked or with
 * more text, or drops them; and counts. On Linux: cc -I. apps/nfq.c -lnetfilter_queue
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libnetfilter_queue/libnetfilter_queue.h>

#define PACKET_MAX 65536

/* A packet that is to wait. */
struct late {
	struct late *next;
	struct nfq_q_handle *queue;
	uint32_t id, mark;
	long long due; /* ms */
};

struct nfq {
	struct nfq_handle *handle;
	unsigned long first, last; /* queues */
	unsigned long maxlen, delay, every, mark, range, count;
	int drop, set_mark, repeat, fail_open, verbose;
	const char *text;
	unsigned long packets, accepted, dropped, lost;
	struct late *late, **late_end; /* by due, for the delay is the same for all */
	unsigned char changed[PACKET_MAX];
};

static int stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* ---- changing a datagram */

static unsigned int get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static void put16(unsigned char *p, unsigned int v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* RFC 1071. */
static unsigned int header_sum(const unsigned char *p, unsigned int len)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < len; i += 2)
		sum += get16(p + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* The UDP datagram with text behind its data, into n->changed; 0: it is none, or too large. */
static unsigned int add_text(struct nfq *n, const unsigned char *packet, unsigned int len)
{
	unsigned int hlen = len ? (packet[0] & 15U) * 4 : 0, more = strlen(n->text);
	unsigned char *p = n->changed;

	if (len < hlen + 8 || packet[9] != 17 || get16(packet + 6) & 0x3fff ||
	    get16(packet + 2) != len || len + more >= PACKET_MAX)
		return 0;
	memcpy(p, packet, len);
	memcpy(p + len, n->text, more);
	put16(p + 2, len + more);
	put16(p + 10, 0);
	put16(p + 10, header_sum(p, hlen));
	put16(p + hlen + 4, len + more - hlen);
	put16(p + hlen + 6, 0); /* no checksum */
	return len + more;
}

/* ---- packets */

static void decide(struct nfq *n, struct nfq_q_handle *queue, uint32_t id, uint32_t mark,
		   const unsigned char *data, unsigned int len)
{
	int drop = n->drop || (n->every && n->packets % n->every == 0), err;
	uint32_t verdict = drop ? NF_DROP : NF_ACCEPT;

	if (!drop && n->repeat && mark != n->mark)
		verdict = NF_REPEAT;
	if (n->set_mark)
		err = nfq_set_verdict2(queue, id, verdict, n->mark, len, data);
	else
		err = nfq_set_verdict(queue, id, verdict, len, data);
	if (err < 0)
		n->lost++;
	else if (drop)
		n->dropped++;
	else
		n->accepted++;
}

static int decide_later(struct nfq *n, struct nfq_q_handle *queue, uint32_t id, uint32_t mark)
{
	struct late *l = malloc(sizeof(*l));

	if (!l)
		return -1;
	*l = (struct late){NULL, queue, id, mark, now() + (long long)n->delay};
	*n->late_end = l;
	n->late_end = &l->next;
	return 0;
}

static int packet_came(struct nfq_q_handle *queue, struct nfgenmsg *msg, struct nfq_data *packet,
		       void *arg)
{
	uint32_t mark = nfq_get_nfmark(packet),
		 id = ntohl(nfq_get_msg_packet_hdr(packet)->packet_id);
	struct nfq *n = arg;
	unsigned char *data;
	int len = nfq_get_payload(packet, &data);
	unsigned int changed = 0;

	(void)msg;
	n->packets++;
	if (n->verbose) {
		printf("id %u hook %u in %u out %u mark %u length %d\n", id,
		       nfq_get_msg_packet_hdr(packet)->hook, nfq_get_indev(packet),
		       nfq_get_outdev(packet), mark, len < 0 ? 0 : len);
		fflush(stdout);
	}
	if (n->delay && !decide_later(n, queue, id, mark))
		return 0;
	if (n->text && len > 0)
		changed = add_text(n, data, len);
	decide(n, queue, id, mark, changed ? n->changed : NULL, changed);
	return 0;
}

/* Decides on those whose time has come; ms until the next's. */
static int late_ones(struct nfq *n)
{
	struct late *l;

	while ((l = n->late)) {
		long long left = l->due - now();

		if (left > 0)
			return left > 60000 ? 60000 : (int)left;
		n->late = l->next;
		if (!n->late)
			n->late_end = &n->late;
		decide(n, l->queue, l->id, l->mark, NULL, 0);
		free(l);
	}
	return -1;
}

static int run(struct nfq *n)
{
	struct pollfd fd = {.fd = nfq_fd(n->handle), .events = POLLIN};
	char *buf = malloc(PACKET_MAX + 4096);
	int len = buf ? 0 : -1;

	while (len >= 0 && !stopped && (!n->count || n->accepted + n->dropped < n->count)) {
		int ready = poll(&fd, 1, late_ones(n));

		if (ready < 0 && errno != EINTR)
			break;
		if (ready <= 0)
			continue;
		len = read(fd.fd, buf, PACKET_MAX + 4096);
		if (len > 0)
			nfq_handle_packet(n->handle, buf, len);
		else if (len < 0 && (errno == EINTR || errno == ENOBUFS))
			len = 0;
	}
	free(buf);
	return len < 0 ? -1 : 0;
}

/* ---- words */

static int usage(FILE *to, int status)
{
	fprintf(to, "Usage: nfq [-q NUM[:NUM]] [options]   decides on the packets of queues (0)\n"
		    "  -D, -n N      drops them, or every N-th; else they pass\n"
		    "  -d MS         after MS ms\n"
		    "  -m MARK       with MARK; -R: through the rules of that hook again, once\n"
		    "  -a TEXT       UDP: with TEXT behind the data\n"
		    "  -l PACKETS    as many may wait (1024); -o: if more come, they pass\n"
		    "  -r BYTES      of a packet are read\n"
		    "  -c COUNT      ends after so many; -v: a line about each; -h: this\n");
	return status;
}

static int number(const char *word, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(word, &end, 0);
	return *word < '0' || *word > '9' || *end || errno || *value > max;
}

static int queues(struct nfq *n, char *word)
{
	char *colon = strchr(word, ':');

	if (colon)
		*colon = 0;
	if (number(word, 65535, &n->first))
		return 1;
	n->last = n->first;
	return colon && (number(colon + 1, 65535, &n->last) || n->last < n->first);
}

static int take_value(struct nfq *n, int key, char *value)
{
	switch (key) {
	case 'q':
		return queues(n, value);
	case 'd':
		return number(value, 3600000, &n->delay);
	case 'n':
		return number(value, 1000000000, &n->every);
	case 'l':
		return number(value, 4294967295UL, &n->maxlen) || !n->maxlen;
	case 'r':
		return number(value, 65535, &n->range);
	case 'c':
		return number(value, 1000000000, &n->count);
	case 'm':
		n->set_mark = 1;
		return number(value, 4294967295UL, &n->mark);
	}
	n->text = value;
	return strlen(value) > 1024;
}

/* An option without a value. */
static int take_flag(struct nfq *n, int key)
{
	int *flag = key == 'D'   ? &n->drop
		    : key == 'o' ? &n->fail_open
		    : key == 'R' ? &n->repeat
				 : &n->verbose;

	return (*flag)++;
}

static int wrong(const char *what, const char *word)
{
	fprintf(stderr, "nfq: %s%s\n", what, word);
	return usage(stderr, 2);
}

/* -1, or the status that ends nfq here. No getopt(): its state is one for all programs in weir. */
static int take_options(struct nfq *n, int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		int key = word[0] == '-' && word[1] && !word[2] ? word[1] : 0;
		int valued = key && strchr("qdnlrcma", key);
		char *value = valued ? argv[i + 1] : NULL;

		if (key == 'h' || !strcmp(word, "--help"))
			return usage(stdout, 0);
		if (valued ? !value : !key || !strchr("DoRv", key))
			return wrong(valued ? "no value behind " : "unknown: ", word);
		i += valued;
		if (value ? take_value(n, key, value) : take_flag(n, key))
			return wrong("a wrong value, or again: ", word);
	}
	if (n->repeat && !n->set_mark)
		return wrong("-R needs -m, to know what has been here", "");
	return n->text && n->delay ? wrong("-a and -d do not go together", "") : -1;
}

static int open_queue(struct nfq *n, unsigned long num)
{
	struct nfq_q_handle *q = nfq_create_queue(n->handle, num, packet_came, n);

	if (!q || nfq_set_mode(q, NFQNL_COPY_PACKET, n->range) < 0)
		return -1;
	if (n->maxlen && nfq_set_queue_maxlen(q, n->maxlen) < 0)
		return -1;
	if (!n->fail_open)
		return 0;
	return nfq_set_queue_flags(q, NFQA_CFG_F_FAIL_OPEN, NFQA_CFG_F_FAIL_OPEN);
}

static int serve(struct nfq *n)
{
	n->handle = nfq_open();
	if (!n->handle) {
		perror("nfq: nfq_open");
		return 1;
	}
	for (unsigned long num = n->first; num <= n->last; num++) {
		if (open_queue(n, num) < 0) {
			fprintf(stderr, "nfq: queue %lu: %s\n", num, strerror(errno));
			return 1;
		}
	}
	if (run(n))
		perror("nfq: read");
	printf("%lu packets: %lu passed, %lu dropped, %lu gone before\n", n->packets, n->accepted,
	       n->dropped, n->lost);
	nfq_close(n->handle);
	return 0;
}

int main(int argc, char *argv[])
{
	struct nfq *n = calloc(1, sizeof(*n));
	int status;

	if (!n)
		return 1;
	n->range = PACKET_MAX - 1;
	n->late_end = &n->late;
	status = take_options(n, argc, argv);
	if (status < 0) {
		signal(SIGINT, stop);
		signal(SIGTERM, stop);
		status = serve(n);
	}
	while (n->late) {
		struct late *l = n->late;

		n->late = l->next;
		free(l);
	}
	free(n);
	return status;
}
