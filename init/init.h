/* SPDX-License-Identifier: MIT */
/*
 * The first thread: configures the machine as the boot says, then keeps console and control
 * channel.
 */
#pragma once

struct net;

/* Starts it. Boot, once, when the drivers have registered their devices. */
void init_start(struct net *net);
