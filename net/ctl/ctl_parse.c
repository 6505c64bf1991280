/* SPDX-License-Identifier: MIT */
/* Words into numbers and addresses, by iproute2's rules. */
#include "lib/byteorder.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/tool.h"

bool ctl_abbrev(const char *word, const char *full)
{
	size_t len = strlen(word);

	return len && !strncmp(word, full, len);
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/*
 * strtoul with base 0: 0x for 16, 0 for 8. Returns where the number ends; s itself if there is
 * none.
 */
static const char *scan_number(const char *s, u64 max, u64 *v, bool *over)
{
	int base = 10;

	*v = 0;
	*over = false;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_of(s[2]) < 16) {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	for (; digit_of(*s) < base; s++) {
		u64 digit = digit_of(*s);

		if (*v > (max - min(max, digit)) / base)
			*over = true;
		*v = *v * base + digit;
	}
	*over |= *v > max;
	return s;
}

bool ctl_parse_u64(const char *s, u64 max, u64 *v)
{
	bool over;
	const char *end = scan_number(s, max, v, &over);

	return end != s && !*end && !over;
}

bool ctl_parse_u32(const char *s, u32 *v)
{
	u64 wide;

	if (!ctl_parse_u64(s, U32_MAX, &wide))
		return false;
	*v = wide;
	return true;
}

/* Up to and without end, which is '\0' or '/'. */
static const char *scan_addr(const char *s, be32 *addr)
{
	u32 host = 0;

	for (int i = 0; i < 4; i++) {
		bool over;
		u64 byte;
		const char *end = scan_number(s, 255, &byte, &over);

		if (end == s || over)
			return NULL;
		host |= (u32)byte << (24 - 8 * i);
		*addr = cpu_to_be32(host);
		if (*end != '.')
			return end;
		s = end + 1;
	}
	return NULL;
}

bool ctl_parse_addr(const char *s, be32 *addr)
{
	const char *end = scan_addr(s, addr);

	return end && !*end;
}

be32 ctl_mask(unsigned int len)
{
	return cpu_to_be32(len ? ~0U << (32 - len) : 0);
}

/* A length, or a mask in dots. */
static bool parse_masklen(const char *s, u8 *len)
{
	be32 mask;
	u64 v;

	if (ctl_parse_u64(s, 32, &v)) {
		*len = v;
		return true;
	}
	if (!strchr(s, '.') || !ctl_parse_addr(s, &mask))
		return false;
	*len = mask ? 32 - __builtin_ctz(be32_to_cpu(mask)) : 0;
	return mask == ctl_mask(*len);
}

bool ctl_parse_prefix(const char *s, struct ctl_prefix *p)
{
	const char *end;

	if (!strcmp(s, "default") || !strcmp(s, "any") || !strcmp(s, "all")) {
		*p = (struct ctl_prefix){.addr = 0, .len = 0, .has_len = false};
		return true;
	}
	end = scan_addr(s, &p->addr);
	if (!end || (*end && *end != '/'))
		return false;
	p->len = 32;
	p->has_len = *end == '/';
	return !p->has_len || parse_masklen(end + 1, &p->len);
}

int ctl_parse_lladdr(const char *s, u8 *addr, int max)
{
	int n = 0;

	for (;; s++) {
		unsigned int byte = digit_of(*s);

		if (byte > 15 || n == max)
			return -EINVAL;
		if (digit_of(*++s) <= 15)
			byte = byte << 4 | digit_of(*s++);
		addr[n++] = byte;
		if (!*s)
			return n;
		if (*s != ':')
			return -EINVAL;
	}
}

/* What follows '[': does c fit? *end is behind the ']'; NULL if there is none. */
static bool glob_class(const char *p, char c, const char **end)
{
	bool invert = *p == '!' || *p == '^', fits = false;
	const char *start = p += invert;

	for (; *p && (*p != ']' || p == start); p++) {
		char low = *p, high = low;

		if (p[1] == '-' && p[2] && p[2] != ']') {
			high = p[2];
			p += 2;
		}
		fits |= low <= c && c <= high;
	}
	*end = *p ? p + 1 : NULL;
	return fits != invert;
}

bool ctl_glob(const char *pattern, const char *s)
{
	/*
	 * Behind the last '*', and where in s its match may end: only the last needs to be tried
	 * again.
	 */
	const char *star = NULL, *retry = NULL, *end;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
			continue;
		}
		if (!*s && !*pattern)
			return true;
		if (*s && *pattern == '[' && glob_class(pattern + 1, *s, &end) && end) {
			pattern = end;
			s++;
			continue;
		}
		if (*s && (*pattern == *s || *pattern == '?') && *pattern != '[') {
			pattern++;
			s++;
			continue;
		}
		if (!star || !*retry)
			return false;
		pattern = star;
		s = ++retry;
	}
}
