/* SPDX-License-Identifier: MIT */
/* IPv4 packets in words. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "net/wire/udp_hdr.h"

#define PROTO_ICMP 1
#define PROTO_TCP  6
#define PROTO_UDP  17

static size_t print_flags(char *buf, size_t size, const struct iphdr *iph)
{
	u16 off = be16_to_cpu(iph->frag_off);
	size_t n = 0;

	if (off & IP_DF)
		n += scnprintf(buf, size, "DF ");
	if (ip_is_fragment(iph))
		n += scnprintf(buf + n, size - n, "id %u frag %u%s ", be16_to_cpu(iph->id),
			       (off & IP_OFFSET) * 8, off & IP_MF ? "+" : "");
	return n;
}

static size_t print_payload(char *buf, size_t size, const struct iphdr *iph, const void *payload,
			    size_t len)
{
	if (iph->frag_off & CPU_TO_BE16(IP_OFFSET))
		return scnprintf(buf, size, "proto %u, %zu bytes", iph->protocol, len);
	if (iph->protocol == PROTO_ICMP)
		return icmp_print(buf, size, payload, len);
	if (iph->protocol == PROTO_TCP)
		return tcp_print(buf, size, payload, len);
	if (iph->protocol == PROTO_UDP)
		return udp_print(buf, size, payload, len);
	return scnprintf(buf, size, "proto %u, %zu bytes", iph->protocol, len);
}

/* The header is copied: what is printed may lie at any address. */
size_t ipv4_print(char *buf, size_t size, const void *data, size_t len)
{
	struct iphdr iph;
	size_t n, total;

	if (len < IP_HLEN_MIN)
		return scnprintf(buf, size, "IPv4 [bad header, %zu bytes]", len);
	memcpy(&iph, data, sizeof(iph));
	if (ip_version(&iph) != 4 || ip_hdrlen(&iph) < IP_HLEN_MIN || ip_hdrlen(&iph) > len)
		return scnprintf(buf, size, "IPv4 [bad header, %zu bytes]", len);
	total = be16_to_cpu(iph.tot_len);
	n = scnprintf(buf, size, "IPv4 %pI4 > %pI4 ttl %u ", &iph.saddr, &iph.daddr, iph.ttl);
	if (ip_fast_csum(data, ip_hdrlen(&iph) / 4))
		n += scnprintf(buf + n, size - n, "[bad checksum] ");
	if (total > len || total < ip_hdrlen(&iph))
		return n + scnprintf(buf + n, size - n, "[length %zu of %zu]", len, total);
	n += print_flags(buf + n, size - n, &iph);
	return n + print_payload(buf + n, size - n, &iph, (const u8 *)data + ip_hdrlen(&iph),
				 total - ip_hdrlen(&iph));
}
