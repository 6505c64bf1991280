/* SPDX-License-Identifier: MIT */
/* What pvh.S hands to pvh_info.c. */
#pragma once

#include "lib/types.h"

struct hvm_start_info;

extern u64 pvh_entry_tsc;

/* Called on the boot stack with the early page tables; never returns. */
void pvh_main(const struct hvm_start_info *start) __noreturn;
