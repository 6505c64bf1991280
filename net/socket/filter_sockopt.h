/* SPDX-License-Identifier: MIT */
/* Socket options about programs of classic BPF (net/core/filter.h), but for those that are one int. socket(7). */
#pragma once

#include "net/ipv4/inet_sock.h"

/* SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF. -EINVAL, -EPERM (locked), -ENOMEM (net.core.optmem_max, too). */
int filter_setsockopt(struct sock *sk, int name, const void *val, u32 len);

/* SO_GET_FILTER: *len counts instructions, of 8 bytes each; 0 asks how many there are. */
int filter_getsockopt(const struct sock *sk, void *val, u32 *len);

int sk_detach_filter(struct sock *sk);
