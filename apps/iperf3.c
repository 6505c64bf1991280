/* SPDX-License-Identifier: MIT */
/*
 * iperf3: measures what a path carries, together with an iperf3 of version 3.x on the other side, which may be the real one.
 * apps/iperf3/ has its parts; iperf_test.h shows the conversation.
 */
#include <stdio.h>
#include <string.h>

#include "apps/iperf3/iperf_json.h"
#include "apps/iperf3/iperf_test.h"

struct options {
	const char *host;
	int server, once;
	unsigned int port;
	double interval;
	struct iperf_params p;
};

static int usage(void)
{
	fprintf(stderr, "usage: iperf3 -s [-1] [-p PORT] [-i SECONDS]\n"
			"       iperf3 -c HOST [-uRN] [-p PORT] [-P STREAMS] [-t SECONDS | -n "
			"BYTES] [-b RATE] [-l LENGTH] "
			"[-i SECONDS]\n"
			"  -s, -c  server, client             -1  one test, then end\n"
			"  -u  UDP                            -R  reverse: the server sends\n"
			"  -N  no delay (Nagle)               -P  streams at once (1)\n"
			"  -t  how long (10)                  -n  how much\n"
			"  -b  bit/s of each stream (UDP: 1M; 0: as fast as it goes)\n"
			"  -l  bytes of a block               -i  between reports (1; 0: none)\n"
			"  BYTES, RATE, LENGTH: K, M and G behind them multiply\n");
	return 1;
}

/* A number with its K, M or G, by powers of `step`; at most max. False: it is none. */
static int scaled(const char *text, double step, double max, double *out)
{
	static const char units[] = "KMGkmg";
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;
	int i;

	if (!json_decimal(text, unit ? len - 1 : len, out) || *out < 0)
		return 0;
	for (i = 0; unit && i <= (unit - units) % 3; i++)
		*out *= step;
	return *out <= max;
}

static int whole(const char *text, unsigned int max, unsigned int *out)
{
	double v;

	if (!scaled(text, 1024, max, &v) || v < 1)
		return 0;
	*out = v;
	return *out == v;
}

static int set_flag(struct options *o, char c)
{
	switch (c) {
	case 's':
		return o->server = 1;
	case '1':
		return o->once = 1;
	case 'u':
		return o->p.udp = 1;
	case 'R':
		return o->p.reverse = 1;
	case 'N':
		return o->p.no_delay = 1;
	default:
		return 0;
	}
}

static int set_value(struct options *o, char c, const char *value)
{
	double v = 0;

	switch (c) {
	case 'c':
		o->host = value;
		return *value != '\0';
	case 'p':
		return whole(value, 65535, &o->port);
	case 'P':
		return whole(value, IPERF_STREAMS_MAX, &o->p.streams);
	case 't':
		return whole(value, 86400, &o->p.seconds);
	case 'l':
		return whole(value, IPERF_LEN_MAX, &o->p.len);
	case 'n':
		o->p.bytes = scaled(value, 1024, 1e15, &v) ? (uint64_t)v : 0;
		return o->p.bytes != 0;
	case 'b':
		return scaled(value, 1000, 1e12, &o->p.rate);
	default:
		return scaled(value, 1, 3600, &o->interval);
	}
}

/* False: not understood. */
static int parse(struct options *o, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *p = argv[i];

		if (*p++ != '-' || !*p)
			return 0;
		while (*p && !strchr("cpPtlnbi", *p))
			if (!set_flag(o, *p++))
				return 0;
		if (!*p)
			continue;
		if (!p[1] && i + 1 == argc)
			return 0;
		if (!set_value(o, *p, p[1] ? p + 1 : argv[++i]))
			return 0;
	}
	return 1;
}

/* What goes together. */
static int is_sensible(const struct options *o)
{
	const struct iperf_params *p = &o->p;

	if (o->server)
		return !o->host && !p->udp && !p->reverse && !p->no_delay && !p->streams &&
		       !p->seconds && !p->bytes && !p->len && p->rate < 0;
	if (!o->host || o->once || (p->seconds && p->bytes) || (p->udp && p->no_delay))
		return 0;
	return !p->udp || !p->len || (p->len >= 16 && p->len <= IPERF_UDP_LEN_MAX);
}

int main(int argc, char **argv)
{
	struct options o = {.port = IPERF_PORT, .interval = 1, .p = {.rate = -1}};

	if (!parse(&o, argc, argv) || !is_sensible(&o))
		return usage();
	if (o.server)
		return iperf_serve(o.port, o.once, o.interval) ? 1 : 0;
	if (!o.p.streams)
		o.p.streams = 1;
	if (!o.p.seconds && !o.p.bytes)
		o.p.seconds = 10;
	if (o.p.rate < 0)
		o.p.rate = o.p.udp ? 1e6 : 0;
	return iperf_call(o.host, o.port, &o.p, o.interval) ? 1 : 0;
}
