/* SPDX-License-Identifier: MIT */
/*
 * Settings by name: net.ipv4.ip_forward, net.ipv4.conf.eth0.rp_filter ... Each is one or more integers with
 * bounds. A module registers a table of them; names and meanings are Linux's.
 */
#pragma once

#include "lib/types.h"

struct net;
struct ctl_table;

/* Called after a value has been stored; an error puts the old one back. Softirq context. */
typedef int (*sysctl_changed_fn)(struct net *net, void *base, const struct ctl_table *t, int old);

/* A setting that is a word: with count SYSCTL_TEXT, offset is that of a pointer to one of these. */
struct sysctl_text {
	int (*show)(const void *base, char *buf, size_t size); /* length */
	int (*store)(void *base, const char *text);            /* 0 or -E; NULL: read-only */
};
#define SYSCTL_TEXT 255

struct ctl_table {
	const char *name; /* last part: "ip_forward" */
	u32 offset;       /* of the first int from the table's base */
	u8 count;         /* ints; 0 means 1 */
	bool readonly;
	int min, max;
	sysctl_changed_fn changed; /* may be NULL */
};

/*
 * Adds n entries (which stay the caller's) under prefix ("net.ipv4", copied, "conf.eth0" parts may hold dots in a
 * device's name). base owns the ints. -ENOMEM, -EINVAL. Softirq or thread.
 */
int sysctl_register(struct net *net, const char *prefix, const struct ctl_table *table, u32 n,
		    void *base) __must_check;

/*
 * The same for a device: its name goes behind group ("net.ipv4.conf."). rename cannot fail; name and group are no longer
 * than 15 and 32 characters.
 */
int sysctl_register_dev(struct net *net, const char *group, const char *dev,
			const struct ctl_table *table, u32 n, void *base) __must_check;
void sysctl_rename_dev(struct net *net, const char *group, const char *dev, const void *base);

/* Removes all that was registered with base. */
void sysctl_unregister(struct net *net, const void *base);

/*
 * By name, parts separated by dots or by slashes (net/ipv4/conf/eth0.5/forwarding). Values as text, several
 * separated by tabs. read returns the length (without newline), or -ENOENT; write 0, or -ENOENT, -EINVAL (no number,
 * out of bounds, wrong count), -EPERM (read-only). Softirq, or a thread with softirqs disabled.
 */
int sysctl_read(struct net *net, const char *name, char *buf, size_t size);
int sysctl_write(struct net *net, const char *name, const char *text) __must_check;

/* All, in the order of names: fn gets the full dotted name and the value. */
void sysctl_for_each(struct net *net, void (*fn)(void *arg, const char *name, const char *value),
		     void *arg);
