/* SPDX-License-Identifier: MIT */
/*
 * Rules for tests, without words: a filter table that drafts are made of, rules with one match or target.
 *
 * 	struct ipt_rule_spec s = RULE(IPT_DROP, .ip.proto = 17, MATCH("udp", ((struct xt_udp_info){...})));
 * 	append(net, XT_TABLE_FILTER, "FORWARD", &s);
 */
#pragma once

#include "net/x_tables.h"
#include "tests/unit/harness.h"

#define MATCH(name, info)  .nr_matches = 1, .matches = {USE(xt_find_match(name), info)}
#define TARGET(name, info) .target = USE(xt_find_target(name), info)
#define USE(ext_, info)                                              \
	{                                                            \
		.ext = (ext_), .data = &(info), .size = sizeof(info) \
	}
#define RULE(action_, ...)                       \
	(struct ipt_rule_spec)                   \
	{                                        \
		.action = (action_), __VA_ARGS__ \
	}

/* Puts a rule behind the others of a chain, which is made if it is not there. 0 or ipt_commit()'s error. */
int append(struct net *net, u32 table, const char *chain, const struct ipt_rule_spec *spec);

/* All chains empty, none of the users', policies ACCEPT, counters 0. */
void flush(struct net *net, u32 table);

void set_policy(struct net *net, u32 table, const char *chain, u8 policy);

/* Packets that the n-th rule (from 1; 0: the policy) of a chain has counted. */
u64 counted(struct net *net, u32 table, const char *chain, u32 n);
