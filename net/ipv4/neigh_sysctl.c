/* SPDX-License-Identifier: MIT */
/* net.ipv4.neigh.{default,DEV}.* */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/ipv4/neigh_priv.h"
#include "net/sysctl.h"

#define PARM(field) offsetof(struct neigh_parms, field)

#define FULL_SIZED 2090 /* what unres_qlen counts a packet as: Linux's for Ethernet */

static void take_over(struct neigh_parms *p, u32 offset, int value)
{
	*(int *)((u8 *)p + offset) = value;
	if (offset == PARM(base_reachable_time_ms))
		neigh_random_reachable_time(p);
	else if (offset == PARM(unres_qlen_bytes))
		p->unres_qlen = value / FULL_SIZED;
	else if (offset == PARM(unres_qlen))
		p->unres_qlen_bytes = value * FULL_SIZED;
}

/* What is said of default goes for devices that were told nothing else, and have had no address. */
static int parm_changed(struct net *net, void *base, const struct ctl_table *t, int old)
{
	struct neigh_parms *p = base;
	u32 bit = 1U << t->offset / sizeof(int);
	int value = *(int *)((u8 *)base + t->offset);
	struct net_device *dev;

	(void)old;
	take_over(p, t->offset, value);
	p->own |= bit;
	if (p != &neigh_table(net)->parms)
		return 0;
	list_for_each_entry (dev, &net->dev_list, list) {
		if (in_dev_get(dev) && !(in_dev_get(dev)->arp_parms->own & bit))
			take_over(in_dev_get(dev)->arp_parms, t->offset, value);
	}
	return 0;
}

#define PARM_ENTRY(name, most)                                            \
	{                                                                 \
#name, PARM(name), .max = (most), .changed = parm_changed \
	}

static const struct ctl_table parms_table[] = {
	PARM_ENTRY(base_reachable_time_ms, 86400000),
	PARM_ENTRY(retrans_time_ms, 86400000),
	PARM_ENTRY(delay_first_probe_time, 86400),
	PARM_ENTRY(gc_stale_time, 86400),
	PARM_ENTRY(mcast_solicit, 1000),
	PARM_ENTRY(ucast_solicit, 1000),
	PARM_ENTRY(app_solicit, 1000),
	PARM_ENTRY(mcast_resolicit, 1000),
	PARM_ENTRY(unres_qlen_bytes, 16777216),
	PARM_ENTRY(unres_qlen, 16777216 / FULL_SIZED),
	PARM_ENTRY(locktime, 100000),
	PARM_ENTRY(proxy_delay, 100000),
	PARM_ENTRY(proxy_qlen, 1024),
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
	int err;

	in_dev->arp_parms = plat_alloc(sizeof(*in_dev->arp_parms));
	if (!in_dev->arp_parms)
		return -ENOMEM;
	*in_dev->arp_parms = neigh_table(net)->parms;
	in_dev->arp_parms->own = 0;
	err = sysctl_register_dev(net, NEIGH_GROUP, in_dev->dev->name, parms_table,
				  ARRAY_SIZE(parms_table), in_dev->arp_parms);
	if (err)
		plat_free(in_dev->arp_parms);
	return err;
}

void neigh_parms_free(struct in_device *in_dev)
{
	sysctl_unregister(in_dev->dev->net, in_dev->arp_parms);
	plat_free(in_dev->arp_parms);
}
