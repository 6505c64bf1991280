/* SPDX-License-Identifier: MIT */
/* UDP datagrams in words. */
#include "lib/fmt.h"
#include "net/wire/udp_hdr.h"

size_t udp_print(char *buf, size_t size, const void *data, size_t len)
{
	const struct udphdr *uh = data;

	if (len < UDP_HLEN)
		return scnprintf(buf, size, "UDP [cut at %zu bytes]", len);
	return scnprintf(buf, size, "UDP %u > %u, %zu bytes%s", be16_to_cpu(uh->source),
			 be16_to_cpu(uh->dest), len - UDP_HLEN,
			 be16_to_cpu(uh->len) == len ? "" : " [bad length]");
}
