/* SPDX-License-Identifier: MIT */
/* The segmentation of host devices. */
#pragma once

#include "host/frame_port.h"

/* Cuts an Ethernet frame of an IPv4 packet with TCP into segments of mss bytes, sums and all; emit takes each over. */
void host_tso_cut(const u8 *frame, u32 len, u32 mss, bool fixed_id,
		  void (*emit)(void *arg, struct frame *f), void *arg);
