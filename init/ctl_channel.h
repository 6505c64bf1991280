/* SPDX-License-Identifier: MIT */
/*
 * The guest's end of the control channel: serves build/weirctl over a second serial port or a
 * virtio console.
 */
#pragma once

/* Starts it on the first of the channel's devices that exists. Thread, once. */
void ctl_channel_start(void);
