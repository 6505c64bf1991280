/* SPDX-License-Identifier: MIT */
/* Messages of the domain name system: questions made, replies checked. Pure: no memory, no clock. RFC 1035 s4. */
#pragma once

#include "lib/types.h"

enum { DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12 };
enum { DNS_NOERROR = 0, DNS_FORMERR = 1, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3 };

#define DNS_NAME_MAX  254 /* in text, with its 0: RFC 1035 s2.3.4 */
#define DNS_QUERY_MAX 288 /* header, name, type and class */
#define DNS_ADDRS_MAX 32  /* what is told of a host with more */
#define DNS_CHAIN_MAX 16  /* CNAMEs one after the other */

struct dns_answer {
	u8 rcode;
	bool truncated; /* ask again over TCP; nothing else is filled in */
	u8 nr;
	be32 addrs[DNS_ADDRS_MAX];
	char name[DNS_NAME_MAX]; /* A: the end of the CNAMEs; PTR: the host; "": none */
};

/* A question for name (perhaps with a dot at its end). Its length, or -EINVAL: that is no name. */
int dns_make_query(u8 msg[DNS_QUERY_MAX], u16 id, const char *name, u16 type);

/*
 * Whether msg is a well-formed reply to that question, and what it says. 0; -EAGAIN: a reply to something else, wait on;
 * -EBADMSG: to this question, but not to be believed.
 */
int dns_parse_reply(const u8 *msg, size_t len, const u8 *query, int query_len,
		    struct dns_answer *out);
