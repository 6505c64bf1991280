/* SPDX-License-Identifier: MIT */
/* Counters by number and name: the fixed ones, ICMP's by type, drops by reason. */
#include "lib/fmt.h"
#include "net/core/net_namespace.h"

static const char *const mib_names[] = {
#define SNMP_NAME(name, text) text,
	SNMP_MIB(SNMP_NAME)
#undef SNMP_NAME
};

static const char *const drop_names[] = {
#define DROP_NAME(name, text) "Drop" text,
	SKB_DROP_REASONS(DROP_NAME)
#undef DROP_NAME
};

static void icmpmsg_nth(const struct net *net, unsigned int n, const char **name, u64 *value)
{
	/* cast: a place for the name, not part of the stack's state */
	struct net *scratch = (struct net *)(uintptr_t)net;
	bool out = n >= 256;

	scnprintf(scratch->snmp_name, sizeof(scratch->snmp_name), "IcmpMsg%sType%u",
		  out ? "Out" : "In", n & 255);
	*name = net->snmp_name;
	*value = out ? net->icmpmsg_out[n & 255] : net->icmpmsg_in[n];
}

bool snmp_nth(const struct net *net, unsigned int n, const char **name, u64 *value)
{
	if (n < SNMP_MIB_NR) {
		*name = mib_names[n];
		*value = net->mib[n];
		return true;
	}
	n -= SNMP_MIB_NR;
	if (n < 512) {
		icmpmsg_nth(net, n, name, value);
		return true;
	}
	n -= 512;
	if (n >= SKB_DROP_REASON_NR)
		return false;
	*name = drop_names[n];
	*value = net->drops[n];
	return true;
}
