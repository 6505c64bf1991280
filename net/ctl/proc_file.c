/* SPDX-License-Identifier: MIT */
/* Files of Linux's /proc that have no command. */
#include "lib/string.h"
#include "net/ctl/tool.h"
#include "net/nfnetlink_queue.h"
#include "net/platform.h"

static bool next_queue(struct net *net, u32 num, struct nfqnl_state *s)
{
	bool found;

	plat_bh_disable();
	found = nfqnl_next(net, num, s);
	plat_bh_enable();
	return found;
}

bool net_ctl_file(struct net *net, const char *path, struct ctl_out *out)
{
	struct nfqnl_state s = {.num = 0};

	if (strcmp(path, "/proc/net/netfilter/nfnetlink_queue") != 0)
		return false;
	for (u32 num = 0; num <= U16_MAX && next_queue(net, num, &s); num = s.num + 1)
		ctl_printf(out, "%5u %6u %5u %1u %5u %5u %5u %8u %2d\n", s.num, s.portid, s.total,
			   s.copy_mode, s.copy_range, s.dropped, s.user_dropped, s.id_sequence, 1);
	return true;
}
