/* SPDX-License-Identifier: MIT */
/*
 * nstat: counters, by default what they grew since the last look.
 *
 * The names are those of Linux's /proc/net/snmp and netstat; behind them comes Drop* for each
 * reason a packet may end for (net/dropreason.h), then DropRule:HOOK:TABLE:CHAIN:NUMBER and DropPolicy:HOOK:TABLE for
 * what rules have dropped. The last look is kept per stack.
 *
 * Source: nstat(8) of iproute2 6.1, and its behaviour.
 */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ctl_net.h"
#include "net/ctl/getopt_tool.h"
#include "net/x_tables.h"

#define ICMPMSG_FIRST SNMP_MIB_NR
#define ICMPMSG_NR    512 /* in and out, by type */
#define NSTAT_NR      (SNMP_MIB_NR + ICMPMSG_NR + SKB_DROP_REASON_NR)

struct nstat_history {
	u64 value[NSTAT_NR];
};

struct nstat_run {
	bool zeros, reset, no_output, absolute, no_update;
	int argc;
	char *const *argv; /* patterns */
	struct nstat_history *history;
};

struct nstat_row {
	u64 value;
	char name[80]; /* "DropRule:POSTROUTING:security:CHAIN:12345" */
};

static const struct ctl_opt nstat_opts[] = {
	{'h', "help", CTL_ARG_NONE, false},    {'?', NULL, CTL_ARG_NONE, false},
	{'a', "ignore", CTL_ARG_NONE, false},  {'n', "nooutput", CTL_ARG_NONE, false},
	{'r', "reset", CTL_ARG_NONE, false},   {'s', "noupdate", CTL_ARG_NONE, false},
	{'V', "version", CTL_ARG_NONE, false}, {'z', "zeros", CTL_ARG_NONE, false},
	{0, NULL, CTL_ARG_NONE, false},
};

static struct ctl_getopt options(int argc, char *const argv[])
{
	return (struct ctl_getopt){
		.tool = "nstat", .opts = nstat_opts, .argc = argc, .argv = argv, .next = 1};
}

static int usage(struct ctl *c)
{
	ctl_complain(c, "Usage: nstat [OPTION] [ PATTERN [ PATTERN ] ]\n"
			"   -h, --help          this message\n"
			"   -a, --ignore        ignore history\n"
			"   -n, --nooutput      do history only\n"
			"   -r, --reset         reset history\n"
			"   -s, --noupdate      don't update history\n"
			"   -V, --version       output version information\n"
			"   -z, --zeros         show entries with zero activity\n");
	return 255;
}

/* True if name fits one of the patterns, or there are none. */
static bool name_fits(const struct nstat_run *run, const char *name)
{
	struct ctl_getopt g = options(run->argc, run->argv);
	bool any = false;
	int key;

	while ((key = ctl_getopt(NULL, &g)) != CTL_OPT_END) {
		if (key != CTL_OPT_OPERAND)
			continue;
		if (ctl_glob(g.value, name))
			return true;
		any = true;
	}
	return !any;
}

/* One counter, softirqs off: a row if it is to be shown; the history moves on. */
static void look_at(struct nstat_run *run, struct ctl_rows *rows, u64 *told, const char *name,
		    u64 value)
{
	u64 before, shown;
	struct nstat_row *row;

	if (run->reset) /* of all, whichever are to be shown */
		*told = 0;
	before = run->absolute ? 0 : *told;
	shown = value >= before ? value - before : value;
	if (!name_fits(run, name))
		return;
	if (!run->no_update)
		*told = value;
	if (run->no_output || (!shown && !run->zeros))
		return;
	row = ctl_rows_add(rows, sizeof(*row));
	if (!row)
		return;
	row->value = shown;
	(void)strscpy(row->name, name, sizeof(row->name));
}

/* What goes with rules: they have no number that stays, so the history is theirs. */
struct drop_rows {
	struct nstat_run *run;
	struct ctl_rows *rows;
};

