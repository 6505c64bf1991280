/* SPDX-License-Identifier: MIT */
/* Messages of the resolver (libc/dns_message.h): questions, and what a server, or somebody else, may reply. RFC 1035. */
#include <string.h>

#include "lib/errno.h"
#include "libc/dns_message.h"
#include "tests/unit/harness.h"

#define ID 0x1234

/* Literal bytes with their length. */
#define BYTES(s) (s), sizeof(s) - 1

struct message {
	u8 data[1024];
	size_t len;
};

static void add(struct message *m, const char *bytes, size_t len)
{
	cr_assert_leq(m->len + len, sizeof(m->data));
	memcpy(m->data + m->len, bytes, len);
	m->len += len;
}

/* A reply to "www.ex.org A?" with so many answers, which follow. */
static void begin(struct message *m, u8 flags, u8 rcode, u8 answers)
{
	const char head[] = {ID >> 8,
			     ID & 255,
			     (char)(0x80 | flags),
			     (char)(0x80 | rcode),
			     0,
			     1,
			     0,
			     (char)answers,
			     0,
			     0,
			     0,
			     0};

	m->len = 0;
	add(m, head, sizeof(head));
	add(m, BYTES("\3WwW\2ex\3org\0\0\1\0\1"));
}

#define TTL    "\0\0\0\74"
#define A(ip)  "\0\1\0\1" TTL "\0\4" ip
#define ASKED  "\xc0\x0c"
#define EX_ORG "\xc0\x10"

static int parse(const struct message *m, struct dns_answer *out)
{
	u8 query[DNS_QUERY_MAX];
	int len = dns_make_query(query, ID, "www.ex.org", DNS_A);

	cr_assert_gt(len, 0);
	return dns_parse_reply(m->data, m->len, query, len, out);
}

Test(dns, names_of_questions)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{"a", true},     {"a.b.", true}, {".", true},   {"", true},
		{"a..b", false}, {".a", false},  {"..", false},
	};
	u8 query[DNS_QUERY_MAX];
	char longest[300];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(dns_make_query(query, ID, rows[i].name, DNS_A) > 0, rows[i].good,
			     "\"%s\"", rows[i].name);
	memset(longest, 'a', sizeof(longest));
	longest[63] = longest[127] = longest[191] = '.';
	longest[253] = 0;
	cr_expect_eq(dns_make_query(query, ID, longest, DNS_A), 12 + 255 + 4);
	longest[253] = 'a';
	longest[254] = 0;
	cr_expect_eq(dns_make_query(query, ID, longest, DNS_A), -EINVAL);
	longest[64] = 0;
	longest[63] = 'a';
	cr_expect_eq(dns_make_query(query, ID, longest, DNS_A), -EINVAL, "label of 64");
}

/* What is told, and what is not believed. */
static const struct {
	const char *what;
	u8 answers;
	const char *bytes;
	size_t len;
	int result, nr;
	const char *name;
} replies[] = {
	{"two addresses", 2, BYTES(ASKED A("\12\0\0\1") ASKED A("\12\0\0\2")), 0, 2, "www.ex.org"},
	{"another's address", 1, BYTES("\1x\0" A("\12\0\0\1")), 0, 0, ""},
	{"class CHAOS", 1, BYTES(ASKED "\0\1\0\3" TTL "\0\4\12\0\0\1"), 0, 0, ""},
	{"a CNAME", 2, BYTES(ASKED "\0\5\0\1" TTL "\0\4\1b" EX_ORG "\1B" EX_ORG A("\12\0\0\1")), 0,
	 1, "b.ex.org"},
	{"its target before it", 2,
	 BYTES("\1b" EX_ORG A("\12\0\0\1") ASKED "\0\5\0\1" TTL "\0\4\1b" EX_ORG), 0, 1,
	 "b.ex.org"},
	{"a CNAME to nowhere", 1, BYTES(ASKED "\0\5\0\1" TTL "\0\4\1b" EX_ORG), 0, 0, ""},
	{"a CNAME to itself", 1, BYTES(ASKED "\0\5\0\1" TTL "\0\2" ASKED), -EBADMSG, 0, NULL},
	{"a circle", 2, BYTES(ASKED "\0\5\0\1" TTL "\0\3\1b\0\1b\0\0\5\0\1" TTL "\0\2" ASKED),
	 -EBADMSG, 0, NULL},
	{"an address of three bytes", 1, BYTES(ASKED "\0\1\0\1" TTL "\0\3\12\0\0"), -EBADMSG, 0,
	 NULL},
	{"a name that points to itself", 1, BYTES("\xc0\x1c" A("\12\0\0\1")), -EBADMSG, 0, NULL},
	{"a name that points ahead", 1, BYTES("\xc0\x30" A("\12\0\0\1")), -EBADMSG, 0, NULL},
	{"a label of 64", 1, BYTES("\x40" A("\12\0\0\1")), -EBADMSG, 0, NULL},
	{"a name without end", 1, BYTES("\3ab"), -EBADMSG, 0, NULL},
	{"data beyond the end", 1, BYTES(ASKED "\0\1\0\1" TTL "\0\5\12\0\0\1"), -EBADMSG, 0, NULL},
	{"fewer answers than said", 2, BYTES(ASKED A("\12\0\0\1")), -EBADMSG, 0, NULL},
	{"an escape sequence for a name", 2,
	 BYTES(ASKED "\0\5\0\1" TTL "\0\6\4\33[2J\0\4\33[2J\0" A("\12\0\0\1")), -EBADMSG, 0, NULL},
	{"a CNAME with bytes behind it", 1, BYTES(ASKED "\0\5\0\1" TTL "\0\4\1b\0x"), -EBADMSG, 0,
	 NULL},
};

