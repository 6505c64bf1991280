/* SPDX-License-Identifier: MIT */
/* The local APIC for its neighbours: brought up early, its timer measured beside the TSC. */
#pragma once

#include "lib/types.h"

/* Maps and enables it, everything masked. Boot, after mm. */
void lapic_init(void);

/* The timer as a free-running counter: started from 0, ticks since. Wraps after 2^32. */
void lapic_timer_start_counting(void);
u32 lapic_timer_counted(void);
void lapic_timer_stop(void);

/* timing.c: the timer's frequency, measured together with the TSC's. */
u64 lapic_timer_hz(void);
