/* SPDX-License-Identifier: MIT */
/*
 * selftest=NAME on the command line: the image for tests (tests/selftest) does one wicked thing to itself instead of
 * its work; the product says that it has no selftests and fails.
 *
 * A deadly one must end in a panic that names the cause; a surviving one returns true, is reported as
 * "selftest NAME: ok" and ends the machine with success. Whatever else happens is a failure.
 */
#pragma once

#include "lib/types.h"

struct selftest {
	const char *name;
	const char *what;  /* one line for selftest=list */
	bool (*run)(void); /* thread, everything up but init */
	bool deadly;
};

/* Makes a selftest known from any file: SELFTEST("lying-device", "...", fn, false). */
#define SELFTEST(name_, what_, run_, deadly_)                                         \
	static const struct selftest selftest_##run_ = {name_, what_, run_, deadly_}; \
	static const struct selftest *const selftest_at_##run_                        \
		__attribute__((section(".selftests"), used)) = &selftest_##run_

/* Starts the one that the command line asks for. False: it asks for none. Boot. */
bool selftest_start(void);
