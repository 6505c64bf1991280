/* SPDX-License-Identifier: MIT */
/* IPv4 addresses to text and back: arpa/inet.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libc/process.h"

const char *inet_ntop(int family, const void *addr, char *buf, socklen_t size)
{
	const unsigned char *b = addr;
	char text[INET_ADDRSTRLEN];
	int len;

	if (family != AF_INET) {
		errno = EAFNOSUPPORT;
		return NULL;
	}
	len = snprintf(text, sizeof(text), "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	if ((socklen_t)len >= size) {
		errno = ENOSPC;
		return NULL;
	}
	return memcpy(buf, text, len + 1);
}

/* Exactly four decimal numbers without needless zeroes. */
int inet_pton(int family, const char *text, void *addr)
{
	unsigned char out[4];
	int i;

	if (family != AF_INET) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	for (i = 0; i < 4; i++) {
		const char *start = text;
		unsigned int v = 0;

		while (*text >= '0' && *text <= '9' && text - start < 3)
			v = v * 10 + (*text++ - '0');
		if (text == start || v > 255 || (*start == '0' && text - start > 1))
			return 0;
		if (*text++ != (i < 3 ? '.' : '\0'))
			return 0;
		out[i] = v;
	}
	memcpy(addr, out, sizeof(out));
	return 1;
}

/* A number in C's notation: decimal, 0 octal, 0x hexadecimal. NULL: none, or too large. */
static const char *parse_number(const char *s, uint32_t *out)
{
	unsigned int base = 10, digit;
	uint64_t v = 0;
	const char *start;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0') {
		base = 8;
	}
	for (start = s;; s++) {
		if (*s >= '0' && *s <= '9')
			digit = *s - '0';
		else if ((*s | 32) >= 'a' && (*s | 32) <= 'f')
			digit = (*s | 32) - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		v = v * base + digit;
		if (v > UINT32_MAX)
			return NULL;
	}
	*out = v;
	return s == start ? NULL : s;
}

/* One to four numbers; the last fills the bytes that are left. */
int inet_aton(const char *text, struct in_addr *addr)
{
	uint32_t part[4], v = 0;
	int n = 0, i;

	for (;;) {
		text = parse_number(text, &part[n++]);
		if (!text)
			return 0;
		if (*text != '.' || n == 4)
			break;
		text++;
	}
	if (*text && *text != ' ' && *text != '\n' && *text != '\t')
		return 0;
	for (i = 0; i < n - 1; i++) {
		if (part[i] > 255)
			return 0;
		v |= part[i] << (24 - 8 * i);
	}
	if (n > 1 && part[n - 1] >> (8 * (5 - n)))
		return 0;
	if (addr)
		addr->s_addr = htonl(v | part[n - 1]);
	return 1;
}

in_addr_t inet_addr(const char *text)
{
	struct in_addr addr;

	return inet_aton(text, &addr) ? addr.s_addr : INADDR_NONE;
}

char *inet_ntoa(struct in_addr addr)
{
	char *buf = current_process()->ntoa;

	inet_ntop(AF_INET, &addr, buf, INET_ADDRSTRLEN);
	return buf;
}
