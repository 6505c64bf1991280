/* SPDX-License-Identifier: MIT */
/*
 * trace: the way of single packets, function by function. weir's own; Linux has no such tool.
 *
 * One line per step: number of the packet, seconds since boot, device, length, function; behind
 * "drop:" the reason for which it ended; the addresses once the packet is known to be IPv4.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/tool.h"

#define TRACE_DEFAULT 16

static void collect_entry(void *arg, const struct trace_entry *e)
{
	struct trace_entry *row = ctl_rows_add(arg, sizeof(*e));

	if (row)
		*row = *e;
}

static void print_entry(struct ctl *c, const struct trace_entry *e)
{
	ctl_say(c, "#%-5u %5llu.%06llu %-8s %5u  %s%-26s", e->packet,
		(unsigned long long)(e->time / NSEC_PER_SEC),
		(unsigned long long)(e->time % NSEC_PER_SEC / NSEC_PER_USEC), e->dev, e->len,
		e->drop ? "drop: " : "", e->where ? e->where : e->detail);
	if (e->saddr || e->daddr)
		ctl_say(c, " %pI4 > %pI4 proto %u", &e->saddr, &e->daddr, e->proto);
	ctl_say(c, "\n");
}

static int trace_show(struct ctl *c)
{
	struct ctl_rows rows = {.count = 0};
	const struct trace_entry *e;

	ctl_enter(c);
	trace_for_each(c->net, collect_entry, &rows);
	ctl_leave(c);
	ctl_rows_for_each(e, &rows) print_entry(c, e);
	return ctl_rows_free(c, &rows);
}

static int trace_set(struct ctl *c, u32 packets)
{
	bool armed;

	ctl_enter(c);
	trace_arm(c->net, packets);
	armed = c->net->trace_budget == packets && (!packets || c->net->trace);
	ctl_leave(c);
	if (armed)
		return 0;
	ctl_complain(c, "trace: %s\n", ctl_strerror(-ENOMEM));
	return 1;
}

static int usage(struct ctl_out *out, int status)
{
	ctl_printf(out,
		   "Usage: trace [ show ]        the steps noted so far, oldest first\n"
		   "       trace on [ PACKETS ]  note the way of the next packets (default %u)\n"
		   "       trace off             stop\n"
		   "       trace clear           forget what is noted\n",
		   TRACE_DEFAULT);
	return status;
}

int trace_main(struct ctl *c, int argc, char *const argv[])
{
	struct ctl_words w = {.left = argc - 1, .at = argv + 1};
	u32 packets = TRACE_DEFAULT;

	if (!ctl_word(&w))
		return trace_show(c);
	if (ctl_take(&w, "on")) {
		const char *word = ctl_word(&w);

		if (word && (!ctl_parse_u32(word, &packets) || !packets))
			return ctl_invarg(c, word, "not a number of packets");
		if (w.left > 1)
			return ctl_garbage(c, "on", w.at[1]);
		return trace_set(c, packets);
	}
	if (w.left > 1)
		return ctl_garbage(c, w.at[0], w.at[1]);
	if (ctl_take(&w, "show"))
		return trace_show(c);
	if (ctl_take(&w, "off"))
		return trace_set(c, 0);
	if (ctl_take(&w, "clear")) {
		ctl_enter(c);
		trace_clear(c->net);
		ctl_leave(c);
		return 0;
	}
	if (ctl_take(&w, "help") || ctl_take(&w, "--help"))
		return usage(c->out, 0);
	ctl_complain(c, "Command \"%s\" is unknown, try \"trace help\".\n", ctl_word(&w));
	return 255;
}
