/* SPDX-License-Identifier: MIT */
/* The ways out: power off, reset, and an exit status for whoever started the machine. Any context; none returns. */
#pragma once

#include "lib/types.h"

/*
 * What the guest tells the host. QEMU's isa-debug-exit turns v into (v << 1) | 1, so that success is 33 and
 * cannot be mistaken for a reset or a power-off (both 0).
 */
#define EXIT_SUCCESS_STATUS 0x10
#define EXIT_PANIC_STATUS   0x11
#define EXIT_FAILURE_STATUS 0x12

/* Looks up what ACPI knows about off and reset. Boot, after acpi_init(). */
void power_init(void);

/* Tells status to QEMU's isa-debug-exit; where there is none, halts. */
void exit_status(int status) __noreturn;

/* Ends the machine in good order: exit_status(EXIT_SUCCESS_STATUS), else ACPI's S5, else halts. */
void power_off(void) __noreturn;
void power_reset(void) __noreturn;
