/* SPDX-License-Identifier: MIT */
/* The ChaCha20 block function (RFC 8439 s2.3). */
#pragma once

#include "lib/types.h"

/* 64 bytes of key stream from the state's 16 words; the block counter is state[12]. */
void chacha20_block(const u32 state[16], u8 out[64]);
