/* SPDX-License-Identifier: MIT */
/* Options in the manner of getopt_long(3), for the tools that have them. */
#pragma once

#include "net/ctl/tool.h"

enum ctl_opt_arg { CTL_ARG_NONE, CTL_ARG_REQUIRED, CTL_ARG_OPTIONAL };

struct ctl_opt {
	int key; /* the letter; 0 ends the list */
	const char *name;
	enum ctl_opt_arg arg;
	bool long_only; /* key is no letter of a short option */
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
