/* SPDX-License-Identifier: MIT */
/* Scopes by name, as in iproute2's rt_scopes. */
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/ctl/tool.h"
#include "net/inetdevice.h"

static const struct {
	u8 scope;
	const char *name;
} scopes[] = {
	{RT_SCOPE_UNIVERSE, "global"}, {RT_SCOPE_SITE, "site"},       {RT_SCOPE_LINK, "link"},
	{RT_SCOPE_HOST, "host"},       {RT_SCOPE_NOWHERE, "nowhere"},
};

const char *ctl_scope_name(u8 scope, char buf[12])
{
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (scopes[i].scope == scope)
			return scopes[i].name;
	}
	scnprintf(buf, 12, "%u", scope);
	return buf;
}

bool ctl_parse_scope(const char *s, u8 *scope)
{
	u64 number;

	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		if (!strcmp(s, scopes[i].name)) {
			*scope = scopes[i].scope;
			return true;
		}
	}
	if (!ctl_parse_u64(s, 255, &number))
		return false;
	*scope = number;
	return true;
}
