/* SPDX-License-Identifier: MIT */
/* lib/string.c (compiled under the names bare_*) against the C library. */
#include <string.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "tests/unit/harness.h"

void *bare_memcpy(void *dst, const void *src, size_t n);
void *bare_memmove(void *dst, const void *src, size_t n);
void *bare_memset(void *dst, int c, size_t n);
int bare_memcmp(const void *a, const void *b, size_t n);
void *bare_memchr(const void *s, int c, size_t n);
size_t bare_strlen(const char *s);
size_t bare_strnlen(const char *s, size_t max);
int bare_strcmp(const char *a, const char *b);
int bare_strncmp(const char *a, const char *b, size_t n);
char *bare_strchr(const char *s, int c);
char *bare_strrchr(const char *s, int c);
char *bare_strstr(const char *s, const char *word);

#define ARENA 8192

static u8 ours[ARENA], theirs[ARENA];

static void fill(void)
{
	plat_random(ours, ARENA);
	memcpy(theirs, ours, ARENA);
}

static void expect_same(const char *what, size_t n, size_t dst, size_t src)
{
	cr_assert_eq(memcmp(ours, theirs, ARENA), 0, "%s n %zu dst %zu src %zu", what, n, dst, src);
}

/* Every length to 300 at every alignment of 8, then a few long ones: bytes outside must stay. */
WEIR_TEST(string, memcpy_every_length_and_alignment)
{
	fill();
	for (size_t n = 0; n < 2100; n += n < 300 ? 1 : 97) {
		for (size_t a = 0; a < 64; a++) {
			size_t dst = 64 + a % 8, src = 4096 + a / 8;

			cr_assert_eq(bare_memcpy(ours + dst, ours + src, n), ours + dst);
			memcpy(theirs + dst, theirs + src, n);
			expect_same("memcpy", n, dst, src);
			src = rnd_below(2048), ours[4096 + src] ^= 0x55, theirs[4096 + src] ^= 0x55;
		}
	}
}

WEIR_TEST(string, memmove_overlaps_both_ways)
{
	fill();
	for (size_t n = 0; n < 1600; n += n < 200 ? 1 : 101) {
		for (int shift = -70; shift <= 70; shift++) {
			cr_assert_eq(bare_memmove(ours + 512 + shift, ours + 512, n),
				     ours + 512 + shift);
			memmove(theirs + 512 + shift, theirs + 512, n);
			expect_same("memmove", n, 512 + shift, 512);
		}
	}
}

WEIR_TEST(string, memset_every_length)
{
	fill();
	for (size_t n = 0; n < 2100; n += n < 300 ? 1 : 97) {
		for (size_t a = 0; a < 8; a++) {
			cr_assert_eq(bare_memset(ours + a, n, n), ours + a);
			memset(theirs + a, n, n);
			expect_same("memset", n, a, 0);
		}
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

WEIR_TEST(string, memcmp_orders_bytes_as_unsigned)
{
	u8 a[80], b[80];

	for (int i = 0; i < 20000; i++) {
		size_t n = rnd_below(sizeof(a)), at = rnd_below(4);

		memset(a, rnd_below(3), sizeof(a));
		memcpy(b, a, sizeof(b));
		b[rnd_below(sizeof(b))] = rnd();
		cr_assert_eq(sign(bare_memcmp(a + at, b + at, n - min(n, at))),
			     sign(memcmp(a + at, b + at, n - min(n, at))));
	}
}

/* Short strings of few letters, so that every outcome is frequent. */
static void random_word(char *s, size_t max)
{
	size_t n = rnd_below(max);

	for (size_t i = 0; i < n; i++)
		s[i] = "ab\xff"[rnd_below(3)];
	s[n] = 0;
}

WEIR_TEST(string, words_as_the_c_library)
{
	char s[24], t[24];

	for (int i = 0; i < 50000; i++) {
		size_t n = rnd_below(sizeof(s));
		int c = rnd_below(8) ? "ab\xff"[rnd_below(3)] : 0;

		random_word(s, sizeof(s));
		random_word(t, rnd_below(3) ? 4 : sizeof(t));
		cr_assert_eq(bare_strlen(s), strlen(s));
		cr_assert_eq(bare_strnlen(s, n), strnlen(s, n));
		cr_assert_eq(sign(bare_strcmp(s, t)), sign(strcmp(s, t)));
		cr_assert_eq(sign(bare_strncmp(s, t, n)), sign(strncmp(s, t, n)));
		cr_assert_eq(bare_strchr(s, c), strchr(s, c));
		cr_assert_eq(bare_strrchr(s, c), strrchr(s, c));
		cr_assert_eq(bare_strstr(s, t), strstr(s, t));
		cr_assert_eq(bare_memchr(s, c, strlen(s) + 1), memchr(s, c, strlen(s) + 1));
	}
}

WEIR_TEST(string, strscpy_says_when_it_cuts)
{
	char buf[4] = "xyz";

	cr_assert_eq(strscpy(buf, "", 4), 0);
	cr_assert_str_eq(buf, "");
	cr_assert_eq(strscpy(buf, "abc", 4), 3);
	cr_assert_str_eq(buf, "abc");
	cr_assert_eq(strscpy(buf, "abcd", 4), -E2BIG);
	cr_assert_str_eq(buf, "abc");
	cr_assert_eq(strscpy(buf, "zz", 1), -E2BIG);
	cr_assert_str_eq(buf, "");
	buf[0] = 'q';
	cr_assert_eq(strscpy(buf, "zz", 0), -E2BIG);
	cr_assert_eq(buf[0], 'q');
}
