/* SPDX-License-Identifier: MIT */
/* Replies of name servers. The first byte of the input chooses the question; the rest is what a server sent. */
#include <stdlib.h>
#include <string.h>

#include "lib/errno.h"
#include "libc/dns_message.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void require(bool cond)
{
	if (!cond)
		abort();
}

static void check_answer(const struct dns_answer *a, u16 type)
{
	size_t len = strnlen(a->name, sizeof(a->name));

	require(len < sizeof(a->name));
	require(a->nr <= DNS_ADDRS_MAX);
	if (type == DNS_A && a->nr)
		require(len > 0);
	while (len--)
		require(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", a->name[len]));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct {
		const char *name;
		u16 type;
	} questions[] = {
		{"www.example.org", DNS_A}, {"1.2.0.192.in-addr.arpa", DNS_PTR}, {"a", DNS_A}};
	struct dns_answer answer;
	u8 query[DNS_QUERY_MAX], *msg;
	int len, q;

	if (!size)
		return 0;
	q = *data++ % ARRAY_SIZE(questions);
	len = dns_make_query(query, 0x1234, questions[q].name, questions[q].type);
	msg = malloc(size); /* of its own, so that ASan sees where it ends */
	memcpy(msg, data, --size);
	if (!dns_parse_reply(msg, size, query, len, &answer))
		check_answer(&answer, questions[q].type);
	free(msg);
	return 0;
}
