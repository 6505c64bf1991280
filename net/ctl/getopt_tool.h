/* SPDX-License-Identifier: MIT */
/* Options in the manner of getopt_long(3), for the tools that have them. */
#pragma once

#include "net/ctl/tool.h"

/* CTL_ARG_LONG: optional in the long form, none in the short one. */
enum ctl_opt_arg { CTL_ARG_NONE, CTL_ARG_REQUIRED, CTL_ARG_OPTIONAL, CTL_ARG_LONG };

#define CTL_OPT_OURS 2 /* Linux's tool has it not, and shortens its own without it */

struct ctl_opt {
	int key; /* the letter; 0 ends the list */
	const char *name;
	enum ctl_opt_arg arg;
	u8 long_only; /* true: key is no letter of a short option; CTL_OPT_OURS: and name cannot be shortened */
};

struct ctl_getopt {
	const char *tool;
	const struct ctl_opt *opts;
	int argc;
	char *const *argv;
	int next; /* starts at 1 */
	const char *cluster;
	bool operands_only;
	const char *value; /* of the option or operand just returned; NULL: none */
};

/* What ctl_getopt() returns beside keys. ERROR: complained already. */
enum { CTL_OPT_END = -1, CTL_OPT_ERROR = -2, CTL_OPT_OPERAND = -3 };

/* c NULL: in silence. */
int ctl_getopt(struct ctl *c, struct ctl_getopt *g);
