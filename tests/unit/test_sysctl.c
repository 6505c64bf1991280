/* SPDX-License-Identifier: MIT */
/* Settings by name: spellings, bounds, vectors, order, and what a change does. */
#include <string.h>

#include "lib/errno.h"
#include "net/sysctl.h"
#include "tests/unit/harness.h"

struct knobs {
	int one, vector[3], fixed, refused;
	int changes;
};

static int on_change(struct net *net, void *base, const struct ctl_table *t, int old)
{
	struct knobs *k = base;

	(void)net;
	(void)old;
	k->changes++;
	return strcmp(t->name, "refused") ? 0 : -EINVAL;
}

static const struct ctl_table table[] = {
	{"one", offsetof(struct knobs, one), .min = -5, .max = 70000, .changed = on_change},
	{"vector", offsetof(struct knobs, vector), .count = 3, .min = 0, .max = 9},
	{"fixed", offsetof(struct knobs, fixed), .readonly = true},
	{"refused", offsetof(struct knobs, refused), .min = 0, .max = 9, .changed = on_change},
};

static const struct {
	const char *name, *text;
	int status;
	const char *now; /* how it reads afterwards */
} writes[] = {
	{"test.eth0.5.one", "42", 0, "42"},
	{"test/eth0.5/one", " 7 ", 0, "7"},
	{"test.eth0.5.one", "0x10", 0, "16"},
	{"test.eth0.5.one", "010", 0, "8"},
	{"test.eth0.5.one", "08", -EINVAL, "8"},
	{"test.eth0.5.one", "-5", 0, "-5"},
	{"test.eth0.5.one", "-6", -EINVAL, "-5"},
	{"test.eth0.5.one", "70001", -EINVAL, "-5"},
	{"test.eth0.5.one", "99999999999999999999", -EINVAL, "-5"},
	{"test.eth0.5.one", "", -EINVAL, "-5"},
	{"test.eth0.5.one", "1x", -EINVAL, "-5"},
	{"test.eth0.5.one", "1 2", -EINVAL, "-5"},
	{"test.eth0.5.one", "-", -EINVAL, "-5"},
	{"test.eth0.5.vector", "1 2\t3", 0, "1\t2\t3"},
	{"test.eth0.5.vector", "4 5", -EINVAL, "1\t2\t3"},
	{"test.eth0.5.vector", "4 5 10", -EINVAL, "1\t2\t3"},
	{"test.eth0.5.fixed", "1", -EPERM, "0"},
	{"test.eth0.5.refused", "3", -EINVAL, "0"},
};

WEIR_TEST(sysctl, a_row_for_each_write)
{
	struct net *net = stack_new();
	struct knobs k = {0};
	char now[64];

	cr_assert_eq(sysctl_register(net, "test.eth0.5", table, ARRAY_SIZE(table), &k), 0);
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		cr_assert_eq(sysctl_write(net, writes[i].name, writes[i].text), writes[i].status,
			     "row %zu: %s", i, writes[i].text);
		cr_assert_geq(sysctl_read(net, writes[i].name, now, sizeof(now)), 0);
		cr_assert_str_eq(now, writes[i].now, "row %zu", i);
	}
	cr_assert_eq(k.changes, 6);
	sysctl_unregister(net, &k);
	cr_assert_eq(sysctl_read(net, "test.eth0.5.one", now, sizeof(now)), -ENOENT);
	cr_assert_eq(sysctl_write(net, "test.eth0.5.one", "1"), -ENOENT);
}

static void in_order(void *arg, const char *name, const char *value)
{
	char *last = arg;

	cr_assert_lt(strcmp(last, name), 0, "%s behind %s", name, last);
	cr_assert_str_not_empty(value);
	strcpy(last, name);
}

WEIR_TEST(sysctl, all_in_the_order_of_their_names)
{
	struct net *net = stack_new();
	char last[128] = "";

	nic_new(net, "10.0.0.1/24");
	sysctl_for_each(net, in_order, last);
	cr_assert_str_not_empty(last);
}

/* Linux's conf tree: all switches every device, a device's own value stands beside. */
WEIR_TEST(sysctl, ip_forward_is_conf_alls)
{
	struct net *net = stack_new();
	char now[16];

	nic_new(net, "10.0.0.1/24");
	cr_assert_eq(sysctl_write(net, "net.ipv4.ip_forward", "1"), 0);
	sysctl_read(net, "net.ipv4.conf.all.forwarding", now, sizeof(now));
	cr_assert_str_eq(now, "1");
	sysctl_read(net, "net.ipv4.conf.eth0.forwarding", now, sizeof(now));
	cr_assert_str_eq(now, "1");
	cr_assert_eq(sysctl_write(net, "net/ipv4/conf/eth0/forwarding", "0"), 0);
	sysctl_read(net, "net.ipv4.ip_forward", now, sizeof(now));
	cr_assert_str_eq(now, "1");
	cr_assert_eq(sysctl_write(net, "net.ipv4.conf.eth0.rp_filter", "3"), -EINVAL);
}