static void look_at_drop(void *arg, u32 table, const char *chain, u32 rule, struct ipt_drops *drops)
{
	struct drop_rows *d = arg;
	char name[sizeof(((struct nstat_row *)NULL)->name)];

	for (u32 hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
		if (!drops->packets[hook])
			continue;
		if (rule)
			scnprintf(name, sizeof(name), "DropRule:%s:%s:%s:%u", xt_chain_name(hook),
				  xt_table_name(table), chain, rule);
		else
			scnprintf(name, sizeof(name), "DropPolicy:%s:%s", xt_chain_name(hook),
				  xt_table_name(table));
		look_at(d->run, d->rows, &drops->told[hook], name, drops->packets[hook]);
	}
}

static void look_at_range(struct ctl *c, struct nstat_run *run, struct ctl_rows *rows,
			  unsigned int from, unsigned int to)
{
	const char *name;
	u64 value;

	for (unsigned int n = from; n < to && snmp_nth(c->net, n, &name, &value); n++) {
		/* As in /proc, a type of ICMP message that never came has no line. */
		if (value || n < ICMPMSG_FIRST || n >= ICMPMSG_FIRST + ICMPMSG_NR)
			look_at(run, rows, &run->history->value[n], name, value);
	}
}

/* Linux's order has the message types between ICMP's counters and UDP's. */
static void look(struct ctl *c, struct nstat_run *run, struct ctl_rows *rows)
{
	look_at_range(c, run, rows, 0, UDP_MIB_INDATAGRAMS);
	look_at_range(c, run, rows, ICMPMSG_FIRST, ICMPMSG_FIRST + ICMPMSG_NR);
	look_at_range(c, run, rows, UDP_MIB_INDATAGRAMS, SNMP_MIB_NR);
	look_at_range(c, run, rows, ICMPMSG_FIRST + ICMPMSG_NR, NSTAT_NR);
	ipt_for_each_drop(c->net, look_at_drop, &(struct drop_rows){run, rows});
}

/* -1, or the exit status that ends nstat here. */
static int take_options(struct ctl *c, struct nstat_run *run)
{
	struct ctl_getopt g = options(run->argc, run->argv);
	int key;

	while ((key = ctl_getopt(c, &g)) != CTL_OPT_END) {
		switch (key) {
		case CTL_OPT_OPERAND:
			break;
		case 'a':
			run->absolute = true;
			break;
		case 'n':
			run->no_output = true;
			break;
		case 'r':
			run->reset = true;
			break;
		case 's':
			run->no_update = true;
			break;
		case 'z':
			run->zeros = true;
			break;
		case 'V':
			ctl_say(c, "nstat utility, weir\n");
			return 0;
		default:
			return usage(c);
		}
	}
	return -1;
}

int nstat_main(struct ctl *c, int argc, char *const argv[])
{
	struct nstat_run run = {.argc = argc, .argv = argv};
	struct ctl_rows rows = {.count = 0};
	const struct nstat_row *row;
	int status = take_options(c, &run);

	if (status >= 0)
		return status;
	ctl_enter(c);
	if (!c->net->nstat) {
		c->net->nstat = plat_alloc(sizeof(*c->net->nstat));
		if (c->net->nstat)
			memset(c->net->nstat, 0, sizeof(*c->net->nstat));
	}
	run.history = c->net->nstat;
	if (run.history)
		look(c, &run, &rows);
	ctl_leave(c);
	if (!run.history) {
		ctl_complain(c, "nstat: %s\n", ctl_strerror(-ENOMEM));
		return 1;
	}
	if (!run.no_output)
		ctl_say(c, "#kernel\n");
	ctl_rows_for_each(row, &rows)
		ctl_say(c, "%-31s %-16llu%6s\n", row->name, (unsigned long long)row->value, "0.0");
	return ctl_rows_free(c, &rows);
}

static int nstat_init(struct net *net)
{
	net->nstat = NULL;
	return 0;
}

static void nstat_exit(struct net *net)
{
	plat_free(net->nstat);
	net->nstat = NULL;
}

const struct pernet_operations ctl_net_ops = {"ctl", nstat_init, nstat_exit};
