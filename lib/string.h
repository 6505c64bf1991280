/* SPDX-License-Identifier: MIT */
/*
 * The memory and string functions of C that lib, net, kernel and drivers use, and no others.
 * Bare metal: lib/string.c, with general registers only, so that they run in interrupts.
 * Host: the C library's.
 */
#pragma once

#include "lib/types.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *word);

/*
 * Copies src and its 0 into dst of size bytes, cut where it must be; dst ends in 0 unless size is 0.
 * Returns the length copied, or -E2BIG if it was cut.
 */
long strscpy(char *dst, const char *src, size_t size);

#if !__STDC_HOSTED__
/* -ffreestanding forgets what these mean; so constant sizes become plain moves again. */
#define memcpy(...)  __builtin_memcpy(__VA_ARGS__)
#define memmove(...) __builtin_memmove(__VA_ARGS__)
#define memset(...)  __builtin_memset(__VA_ARGS__)
#define memcmp(...)  __builtin_memcmp(__VA_ARGS__)
#define strlen(s)    __builtin_strlen(s)
#endif
