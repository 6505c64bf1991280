/* SPDX-License-Identifier: MIT */
/* What the parts of `ip route` share: names of numbers, the commands. */
#pragma once

#include "net/ctl/ip_tool.h"
#include "net/route.h"

/* Table "all" is RT_TABLE_UNSPEC. False: no such word. */
bool route_parse_table(const char *s, u32 *table);
bool route_parse_protocol(const char *s, u8 *protocol);
bool route_parse_type(const char *s, u8 *type);

/* Hexadecimal, with or without 0x, as iproute2 reads it. */
bool route_parse_tos(const char *s, u8 *tos);
bool route_parse_ipproto(const char *s, u8 *proto);

/* The word, or the number in buf; "ipproto-NUMBER" in that of 16. */
const char *route_ipproto_name(u8 proto, char buf[16]);
const char *route_table_name(u32 table, char buf[12]);
const char *route_protocol_name(u8 protocol, char buf[12]);
const char *route_type_name(u8 type, char buf[12]);

int route_usage(struct ctl *c);
int route_show(struct ctl *c, struct ctl_words *w);
int route_flush(struct ctl *c, struct ctl_words *w);
int route_get(struct ctl *c, struct ctl_words *w);
int route_show_cache(struct ctl *c);

/* The line of a route that says how it differs from the table's; flags as iproute2's, each with a blank. */
void route_print_cache(struct ctl *c, const char *flags, const struct rt_exception *e,
		       const char *iif);

/* A route copied out of the FIB, with the names of its devices. */
struct route_row {
	struct fib_route route; /* hops: behind the row */
	char dev[IFNAMSIZ];     /* "": none */
	struct route_hop_row {
		struct fib_hop hop;
		char dev[IFNAMSIZ];
	} hops[];
};

/* NULL: no memory for it, which ctl_rows_free() complains of. */
struct route_row *route_copy(struct ctl_rows *rows, const struct fib_route *route);

/* What a selector has said needs not be printed. */
struct route_print_opts {
	bool hide_table, hide_dev, hide_via, hide_protocol, hide_scope, hide_src, hide_metric,
		hide_tos;
};
void route_print(struct ctl *c, const struct route_row *row, const struct route_print_opts *opts);
