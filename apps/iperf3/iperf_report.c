/* SPDX-License-Identifier: MIT */
/* What people read, in iperf3's words and columns. */
#include <stdio.h>
#include <string.h>

#include "apps/iperf3/iperf_test.h"

/* v with a unit of three digits or so, steps of `step`. */
static const char *scaled(char *out, size_t cap, double v, double step, const char *unit)
{
	static const char prefixes[] = " KMGT";
	int i = 0;

	while (v >= step && i < 4) {
		v /= step;
		i++;
	}
	snprintf(out, cap,
		 v < 9.995   ? "%4.2f %c%s"
		 : v < 99.95 ? "%4.1f %c%s"
			     : "%4.0f %c%s",
		 v, prefixes[i], unit);
	return out;
}

static void print_line(const char *id, double from, double to, uint64_t bytes)
{
	char moved[32], rate[32];

	printf("[%3s] %6.2f-%-6.2f sec  %s  %s", id, from, to,
	       scaled(moved, sizeof(moved), bytes, 1024, "Bytes"),
	       scaled(rate, sizeof(rate), to > from ? bytes * 8 / (to - from) : 0, 1000,
		      "bits/sec"));
}

static const char *name_of(char out[8], const struct iperf_stream *s)
{
	snprintf(out, 8, "%d", s->fd);
	return out;
}

static void print_datagrams(double jitter, uint64_t errors, uint64_t packets)
{
	printf("  %.3f ms  %llu/%llu (%.2g%%)", jitter * 1000, (unsigned long long)errors,
	       (unsigned long long)packets, packets ? 100.0 * errors / packets : 0);
}

void iperf_print_header(const struct iperf_test *t)
{
	const char *more = "";

	if (t->p.udp)
		more = t->sender ? "         Total Datagrams"
				 : "         Jitter    Lost/Total Datagrams";
	printf("[ ID] Interval           Transfer     Bitrate%s\n", more);
	fflush(stdout);
}

void iperf_print_interval(struct iperf_test *t, double from, double to)
{
	uint64_t sum = 0;
	unsigned int i;
	char id[8];

	for (i = 0; i < t->nr_streams; i++) {
		struct iperf_stream *s = &t->stream[i];
		uint64_t packets = s->packets - s->seen_packets;

		print_line(name_of(id, s), from, to, s->bytes - s->seen);
		if (t->p.udp && t->sender)
			printf("  %llu", (unsigned long long)packets);
		else if (t->p.udp)
			print_datagrams(s->jitter,
					s->errors > s->seen_errors ? s->errors - s->seen_errors : 0,
					packets);
		printf("\n");
		sum += s->bytes - s->seen;
		s->seen = s->bytes;
		s->seen_packets = s->packets;
		s->seen_errors = s->errors;
	}
	if (t->nr_streams > 1) {
		print_line("SUM", from, to, sum);
		printf("\n");
	}
	fflush(stdout);
}

/* One line for what was sent, one for what has arrived. */
static void print_both(const struct iperf_test *t, const char *id, const struct iperf_result *ours,
		       const struct iperf_result *theirs)
{
	const struct iperf_result *sent = t->sender ? ours : theirs,
				  *got = t->sender ? theirs : ours;
	double seconds = t->ended - t->started;

	print_line(id, 0, seconds, sent->bytes);
	if (t->p.udp)
		print_datagrams(0, 0, sent->packets);
	printf("  sender\n");
	print_line(id, 0, seconds, got->bytes);
	if (t->p.udp)
		print_datagrams(got->jitter, got->errors, got->packets);
	printf("  receiver\n");
}

static void add(struct iperf_result *sum, const struct iperf_result *r, unsigned int streams)
{
	sum->bytes += r->bytes;
	sum->packets += r->packets;
	sum->errors += r->errors;
	sum->jitter += r->jitter / streams;
}

void iperf_print_summary(const struct iperf_test *t)
{
	struct iperf_result ours = {0}, theirs = {0};
	unsigned int i;
	char id[8];

	printf("- - - - - - - - - - - - - - - - - - - - - - - - -\n"
	       "[ ID] Interval           Transfer     Bitrate%s\n",
	       t->p.udp ? "         Jitter    Lost/Total Datagrams" : "");
	for (i = 0; i < t->nr_streams; i++) {
		const struct iperf_stream *s = &t->stream[i];
		struct iperf_result one = {s->bytes, s->packets, s->errors, s->jitter};

		print_both(t, name_of(id, s), &one, &t->peer[i]);
		add(&ours, &one, t->nr_streams);
		add(&theirs, &t->peer[i], t->nr_streams);
	}
	if (t->nr_streams > 1)
		print_both(t, "SUM", &ours, &theirs);
	printf("\n");
	fflush(stdout);
}
