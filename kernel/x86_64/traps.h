/* SPDX-License-Identifier: MIT */
/* What entry_stubs.S calls for exceptions. */
#pragma once

struct trap_frame;

void trap_handler(const struct trap_frame *frame) __attribute__((noreturn));
