/* SPDX-License-Identifier: MIT */
/* Numbers of routes by name, as in iproute2's rt_tables and rt_protos. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/ctl/route_tool.h"

struct named_number {
	u32 number;
	const char *name;
};

static const struct named_number tables[] = {
	{RT_TABLE_UNSPEC, "all"},
	{RT_TABLE_DEFAULT, "default"},
	{RT_TABLE_MAIN, "main"},
	{RT_TABLE_LOCAL, "local"},
};

static const struct named_number protocols[] = {
	{RTPROT_UNSPEC, "unspec"},
	{RTPROT_REDIRECT, "redirect"},
	{RTPROT_KERNEL, "kernel"},
	{RTPROT_BOOT, "boot"},
	{RTPROT_STATIC, "static"},
	{RTPROT_DHCP, "dhcp"},
	{8, "gated"},
	{9, "ra"},
	{10, "mrt"},
	{11, "zebra"},
	{12, "bird"},
	{13, "dnrouted"},
	{14, "xorp"},
	{15, "ntk"},
	{18, "keepalived"},
	{42, "babel"},
	{99, "openr"},
	{186, "bgp"},
	{187, "isis"},
	{188, "ospf"},
	{189, "rip"},
	{192, "eigrp"},
};

static const struct named_number ipprotos[] = {
	{1, "icmp"}, {2, "igmp"}, {4, "ipencap"}, {6, "tcp"},    {17, "udp"},   {47, "gre"},
	{50, "esp"}, {51, "ah"},  {89, "ospf"},   {112, "vrrp"}, {132, "sctp"}, {136, "udplite"},
};

static const struct named_number types[] = {
	{RTN_UNICAST, "unicast"},     {RTN_LOCAL, "local"},
	{RTN_BROADCAST, "broadcast"}, {RTN_MULTICAST, "multicast"},
	{RTN_BLACKHOLE, "blackhole"}, {RTN_UNREACHABLE, "unreachable"},
	{RTN_PROHIBIT, "prohibit"},   {RTN_THROW, "throw"},
};

static bool number_of(const struct named_number *list, size_t n, const char *s, u32 *number)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(s, list[i].name)) {
			*number = list[i].number;
			return true;
		}
	}
	return false;
}

static const char *name_of(const struct named_number *list, size_t n, u32 number, char buf[12])
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].number == number)
			return list[i].name;
	}
	scnprintf(buf, 12, "%u", number);
	return buf;
}

bool route_parse_table(const char *s, u32 *table)
{
	return number_of(tables, ARRAY_SIZE(tables), s, table) ||
	       (ctl_parse_u32(s, table) && *table);
}

bool route_parse_protocol(const char *s, u8 *protocol)
{
	u32 number;
	u64 wide;

	if (number_of(protocols, ARRAY_SIZE(protocols), s, &number)) {
		*protocol = number;
		return true;
	}
	if (!ctl_parse_u64(s, 255, &wide))
		return false;
	*protocol = wide;
	return true;
}

bool route_parse_type(const char *s, u8 *type)
{
	u32 number;

	if (!number_of(types, ARRAY_SIZE(types), s, &number))
		return false;
	*type = number;
	return true;
}

bool route_parse_ipproto(const char *s, u8 *proto)
{
	u32 number;
	u64 wide;

	if (number_of(ipprotos, ARRAY_SIZE(ipprotos), s, &number))
		wide = number;
	else if ((s[0] == '0' && s[1]) || !ctl_parse_u64(s, 255, &wide))
		return false;
	*proto = wide;
	return true;
}

bool route_parse_tos(const char *s, u8 *tos)
{
	char hex[16];
	u64 wide;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	scnprintf(hex, sizeof(hex), "0x%s", s);
	if (strlen(s) > 8 || !ctl_parse_u64(hex, 255, &wide))
		return false;
	*tos = wide;
	return true;
}

const char *route_ipproto_name(u8 proto, char buf[16])
{
	const char *name = name_of(ipprotos, ARRAY_SIZE(ipprotos), proto, buf);

	if (name == buf)
		scnprintf(buf, 16, "ipproto-%u", proto);
	return name;
}

const char *route_table_name(u32 table, char buf[12])
{
	return name_of(tables, ARRAY_SIZE(tables), table, buf);
}

const char *route_protocol_name(u8 protocol, char buf[12])
{
	return name_of(protocols, ARRAY_SIZE(protocols), protocol, buf);
}

const char *route_type_name(u8 type, char buf[12])
{
	return name_of(types, ARRAY_SIZE(types), type, buf);
}