Test(dns, replies)
{
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		struct dns_answer out;
		struct message m;
		int ret;

		begin(&m, 0, 0, replies[i].answers);
		add(&m, replies[i].bytes, replies[i].len);
		ret = parse(&m, &out);
		cr_expect_eq(ret, replies[i].result, "%s: %d", replies[i].what, ret);
		if (ret)
			continue;
		cr_expect_eq(out.nr, replies[i].nr, "%s: %u addresses", replies[i].what, out.nr);
		cr_expect_str_eq(out.name, replies[i].name, "%s", replies[i].what);
	}
}

/* Bytes of a good reply changed: not to our question. */
Test(dns, replies_to_something_else)
{
	static const struct {
		const char *what;
		u8 at, value;
	} rows[] = {
		{"number", 1, 0x35},   {"a question", 2, 0},    {"a notify", 2, 0xa0},
		{"name", 13, 'x'},     {"type AAAA", 25, 28},   {"class", 27, 3},
		{"no question", 5, 0}, {"two questions", 5, 2},
	};
	struct dns_answer out;
	struct message m;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(&m, 0, 0, 1);
		add(&m, BYTES(ASKED A("\12\0\0\1")));
		cr_assert_eq(parse(&m, &out), 0);
		m.data[rows[i].at] = rows[i].value;
		cr_expect_eq(parse(&m, &out), -EAGAIN, "%s", rows[i].what);
	}
	for (size_t len = 0; len < 28; len++) {
		begin(&m, 0, 0, 0);
		m.len = len;
		cr_expect_eq(parse(&m, &out), -EAGAIN, "%zu bytes", len);
	}
}

Test(dns, codes_and_truncation)
{
	struct dns_answer out;
	struct message m;

	begin(&m, 0, DNS_NXDOMAIN, 0);
	cr_assert_eq(parse(&m, &out), 0);
	cr_assert_eq(out.rcode, DNS_NXDOMAIN);
	begin(&m, 2, 0, 1);
	cr_assert_eq(parse(&m, &out), 0);
	cr_assert(out.truncated && !out.nr);
	begin(&m, 0, DNS_FORMERR, 0);
	m.data[5] = 0;
	m.len = 12; /* it could not read the question */
	cr_assert_eq(parse(&m, &out), 0);
	cr_assert_eq(out.rcode, DNS_FORMERR);
}

Test(dns, more_addresses_than_anybody_needs)
{
	struct dns_answer out;
	struct message m;

	begin(&m, 0, 0, 60);
	for (int i = 0; i < 60; i++)
		add(&m, BYTES(ASKED A("\12\0\0\1")));
	cr_assert_eq(parse(&m, &out), 0);
	cr_assert_eq(out.nr, DNS_ADDRS_MAX);
}

Test(dns, names_of_addresses)
{
	u8 query[DNS_QUERY_MAX];
	int len = dns_make_query(query, ID, "1.0.0.10.in-addr.arpa", DNS_PTR);
	struct dns_answer out;
	struct message m = {.len = 0};

	add(&m, (const char *)query, len);
	m.data[2] |= 0x80;
	m.data[7] = 1;
	add(&m, BYTES(ASKED "\0\14\0\1" TTL "\0\7\3Gw1\1a\0"));
	cr_assert_eq(dns_parse_reply(m.data, m.len, query, len, &out), 0);
	cr_assert_str_eq(out.name, "gw1.a");
}
