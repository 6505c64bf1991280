/* SPDX-License-Identifier: MIT */
/*
 * The words of matches and targets: what an extension's options are called, what they take, how its
 * struct of net/xt_data.h is told from them and shown again.
 *
 * An extension is a table of options and a few functions. xt_option() does what the table says: checks,
 * reads the value, puts it into the struct; parse() does what is left.
 */
#pragma once

#include "lib/types.h"
#include "net/xt_data.h"

struct ctl_out;
struct ipt_cmd;

enum xt_opt_type {
	XTTYPE_NONE,
	XTTYPE_WORD, /* parse() reads it */
	XTTYPE_STRING,
	XTTYPE_UINT8,
	XTTYPE_UINT16,
	XTTYPE_UINT32,
	XTTYPE_UINT16RC, /* 5, 5:6, :6, 5: */
	XTTYPE_UINT32RC,
	XTTYPE_PORTRC,
	XTTYPE_MARKMASK32,
	XTTYPE_HOST,
	XTTYPE_HOSTMASK,
	XTTYPE_PROTOCOL,
	XTTYPE_SYSLOGLEVEL
};

#define XTOPT_INVERT 1 /* ! may stand before it */
#define XTOPT_MAND   2 /* must be told */
#define XTOPT_MULTI  4 /* may be told again */

struct xt_opt {
	const char *name;
	u8 id; /* Linux's, below 16: complaints go by it; aliases share it, the first is shown */
	u8 type, flags;
	u8 put;         /* 1 + offset of the value in the struct; 0: parse() puts it */
	u16 also, excl; /* BIT(id): must, must not be told with it */
	u32 min, max; /* of numbers, max 0: as many as the type holds; of strings: shortest, room */
};

#define XT_PUT(type, field) (1 + offsetof(type, field))

/* An option being told; in check(): all that was told. */
struct xt_call {
	struct ipt_cmd *cmd;
	const char *name; /* of the extension */
	const struct xt_opt *opt;
	const char *arg;
	bool invert;
	u32 told; /* BIT(id) of those before */
	void *data;
	/* the value */
	u32 val[2];
	u8 nvals;
	be32 addr, mask;
};

/* How to show. */
struct xt_print {
	struct ctl_out *out;
	bool numeric;
	u8 proto; /* of the rule */
};

struct xt_words {
	const char *name;
	bool is_target;
	u8 nr_opts;
	const struct xt_opt *opts;
	void (*init)(void *data); /* data is zeroed */
	/* 0, or the exit status of a complaint. */
	int (*parse)(struct xt_call *call);
	int (*check)(struct xt_call *call);
	void (*print)(const struct xt_print *p, const void *data);
	void (*save)(const struct xt_print *p, const void *data);
	u16 (*told_size)(const void *data); /* of data; NULL: all */
};

#define XT_OPTS(list) .opts = (list), .nr_opts = ARRAY_SIZE(list)

/* NULL: there are no words for it. */
const struct xt_words *xt_words_find(const char *name, bool is_target);

/* The n-th of those the engine has, too; "" of those it has not; NULL after the last. */
const char *xt_words_name(u32 n, bool is_target);

extern const struct xt_words xt_l4_words[], xt_conn_words[], xt_packet_words[], xt_rate_words[],
	xt_target_words[], xt_nat_words[];
extern const u8 xt_l4_words_nr, xt_conn_words_nr, xt_packet_words_nr, xt_rate_words_nr,
	xt_target_words_nr, xt_nat_words_nr;

/* What xtables_option_parse() and _fcheck() of libxtables do. 0 or the exit status of a complaint. */
int xt_option(const struct xt_words *words, struct xt_call *call);
int xt_options_check(const struct xt_words *words, struct xt_call *call);

/* Complaints in the manner of iptables; return its exit status for them, 2. */
int ipt_problem(struct ipt_cmd *cmd, const char *fmt, ...) __printf(2, 3);

/* What weir has not: refused by its name, as an option or extension that is not there. */
int ipt_unsupported(struct ipt_cmd *cmd, const char *kind, const char *name);

/* The rule's own words so far. */
u8 ipt_cmd_proto(const struct ipt_cmd *cmd);
bool ipt_cmd_proto_inverted(const struct ipt_cmd *cmd);
/* Takes one more word of the line, whatever it is but an option; NULL: there is none. */
const char *ipt_cmd_more(struct ipt_cmd *cmd);
/* What Linux tells beside the result. */
void ipt_warn(struct ipt_cmd *cmd, const char *fmt, ...) __printf(2, 3);

#define xt_say(p, ...) ctl_printf((p)->out, __VA_ARGS__)

/* "! " or nothing. */
#define XT_NOT(inverted) ((inverted) ? "! " : "")

/* strtoul, with its *end and *v; false: no number, or beyond 64 bits. Base 0: as written. */
bool xt_read_u64(const char *s, unsigned int base, const char **end, u64 *v);
bool xt_strtoul(const char *s, const char **end, u64 *v);
/* The same of all of s (end NULL) or a beginning, within bounds, and without a -. */
bool xt_strtoui(const char *s, const char **end, u32 *v, u32 min, u32 max);

/* As inet_aton reads it: 10 is 0.0.0.10. */
bool xt_aton(const char *s, be32 *addr);
/* Dotted, bytes left out are 0; with mask all four must be there. */
bool xt_dotted(const char *s, bool mask, be32 *addr);
bool xt_parse_protocol(const char *s, u8 *proto);
/* False: it has none. */
bool xt_protocol_name(u8 proto, char buf[16]);

/* Services by name; proto 0: any. -1: none. */
int xt_service_port(const char *name, u8 proto);
bool xt_parse_port(const char *s, u8 proto, u32 *port);
/* A port as it is shown. */
void xt_say_port(const struct xt_print *p, u16 port, u8 proto);
/* "%u", "%u:%u" */
void xt_say_range(const struct xt_print *p, u32 min, u32 max, char between);
/* A string as iptables-save quotes it, with a blank before. */
void xt_save_string(const struct xt_print *p, const char *s);
/* 24, or -1: no length. */
int xt_mask_len(be32 mask);
void xt_say_mark(const struct xt_print *p, u32 mark, u32 mask);
bool xt_same_word(const char *a, const char *b, size_t len); /* of len bytes, small or capital */
