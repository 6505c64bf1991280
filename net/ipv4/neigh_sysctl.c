/* SPDX-License-Identifier: MIT */
/* net.ipv4.neigh.{default,DEV}.* */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/ipv4/neigh_priv.h"
#include "net/sysctl.h"

#define PARM(field) offsetof(struct neigh_parms, field)

static int reachable_changed(struct net *net, void *base, const struct ctl_table *t, int old)
{
	struct neigh_parms *p = base;

	(void)net;
	(void)t;
	(void)old;
	p->reachable_time = (u64)p->base_reachable_time_ms * NSEC_PER_MSEC;
	return 0;
}

static const struct ctl_table parms_table[] = {
	{"base_reachable_time_ms", PARM(base_reachable_time_ms), .min = 1, .max = 86400000,
	 .changed = reachable_changed},
	{"retrans_time_ms", PARM(retrans_time_ms), .min = 1, .max = 86400000},
	{"delay_first_probe_time", PARM(delay_first_probe_time), .min = 0, .max = 86400},
	{"gc_stale_time", PARM(gc_stale_time), .min = 0, .max = 86400},
	{"mcast_solicit", PARM(mcast_solicit), .min = 0, .max = 1000},
	{"ucast_solicit", PARM(ucast_solicit), .min = 0, .max = 1000},
	{"mcast_resolicit", PARM(mcast_resolicit), .min = 0, .max = 1000},
	{"unres_qlen_bytes", PARM(unres_qlen_bytes), .min = 0, .max = 16777216},
	{"locktime", PARM(locktime), .min = 0, .max = 100000},
};

#define TABLE(field) offsetof(struct neigh_table, field)

static const struct ctl_table gc_table[] = {
	{"gc_thresh1", TABLE(gc_thresh1), .min = 0, .max = 1048576},
	{"gc_thresh2", TABLE(gc_thresh2), .min = 0, .max = 1048576},
	{"gc_thresh3", TABLE(gc_thresh3), .min = 1, .max = 1048576},
	{"unres_total_bytes", TABLE(unres_total_bytes), .min = 0, .max = 1 << 30},
	{"gc_interval", TABLE(gc_interval), .min = 1, .max = 86400},
};

int neigh_sysctl_init(struct net *net)
{
	struct neigh_table *tbl = neigh_table(net);
	int err;

	err = sysctl_register(net, "net.ipv4.neigh.default", parms_table, ARRAY_SIZE(parms_table),
			      &tbl->parms);
	if (!err)
		err = sysctl_register(net, "net.ipv4.neigh.default", gc_table, ARRAY_SIZE(gc_table),
				      tbl);
	return err;
}

int neigh_parms_alloc(struct in_device *in_dev)
{
	struct net *net = in_dev->dev->net;
	char prefix[36];
	long n = strscpy(prefix, "net.ipv4.neigh.", sizeof(prefix));
	int err;

	in_dev->arp_parms = plat_alloc(sizeof(*in_dev->arp_parms));
	if (!in_dev->arp_parms)
		return -ENOMEM;
	*in_dev->arp_parms = neigh_table(net)->parms;
	strscpy(prefix + n, in_dev->dev->name, sizeof(prefix) - n);
	err = sysctl_register(net, prefix, parms_table, ARRAY_SIZE(parms_table), in_dev->arp_parms);
	if (err)
		plat_free(in_dev->arp_parms);
	return err;
}

void neigh_parms_free(struct in_device *in_dev)
{
	sysctl_unregister(in_dev->dev->net, in_dev->arp_parms);
	plat_free(in_dev->arp_parms);
}
