/* SPDX-License-Identifier: MIT */
/* Integer names, and the few macros that every file of weir uses. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* Values in network byte order. lib/byteorder.h converts. */
typedef u16 be16;
typedef u32 be32;
typedef u64 be64;

#define U8_MAX  ((u8)~0U)
#define U16_MAX ((u16)~0U)
#define U32_MAX ((u32)~0U)
#define U64_MAX (~0ULL)
#define S64_MAX ((s64)(U64_MAX >> 1))

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC  1000000000ULL

#define BIT(n)             (1UL << (n))
#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a)        (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define container_of(ptr, type, member) ((type *)((uintptr_t)(ptr)-offsetof(type, member)))

#define min(a, b)                                  \
	({                                         \
		__typeof__(a) min_a_ = (a);        \
		__typeof__(b) min_b_ = (b);        \
		min_a_ < min_b_ ? min_a_ : min_b_; \
	})
#define max(a, b)                                  \
	({                                         \
		__typeof__(a) max_a_ = (a);        \
		__typeof__(b) max_b_ = (b);        \
		max_a_ > max_b_ ? max_a_ : max_b_; \
	})

/* One access, not torn, repeated or left out by the compiler. Orders nothing. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()        __asm__ __volatile__("" ::: "memory")

#ifndef __packed /* newlib's sys/cdefs.h has the same three */
#define __packed     __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __unused     __attribute__((unused))
#endif
#define __noreturn         __attribute__((noreturn))
#define __must_check       __attribute__((warn_unused_result))
#define __printf(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define __cold             __attribute__((cold))
#define noinline           __attribute__((noinline))
/* Callers know no more of it than its declaration says. */
#ifdef __clang__
#define noipa noinline
#else
#define noipa __attribute__((noipa))
#endif
#undef __always_inline /* the host's C library has one */
#define __always_inline inline __attribute__((always_inline))
