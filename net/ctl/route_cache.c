/* SPDX-License-Identifier: MIT */
/* ip route show cache: what has been learnt of single destinations (net/route.h, struct rt_exception). */
#include "lib/string.h"
#include "net/ctl/route_tool.h"

struct cache_row {
	struct rt_exception e; /* dev is not to be followed: it may be gone */
	char dev[IFNAMSIZ];
};

void route_print_cache(struct ctl *c, const char *flags, const struct rt_exception *e,
		       const char *iif)
{
	ctl_say(c, "%s    cache %s%s", ip_newline(c), flags, e->redirected ? "<redirected> " : "");
	if (e->expires)
		ctl_say(c, "expires %usec ", e->expires);
	if (e->mtu)
		ctl_say(c, "mtu %s%u ", e->mtu_locked ? "lock " : "", e->mtu);
	if (e->hoplimit)
		ctl_say(c, "hoplimit %u ", e->hoplimit);
	if (iif)
		ctl_say(c, "iif %s ", iif);
	ctl_say(c, "\n");
}

static void collect_exception(void *arg, const struct rt_exception *e)
{
	struct cache_row *row = ctl_rows_add(arg, sizeof(*row));

	if (!row)
		return;
	row->e = *e;
	memcpy(row->dev, e->dev->name, sizeof(row->dev));
}

int route_show_cache(struct ctl *c)
{
	const struct cache_row *row;
	struct ctl_rows rows = {.count = 0};

	ctl_enter(c);
	rt_for_each_exception(c->net, collect_exception, &rows);
	ctl_leave(c);
	ctl_rows_for_each(row, &rows)
	{
		ctl_say(c, "%pI4 ", &row->e.dst);
		if (row->e.gateway)
			ctl_say(c, "via %pI4 ", &row->e.gateway);
		ctl_say(c, "dev %s ", row->dev);
		route_print_cache(c, "", &row->e, NULL);
	}
	return ctl_rows_free(c, &rows);
}
