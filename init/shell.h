/* SPDX-License-Identifier: MIT */
/* The console's shell. */
#pragma once

/* Starts it on the console; does nothing if there is none. Thread, once. */
void shell_start(void);
