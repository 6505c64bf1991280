/* SPDX-License-Identifier: MIT */
/* lib/fmt.c against snprintf, and its extensions. */
#include <stdio.h>
#include <string.h>

#include "lib/fmt.h"
#include "tests/unit/harness.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"

static const u64 numbers[] = {0,          1,         7,          8,         9,        10,
			      99,         127,       128,        255,       256,      32767,
			      32768,      65535,     65536,      INT32_MAX, 1U << 31, U32_MAX,
			      1ULL << 32, INT64_MAX, 1ULL << 63, U64_MAX,   -7ULL};

/* "%", flags, width, precision, length: as printf(3) has them. */
static void random_spec(char *fmt, const char *conversion, const char *const *lengths,
			u32 nr_lengths)
{
	char *p = fmt;

	*p++ = '%';
	for (u32 n = rnd_below(3); n; n--)
		*p++ = "-0+ #"[rnd_below(5)];
	if (rnd_below(2))
		p += sprintf(p, "%u", 1 + rnd_below(30));
	if (rnd_below(2))
		p += sprintf(p, ".%u", rnd_below(25));
	p += sprintf(p, "%s", lengths[rnd_below(nr_lengths)]);
	*p++ = conversion[rnd_below(strlen(conversion))];
	*p = 0;
}

static void expect_same(const char *fmt, u64 arg)
{
	char ours[128], theirs[128];
	size_t n = scnprintf(ours, sizeof(ours), fmt, arg);

	snprintf(theirs, sizeof(theirs), fmt, arg);
	cr_assert_str_eq(ours, theirs, "%s of %llx: '%s', not '%s'", fmt, (unsigned long long)arg,
			 ours, theirs);
	cr_assert_eq(n, strlen(theirs));
}

WEIR_TEST(fmt, integers_as_snprintf)
{
	static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "j", "t"};
	char fmt[32];

	for (int i = 0; i < 20000; i++) {
		u64 v = rnd_below(4) ? numbers[rnd_below(ARRAY_SIZE(numbers))]
				     : rnd() >> rnd_below(64);

		random_spec(fmt, "diuxXo", lengths, ARRAY_SIZE(lengths));
		expect_same(fmt, v);
	}
}

WEIR_TEST(fmt, text_as_snprintf)
{
	static const char *const none[] = {""};
	static const char *const words[] = {"", "x", "eth0", "a longer piece of text"};
	char fmt[32];

	for (int i = 0; i < 2000; i++) {
		random_spec(fmt, "s", none, 1);
		/* Flags other than - mean nothing for text. */
		for (char *p = fmt; *p; p++) {
			if (strchr("0+ #", *p) && p[-1] == '%')
				*p = '-';
		}
		expect_same(fmt, (uintptr_t)words[rnd_below(ARRAY_SIZE(words))]);
	}
	expect_same("%c|", 'x');
	expect_same("%5c|", 'x');
	expect_same("%-5c|", 'x');
	expect_same("100%% of %d", 3);
	expect_same("%p", 0x1234abcd);
	expect_same("%20p|", 0x1234abcd);
	expect_same("%-20p|", 0x1234abcd);
}

static const char *fmt(const char *format, ...)
{
	static char buf[100];
	va_list ap;

	va_start(ap, format);
	vscnprintf(buf, sizeof(buf), format, ap);
	va_end(ap);
	return buf;
}

WEIR_TEST(fmt, width_and_precision_as_arguments)
{
	cr_assert_str_eq(fmt("%*d|%-*d|%*d|", 5, 1, 5, 2, -5, 3), "    1|2    |3    |");
	cr_assert_str_eq(fmt("%.*s|%.*s|%.*d|", 2, "abc", -1, "abc", 3, 7), "ab|abc|007|");
}

WEIR_TEST(fmt, addresses)
{
	be32 ip = IP4(192, 0, 2, 1), all = U32_MAX, none = 0;
	const u8 mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0xff};

	cr_assert_str_eq(fmt("%pI4 %pI4 %pI4", &ip, &all, &none),
			 "192.0.2.1 255.255.255.255 0.0.0.0");
	cr_assert_str_eq(fmt("%12pI4|%-12pI4|", &ip, &ip), "   192.0.2.1|192.0.2.1   |");
	cr_assert_str_eq(fmt("%pM|", mac), "52:54:00:12:34:ff|");
	cr_assert_str_eq(fmt("%pI4 %pM", NULL, NULL), "(null) (null)");
}

WEIR_TEST(fmt, what_is_not_there)
{
	cr_assert_str_eq(fmt("%s|%3s", NULL, NULL), "(null)|(null)");
	cr_assert_str_eq(fmt("a %y %d", 1), "a %y %d", "an unknown conversion stays as it is");
	cr_assert_str_eq(fmt("100%"), "100%");
}

WEIR_TEST(fmt, never_writes_past_the_end)
{
	char buf[8];

	for (size_t size = 0; size <= sizeof(buf); size++) {
		size_t n;

		memset(buf, '#', sizeof(buf));
		n = scnprintf(buf, size, "%s%d", "abcd", 123456);
		cr_assert_eq(n, size ? size - 1 : 0);
		for (size_t i = 0; i < sizeof(buf); i++)
			cr_assert_eq(buf[i], i < n ? "abcd123456"[i] : i == n && size ? 0 : '#');
	}
}

static void count_calls(void *arg, const char *text, size_t len)
{
	(void)text;
	cr_assert_gt(len, 0);
	++*(int *)arg;
}

static size_t to_counter(int *calls, const char *format, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, format);
	n = fmt_vprintf(count_calls, calls, format, ap);
	va_end(ap);
	return n;
}

WEIR_TEST(fmt, sink_gets_runs_not_bytes)
{
	int calls = 0;

	cr_assert_eq(to_counter(&calls, "one run of literal text, then %d and the rest", 12345),
		     strlen("one run of literal text, then 12345 and the rest"));
	cr_assert_leq(calls, 3);
}
