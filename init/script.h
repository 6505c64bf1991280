/* SPDX-License-Identifier: MIT */
/*
 * Scripts: a command line per line of text. A line that fails does not stop those behind it; each
 * complaint is preceded by its place, "rc:3: " or "rc=\"...\": column 14: ".
 */
#pragma once

#include "init/job.h"
#include "libc/spawn.h"

/*
 * Runs text; name is for the places. Returns the status of the last line that failed, 0 if none
 * did.
 */
int script_run(const char *name, const char *text, size_t len, struct app_stdio *io,
	       struct job *job);

/*
 * The same at boot: output goes to the console, complaints into the kernel's log. Places are lines,
 * or (single) columns of one line. Adds the apps it started to *apps.
 */
int script_boot(const char *name, const char *text, size_t len, bool single, unsigned int *apps);
