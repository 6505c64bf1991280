/* SPDX-License-Identifier: MIT */
/* For programs that check things, on Linux and in weir: counts, and a line for each check that fails. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct tally {
	const char *self;
	int checks, failed;
};

#define CHECK(t, cond)                                                                         \
	do {                                                                                   \
		(t)->checks++;                                                                 \
		if (!(cond)) {                                                                 \
			(t)->failed++;                                                         \
			printf("%s: line %d: %s (errno %d: %s)\n", (t)->self, __LINE__, #cond, \
			       errno, strerror(errno));                                        \
		}                                                                              \
	} while (0)

/* The call must fail with this error. */
#define CHECK_ERR(t, call, error)                           \
	do {                                                \
		errno = 0;                                  \
		CHECK(t, (call) == -1 && errno == (error)); \
	} while (0)

/* The last line, and the exit status. */
static inline int tally_end(const struct tally *t)
{
	printf("%s: %d checks, %d failed\n", t->self, t->checks, t->failed);
	return t->failed ? 1 : 0;
}
