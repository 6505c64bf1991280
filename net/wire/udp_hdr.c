/* SPDX-License-Identifier: MIT */
/* UDP datagrams in words. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/wire/udp_hdr.h"

/* The header is copied: what is printed may lie at any address. */
size_t udp_print(char *buf, size_t size, const void *data, size_t len)
{
	struct udphdr uh;

	if (len < UDP_HLEN)
		return scnprintf(buf, size, "UDP [cut at %zu bytes]", len);
	memcpy(&uh, data, sizeof(uh));
	return scnprintf(buf, size, "UDP %u > %u, %zu bytes%s", be16_to_cpu(uh.source),
			 be16_to_cpu(uh.dest), len - UDP_HLEN,
			 be16_to_cpu(uh.len) == len ? "" : " [bad length]");
}
