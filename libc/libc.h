/* SPDX-License-Identifier: MIT */
/* What the boot tells the C library. */
#pragma once

struct net;

/* Programs' sockets are made in net. Before the first app starts. */
void libc_init(struct net *net);

/* The same again. */
struct net *libc_net(void);

/* ioctl() of a socket about an interface (struct ifreq). -ENODEV, -EADDRNOTAVAIL; -ENOTTY: no such request. */
int if_ioctl(unsigned long request, void *arg);
