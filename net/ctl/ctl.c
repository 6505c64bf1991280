/* SPDX-License-Identifier: MIT */
/* The control language's front door: the table of tools, and printing. */
#include "net/ctl.h"

#include "lib/fmt.h"
#include "lib/string.h"
#include "net/ctl/iptables_tool.h"
#include "net/ctl/tool.h"

static const struct ctl_tool {
	const char *name;
	int (*main)(struct ctl *c, int argc, char *const argv[]);
	const char *(*input)(int argc, char *const argv[]); /* NULL: none ever */
	const char *summary;
} ctl_tools[] = {
	{"ip", ip_main, ip_input, "addresses, links, routes, neighbours"},
	{"sysctl", sysctl_main, sysctl_input, "settings of the stack"},
	{"ss", ss_main, NULL, "sockets"},
	{"nstat", nstat_main, NULL, "counters: MIBs, and Drop* for each reason a packet ended"},
	{"conntrack", conntrack_main, NULL, "tracked connections"},
	{"arp", arp_main, NULL, "the ARP table, as net-tools show it"},
	{"iptables", iptables_main, NULL, "rules: what becomes of packets"},
	{"iptables-save", iptables_save_main, NULL, "all rules as text"},
	{"iptables-restore", iptables_restore_main, iptables_restore_input, "rules from text"},
	{"xtables-legacy-multi", xtables_multi_main, xtables_multi_input,
	 "iptables ... as its first word"},
	{"trace", trace_main, NULL, "the way of single packets through the stack"},
};

static const struct ctl_tool *tool_find(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(ctl_tools); i++) {
		if (!strcmp(name, ctl_tools[i].name))
			return &ctl_tools[i];
	}
	return NULL;
}

int net_ctl(struct net *net, int argc, char *const argv[], const struct ctl_in *in,
	    struct ctl_out *out, struct ctl_out *err)
{
	static const struct ctl_in nothing = {"", 0, "stdin", NULL};
	const struct ctl_tool *tool = argc > 0 ? tool_find(argv[0]) : NULL;
	struct ctl c = {.net = net, .in = in ? in : &nothing, .out = out, .err = err};

	if (!tool)
		return CTL_NOT_FOUND;
	return tool->main(&c, argc, argv);
}

const char *net_ctl_input(int argc, char *const argv[])
{
	const struct ctl_tool *tool = argc > 0 ? tool_find(argv[0]) : NULL;

	return tool && tool->input ? tool->input(argc, argv) : NULL;
}

bool net_ctl_tool(unsigned int n, const char **name, const char **summary)
{
	if (n >= ARRAY_SIZE(ctl_tools))
		return false;
	*name = ctl_tools[n].name;
	*summary = ctl_tools[n].summary;
	return true;
}

/* fmt_vprintf hands over many short runs; a writer (a frame, a serial port) likes few long ones. */
struct gather {
	struct ctl_out *out;
	size_t len;
	char buf[120];
};

static void gather_flush(struct gather *g)
{
	if (g->len)
		g->out->write(g->out, g->buf, g->len);
	g->len = 0;
}

static void gather_sink(void *arg, const char *text, size_t len)
{
	struct gather *g = arg;

	if (len > sizeof(g->buf) - g->len)
		gather_flush(g);
	if (len > sizeof(g->buf)) {
		g->out->write(g->out, text, len);
		return;
	}
	memcpy(g->buf + g->len, text, len);
	g->len += len;
}

void ctl_vprintf(struct ctl_out *out, const char *fmt, va_list ap)
{
	struct gather g = {.out = out, .len = 0};

	fmt_vprintf(gather_sink, &g, fmt, ap);
	gather_flush(&g);
}

void ctl_printf(struct ctl_out *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ctl_vprintf(out, fmt, ap);
	va_end(ap);
}
