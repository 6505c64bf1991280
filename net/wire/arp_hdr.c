/* SPDX-License-Identifier: MIT */
/* ARP packets: check, emit, print. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/wire/arp_hdr.h"
#include "net/wire/eth_hdr.h"

bool arp_parse(const void *data, size_t len, struct arp_view *v)
{
	const struct arphdr *arp = data;

	if (len < sizeof(*arp) ||
	    (arp->ar_hrd != CPU_TO_BE16(ARPHRD_ETHER) &&
	     arp->ar_hrd != CPU_TO_BE16(ARPHRD_IEEE802)) ||
	    arp->ar_pro != CPU_TO_BE16(ETH_P_IP) || arp->ar_hln != 6 || arp->ar_pln != 4)
		return false;
	v->op = be16_to_cpu(arp->ar_op);
	if (v->op != ARPOP_REQUEST && v->op != ARPOP_REPLY)
		return false;
	v->sha = arp->ar_sha;
	v->tha = arp->ar_tha;
	memcpy(&v->sip, arp->ar_sip, 4);
	memcpy(&v->tip, arp->ar_tip, 4);
	return true;
}

void arp_emit(void *data, u16 op, const u8 *sha, be32 sip, const u8 *tha, be32 tip)
{
	struct arphdr *arp = data;

	arp->ar_hrd = CPU_TO_BE16(ARPHRD_ETHER);
	arp->ar_pro = CPU_TO_BE16(ETH_P_IP);
	arp->ar_hln = 6;
	arp->ar_pln = 4;
	arp->ar_op = cpu_to_be16(op);
	memcpy(arp->ar_sha, sha, 6);
	memcpy(arp->ar_sip, &sip, 4);
	if (tha)
		memcpy(arp->ar_tha, tha, 6);
	else
		memset(arp->ar_tha, 0, 6);
	memcpy(arp->ar_tip, &tip, 4);
}

size_t arp_print(char *buf, size_t size, const void *data, size_t len)
{
	struct arp_view v;

	if (!arp_parse(data, len, &v))
		return scnprintf(buf, size, "ARP [bad, %zu bytes]", len);
	if (v.op == ARPOP_REQUEST)
		return scnprintf(buf, size, "ARP who-has %pI4 tell %pI4", &v.tip, &v.sip);
	return scnprintf(buf, size, "ARP %pI4 is-at %pM", &v.sip, v.sha);
}
