/* SPDX-License-Identifier: MIT */
/*
 * weir-fault: a bad cable between two Linux taps, in real time: what host/port_fault.c does to frames between stacks, done
 * to those of real machines.
 *
 * 	weir-fault [-s SEED] [-l LOSS] [-d DUPLICATE] [-r REORDER] [-c CE] [-t DELAY] TAP TAP
 *
 * Rates are parts of a million, the delay is in ms. Prints "ready" once both taps are there; on end of input what it did.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/frame_port.h"
#include "net/platform.h"

#define TICK (20 * NSEC_PER_MSEC) /* how soon the end of input is noticed */

static void over(void *arg, struct frame *f)
{
	port_send(arg, f);
}

static struct port *tap(const char *name)
{
	struct port *port = port_tap(name);

	if (!port) {
		fprintf(stderr, "weir-fault: %s: %s\n", name, strerror(errno));
		exit(1);
	}
	return port;
}

static int options(int argc, char **argv, struct fault_config *f)
{
	int opt;

	while ((opt = getopt(argc, argv, "s:l:d:r:c:t:")) != -1) {
		unsigned long v = optarg ? strtoul(optarg, NULL, 10) : 0;

		switch (opt) {
		case 's':
			f->seed = v;
			break;
		case 'l':
			f->loss = v;
			break;
		case 'd':
			f->duplicate = v;
			break;
		case 'r':
			f->reorder = v;
			break;
		case 'c':
			f->ce = v;
			break;
		case 't':
			f->delay = v * NSEC_PER_MSEC;
			break;
		default:
			return -1;
		}
	}
	return argc - optind == 2 ? 0 : -1;
}

static bool input_ended(void)
{
	struct pollfd in = {.fd = 0, .events = POLLIN};
	char byte;

	return poll(&in, 1, 0) > 0 && read(0, &byte, 1) <= 0;
}

int main(int argc, char **argv)
{
	struct fault_config config = {.seed = 1};
	const struct fault_stats *stats;
	struct port *a, *b;

	if (options(argc, argv, &config)) {
		fprintf(stderr,
			"weir-fault [-s SEED] [-l LOSS] [-d DUPLICATE] [-r REORDER] [-c CE] "
			"[-t DELAY] TAP TAP\n");
		return 2;
	}
	host_init(config.seed);
	host_real_clock();
	a = port_fault(tap(argv[optind]), &config);
	b = tap(argv[optind + 1]);
	a->deliver = b->deliver = over;
	a->deliver_arg = b;
	b->deliver_arg = a;
	puts("ready");
	fflush(stdout);
	while (!input_ended())
		host_advance(TICK);
	stats = port_fault_stats(a);
	printf("frames %lu lost %lu duplicated %lu reordered %lu marked %lu\n",
	       (unsigned long)stats->frames, (unsigned long)stats->lost,
	       (unsigned long)stats->duplicated, (unsigned long)stats->reordered,
	       (unsigned long)stats->marked);
	port_close(a);
	port_close(b);
	return 0;
}
