/* SPDX-License-Identifier: MIT */
/* Ethernet frames in words. */
#include "lib/fmt.h"
#include "net/wire/arp_hdr.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/ipv4_hdr.h"

size_t eth_print(char *buf, size_t size, const void *frame, size_t len)
{
	const struct ethhdr *eth = frame;
	const u8 *payload = (const u8 *)frame + sizeof(*eth);
	size_t n;

	if (len < sizeof(*eth))
		return scnprintf(buf, size, "frame cut at %zu bytes", len);
	n = scnprintf(buf, size, "%pM > %pM ", eth->h_source, eth->h_dest);
	len -= sizeof(*eth);
	switch (be16_to_cpu(eth->h_proto)) {
	case ETH_P_IP:
		return n + ipv4_print(buf + n, size - n, payload, len);
	case ETH_P_ARP:
		return n + arp_print(buf + n, size - n, payload, len);
	default:
		return n + scnprintf(buf + n, size - n, "type %04x, %zu bytes",
				     be16_to_cpu(eth->h_proto), len);
	}
}
