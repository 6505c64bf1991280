/* SPDX-License-Identifier: MIT */
/* PC serial ports: ttyS0 (COM1) and ttyS1 (COM2) as character devices. Boot, thread. */
#pragma once

#include "lib/types.h"

/* Looks for both ports and makes them known; the one named console (ttyS0 when NULL) becomes the console. */
void uart_init(const char *console);

/* Takes input from now on; after the interrupt controllers. */
void uart_start_input(void);
