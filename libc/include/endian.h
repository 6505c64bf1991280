/* SPDX-License-Identifier: MIT */
/* Byte order: POSIX.1-2024's endian.h. This machine is little-endian. */
#pragma once

#include <machine/endian.h>

#define htobe16(v) ((unsigned short)__builtin_bswap16(v))
#define htobe32(v) ((unsigned int)__builtin_bswap32(v))
#define htobe64(v) ((unsigned long)__builtin_bswap64(v))
#define be16toh(v) htobe16(v)
#define be32toh(v) htobe32(v)
#define be64toh(v) htobe64(v)
#define htole16(v) ((unsigned short)(v))
#define htole32(v) ((unsigned int)(v))
#define htole64(v) ((unsigned long)(v))
#define le16toh(v) htole16(v)
#define le32toh(v) htole32(v)
#define le64toh(v) htole64(v)
