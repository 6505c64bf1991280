/* SPDX-License-Identifier: MIT */
/* Monotonic and wall clock from the TSC, calibrated against the PIT. Any context. */
#pragma once

#include "lib/types.h"

/* Measures the TSC (a millisecond). entry_cycles: the TSC at the kernel's entry. Boot, after mm. */
void clock_init(u64 entry_cycles);
/* Sets the wall clock (0: from the RTC) and begins to refine the measurement. Boot, after ktimer. */
void clock_start(u64 wall_seconds);

/* The TSC's frequency as known now; the time at which it showed cycles. */
u64 clock_cycles_hz(void);
u64 clock_from_cycles(u64 cycles);

/* Nanoseconds since the kernel's entry; never goes back, also when the calibration is refined. */
u64 clock_ns(void);

/* UTC, nanoseconds since 1970; 0-based at boot if no clock told the time. */
u64 clock_wall_ns(void);
void clock_set_wall(u64 ns);

/* Waits by spinning; for devices, at boot, and never more than a few microseconds. */
void udelay(u32 us);

/* One more mark on the boot's time line: "what", now. At most 32. */
void boot_mark(const char *what);
/* Prints the line, once. Later marks (first packet answered) are printed by themselves. */
void boot_timeline_print(void);
