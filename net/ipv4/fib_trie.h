/* SPDX-License-Identifier: MIT */
/*
 * A table from IPv4 prefixes to pointers, for longest-prefix match. Keys in host order. No dependency on
 * routes: tests drive it against a naive table.
 */
#pragma once

#include "lib/types.h"

#define FIB_STRIDE 6U

struct fib_node;

struct fib_trie {
	struct fib_node *root;
	void *dflt; /* of the prefix of length 0 */
	u32 count;
};

/* The value of exactly key/len, NULL if none. */
void *fib_trie_get(const struct fib_trie *t, u32 key, unsigned int len);

/* Sets it (value not NULL). 0 or -ENOMEM: nothing changed. */
int fib_trie_set(struct fib_trie *t, u32 key, unsigned int len, void *value) __must_check;

/* Removes it, if it is there. Needs no memory. */
void fib_trie_remove(struct fib_trie *t, u32 key, unsigned int len);

/* The value of the longest prefix that covers key, NULL if none. What packets ask. */
void *fib_trie_match(const struct fib_trie *t, u32 key);

/* The value of the longest prefix of at most max_len bits that covers key; *len tells its length. NULL: none. */
void *fib_trie_lookup(const struct fib_trie *t, u32 key, unsigned int max_len, unsigned int *len);

/* Calls fn for all values, by key, of equal keys the longer first. fn must not change the trie. */
void fib_trie_walk(const struct fib_trie *t, void (*fn)(void *arg, void *value), void *arg);
