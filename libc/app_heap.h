/* SPDX-License-Identifier: MIT */
/* The heap of an app: malloc() and its kin. */
#pragma once

#include "libc/process.h"

/* Frees all that p has not freed itself. */
void heap_release(struct process *p);
