/* SPDX-License-Identifier: MIT */
/* ICMP messages in words. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"

static const char *type_name(u8 type)
{
	static const char *const names[NR_ICMP_TYPES + 1] = {
		[ICMP_ECHOREPLY] = "echo reply",
		[ICMP_DEST_UNREACH] = "unreachable",
		[ICMP_SOURCE_QUENCH] = "source quench",
		[ICMP_REDIRECT] = "redirect",
		[ICMP_ECHO] = "echo",
		[ICMP_TIME_EXCEEDED] = "time exceeded",
		[ICMP_PARAMETERPROB] = "parameter problem",
		[ICMP_TIMESTAMP] = "timestamp",
		[ICMP_TIMESTAMPREPLY] = "timestamp reply",
		[ICMP_ADDRESS] = "address mask",
		[ICMP_ADDRESSREPLY] = "address mask reply",
	};

	return type <= NR_ICMP_TYPES && names[type] ? names[type] : "type";
}

/* What an error quotes: addresses and protocol, no further. */
static size_t print_quoted(char *buf, size_t size, const void *data, size_t len)
{
	struct iphdr iph;

	if (len < IP_HLEN_MIN)
		return 0;
	memcpy(&iph, data, sizeof(iph));
	return scnprintf(buf, size, " about %pI4 > %pI4 proto %u", &iph.saddr, &iph.daddr,
			 iph.protocol);
}

/* The header is copied: what is printed may lie at any address. */
size_t icmp_print(char *buf, size_t size, const void *data, size_t len)
{
	struct icmphdr icmph;
	size_t n;

	if (len < ICMP_HLEN)
		return scnprintf(buf, size, "ICMP [cut at %zu bytes]", len);
	memcpy(&icmph, data, sizeof(icmph));
	n = scnprintf(buf, size, "ICMP %s %u/%u", type_name(icmph.type), icmph.type, icmph.code);
	if (csum_fold(csum_partial(data, len, 0)))
		n += scnprintf(buf + n, size - n, " [bad checksum]");
	if (icmp_type_is_error(icmph.type))
		return n + print_quoted(buf + n, size - n, (const u8 *)data + ICMP_HLEN,
					len - ICMP_HLEN);
	return n + scnprintf(buf + n, size - n, " id %u seq %u, %zu bytes",
			     be16_to_cpu(icmph.un.echo.id), be16_to_cpu(icmph.un.echo.sequence),
			     len - ICMP_HLEN);
}
