/* SPDX-License-Identifier: MIT */
/*
 * What the tools share: their context, complaints in the words of the Linux tools, text collected while softirqs
 * are off, numbers and addresses as iproute2 reads them.
 *
 * A tool parses all of its words first, then takes effect in one stretch with softirqs disabled, then prints.
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
	bool oneline, brief, human;
	unsigned int stats;
};

int ip_main(struct ctl *c, int argc, char *const argv[]);
int sysctl_main(struct ctl *c, int argc, char *const argv[]);
int ss_main(struct ctl *c, int argc, char *const argv[]);
int nstat_main(struct ctl *c, int argc, char *const argv[]);
int arp_main(struct ctl *c, int argc, char *const argv[]);
int trace_main(struct ctl *c, int argc, char *const argv[]);

bool ip_wants_input(int argc, char *const argv[]);
bool sysctl_wants_input(int argc, char *const argv[]);

#define ctl_say(c, ...)      ctl_printf((c)->out, __VA_ARGS__)
#define ctl_complain(c, ...) ctl_printf((c)->err, __VA_ARGS__)

/* glibc's text for -err, as the Linux tools print it. */
const char *ctl_strerror(int err);

/*
 * Text that is collected (softirqs off) and printed later. Pieces of memory from the platform; when there is none, the
 * text ends early, and ctl_text_print says so and returns -ENOMEM.
 */
struct ctl_text {
	struct ctl_out out; /* print to this */
	struct ctl_text_piece *first, *last;
	bool cut;
};

void ctl_text_init(struct ctl_text *text);
/* Prints all and frees it. Softirqs enabled. 0 or -ENOMEM. */
int ctl_text_print(struct ctl *c, struct ctl_text *text);

/* Is word an abbreviation of full? iproute2's matches(): any beginning that is not empty. */
bool ctl_abbrev(const char *word, const char *full);

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
