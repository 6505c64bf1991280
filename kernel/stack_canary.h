/* SPDX-License-Identifier: MIT */
/* The stack protector: -mstack-protector-guard=global reads __stack_chk_guard. */
#pragma once

#include "lib/types.h"

extern unsigned long __stack_chk_guard;

/* Gives it a value nobody knows. Not itself protected, and called once by a function that never returns. */
void stack_canary_init(void) __attribute__((no_stack_protector));

void __stack_chk_fail(void) __noreturn;
