/* SPDX-License-Identifier: MIT */
/* conntrack(8): what it is asked, and connections as lines. */
#pragma once

#include "net/ctl/tool.h"
#include "net/nf_conntrack.h"

/* How connections are printed: -o. */
enum { CT_SHOW_EXTENDED = 1, CT_SHOW_ID = 2, CT_SHOW_SAVE = 4, CT_SHOW_KTIMESTAMP = 8 };

/* A connection as it was. */
struct ct_row {
	struct nf_conn ct;
	u32 expires, id, use;
	bool acct;
	u64 began; /* ns of plat_wall(), 0: not known */
	u64 age;   /* s */
};

void conntrack_show_row(struct ctl *c, const struct ct_row *row, u32 how);

/* "tcp"; NULL: none that conntrack(8) knows. */
const char *conntrack_proto_name(u8 protonum);
