/* SPDX-License-Identifier: MIT */
/* The last mark on the boot's time line: the first ping that was answered. */
#pragma once

struct net;

/* Watches for it, and only until then. Boot. */
void first_reply_watch(struct net *net);
