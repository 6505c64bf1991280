/* SPDX-License-Identifier: MIT */
/*
 * What the tools share: their context, complaints in the words of the Linux tools, text collected
 * while softirqs are off, numbers and addresses as iproute2 reads them.
 *
 * A tool parses all of its words first, then takes effect in one stretch with softirqs disabled,
 * then prints.
 */
#pragma once

#include "lib/types.h"
#include "net/ctl.h"

struct net;
struct net_device;

struct ctl {
	struct net *net;
	const struct ctl_in *in;
	struct ctl_out *out, *err;
	/* ip's options */
	bool oneline, brief, inet_only, details;
	unsigned int stats;
	int status; /* of the complaint that ended parsing */
};

int ip_main(struct ctl *c, int argc, char *const argv[]);
int sysctl_main(struct ctl *c, int argc, char *const argv[]);
int ss_main(struct ctl *c, int argc, char *const argv[]);
int nstat_main(struct ctl *c, int argc, char *const argv[]);
int conntrack_main(struct ctl *c, int argc, char *const argv[]);
int arp_main(struct ctl *c, int argc, char *const argv[]);
int trace_main(struct ctl *c, int argc, char *const argv[]);

/* The file this command reads, as written; "-": standard input; NULL: none. */
const char *ip_input(int argc, char *const argv[]);
const char *sysctl_input(int argc, char *const argv[]);

#define ctl_say(c, ...)      ctl_printf((c)->out, __VA_ARGS__)
#define ctl_complain(c, ...) ctl_printf((c)->err, __VA_ARGS__)

/* glibc's text for -err, as the Linux tools print it. */
const char *ctl_strerror(int err);

/*
 * Rows copied out of the stack (softirqs off), printed later. Zeroed is empty. When there is no
 * memory for a row, it and all later ones are left out, and ctl_rows_free() complains.
 */
struct ctl_rows {
	struct ctl_rows_piece *first, *last;
	u32 count;
	bool cut;
};

struct ctl_rows_pos {
	struct ctl_rows_piece *piece;
	size_t offset;
};

/* Room for one row of len bytes (at most 3,900), 8-byte aligned; NULL: no memory. */
void *ctl_rows_add(struct ctl_rows *rows, size_t len);
/* The rows in the order they were added; NULL after the last. pos starts zeroed. */
void *ctl_rows_next(const struct ctl_rows *rows, struct ctl_rows_pos *pos);
/* The exit status: 0, or 2 when rows were left out. Softirqs enabled. */
int ctl_rows_free(struct ctl *c, struct ctl_rows *rows);

#define ctl_rows_for_each(row, rows) \
	for (struct ctl_rows_pos pos_ = {NULL, 0}; (row = ctl_rows_next((rows), &pos_));)

/*
 * The words of a command, from left to right. Complaints of ctl_value() and ctl_*_arg() are
 * iproute2's; they are false after one, with the exit status in c->status.
 */
struct ctl_words {
	int left;
	char *const *at;
};

static inline const char *ctl_word(const struct ctl_words *w)
{
	return w->left > 0 ? *w->at : NULL;
}

static inline void ctl_next(struct ctl_words *w)
{
	w->left--;
	w->at++;
}

/* The next word is key, or (abbrev) a beginning of it: takes it. */
bool ctl_take(struct ctl_words *w, const char *key);
bool ctl_take_abbrev(struct ctl_words *w, const char *key);

/* Takes the value of a keyword that has been taken. NULL: there is none, complained. */
const char *ctl_value(struct ctl *c, struct ctl_words *w);

/* Complain; return c->status, which becomes 255 (invarg, garbage) or 1. */
int ctl_invarg(struct ctl *c, const char *arg, const char *what);
int ctl_garbage(struct ctl *c, const char *key, const char *arg);
int ctl_expected(struct ctl *c, const char *what, const char *arg);
int ctl_nodev(struct ctl *c, const char *name);
/* "RTNETLINK answers: ..." of -err; 2. */
int ctl_rtnetlink(struct ctl *c, int err);
/* "Error: ..." as the kernel's extended acknowledgements; 2. */
int ctl_kernel_error(struct ctl *c, const char *text);

/* Is word an abbreviation of full? iproute2's matches(): any beginning that is not empty. */
bool ctl_abbrev(const char *word, const char *full);

/* fnmatch(3) without flags: * ? [a-z] [!a-z]. */
bool ctl_glob(const char *pattern, const char *s);

/* C's notation, as strtoul with base 0. False: not a number, or above max. */
bool ctl_parse_u64(const char *s, u64 max, u64 *v);
bool ctl_parse_u32(const char *s, u32 *v);

/* 1 to 4 bytes with dots; bytes left out are 0. */
bool ctl_parse_addr(const char *s, be32 *addr);

struct ctl_prefix {
	be32 addr;
	u8 len;
	bool has_len; /* a length was written; else len is 32 (0 for "default", "any", "all") */
};
bool ctl_parse_prefix(const char *s, struct ctl_prefix *p);

be32 ctl_mask(unsigned int len);

/* Bytes in hexadecimal between colons; how many there were (at most max), or -EINVAL. */
int ctl_parse_lladdr(const char *s, u8 *addr, int max);

/* A visit to the stack: softirqs off, and the kicks due given at its end. */
void ctl_enter(struct ctl *c);
void ctl_leave(struct ctl *c);

/*
 * The name of a route scope, protocol, table ...: the word of iproute2's files, or the number in
 * buf.
 */
const char *ctl_scope_name(u8 scope, char buf[12]);
bool ctl_parse_scope(const char *s, u8 *scope);
