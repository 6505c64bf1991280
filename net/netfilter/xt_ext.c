/* SPDX-License-Identifier: MIT */
/* All matches and targets, by name. */
#include "net/netfilter/xt_packet.h"

static const struct xt_ext *find(const char *name, bool is_target)
{
	const struct {
		const struct xt_ext *exts;
		u32 nr;
	} modules[] = {{xt_proto_exts, xt_proto_nr},   {xt_packet_exts, xt_packet_nr},
		       {xt_rate_exts, xt_rate_nr},     {xt_recent_exts, xt_recent_nr},
		       {xt_change_exts, xt_change_nr}, {xt_verdict_exts, xt_verdict_nr},
		       {xt_conn_exts, xt_conn_nr},     {xt_nat_exts, xt_nat_nr}};

	for (u32 i = 0; i < ARRAY_SIZE(modules); i++) {
		for (u32 n = 0; n < modules[i].nr; n++) {
			const struct xt_ext *ext = &modules[i].exts[n];

			if (*ext->name == *name && ext->is_target == is_target &&
			    strcmp(ext->name, name) == 0)
				return ext;
		}
	}
	return NULL;
}

const struct xt_ext *xt_find_match(const char *name)
{
	return find(name, false);
}

const struct xt_ext *xt_find_target(const char *name)
{
	return find(name, true);
}
