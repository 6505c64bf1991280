/* SPDX-License-Identifier: MIT */
/*
 * The first thread: configures the machine as the boot says, then keeps console and control
 * channel.
 */
#pragma once

struct net;

/*
 * Starts it. settle() is called when the NICs are configured and the first packets had their turn: it does what need
 * not come before them. Boot, once, when the drivers have registered their devices.
 */
void init_start(struct net *net, void (*settle)(void));
