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
	be16 type;

	if (len < sizeof(*eth))
		return scnprintf(buf, size, "frame cut at %zu bytes", len);
	n = scnprintf(buf, size, "%pM > %pM ", eth->h_source, eth->h_dest);
	len -= sizeof(*eth);
	type = eth->h_proto;
	while (type == CPU_TO_BE16(ETH_P_8021Q) && len >= 4) {
		n += scnprintf(buf + n, size - n, "vlan %u ", get_unaligned_be16(payload) & 0xfff);
		memcpy(&type, payload + 2, sizeof(type));
		payload += 4;
		len -= 4;
	}
	switch (be16_to_cpu(type)) {
	case ETH_P_IP:
		return n + ipv4_print(buf + n, size - n, payload, len);
	case ETH_P_ARP:
		return n + arp_print(buf + n, size - n, payload, len);
	default:
		return n +
		       scnprintf(buf + n, size - n, "type %04x, %zu bytes", be16_to_cpu(type), len);
	}
}
