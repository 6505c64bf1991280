/* SPDX-License-Identifier: MIT */
/* What system() runs command lines with: the layer above (init/) registers its command runner at boot. */
#pragma once

#include "libc/spawn.h"

/*
 * Runs one command line in the calling thread, which may be an app's; its streams are in io. Returns the exit
 * status (0..255; 127: no such command).
 */
typedef int (*command_hook)(const char *line, const struct app_stdio *io);

void set_command_hook(command_hook fn);
