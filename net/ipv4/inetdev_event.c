/* SPDX-License-Identifier: MIT */
/* What IPv4 does when a device comes, goes, or changes. */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/igmp.h"
#include "net/ipv4/neigh_priv.h"
#include "net/ipv4/route_priv.h"
#include "net/sysctl.h"

static int inetdev_init(struct net_device *dev)
{
	struct in_device *in_dev = plat_alloc(sizeof(*in_dev));
	int err;

	if (!in_dev)
		return -ENOMEM;
	memset(in_dev, 0, sizeof(*in_dev));
	in_dev->dev = dev;
	INIT_LIST_HEAD(&in_dev->ifa_list);
	err = devconf_register(in_dev);
	if (err)
		goto no_conf;
	err = neigh_parms_alloc(in_dev);
	if (err)
		goto no_parms;
	dev->ip_ptr = in_dev;
	return 0;
no_parms:
	sysctl_unregister(dev->net, &in_dev->cnf);
no_conf:
	plat_free(in_dev);
	return err;
}

static void inetdev_destroy(struct net_device *dev)
{
	struct in_device *in_dev = in_dev_get(dev);

	if (!in_dev)
		return;
	ip_mc_destroy(in_dev);
	inet_addr_flush(dev);
	fib_sync_down_dev(dev, true);
	neigh_ifdown(dev, true);
	pneigh_ifdown(dev);
	rt_cache_flush(dev->net);
	rt_cache_drop_all(dev->net);
	for (unsigned int i = 0; i < RT_SPECIAL_NR; i++)
		rt_drop(&in_dev->rt_special[i]);
	dev->ip_ptr = NULL;
	neigh_parms_free(in_dev);
	sysctl_unregister(dev->net, &in_dev->cnf);
	plat_free(in_dev);
	fib_rules_resolve(dev->net, dev);
}

static int inetdev_up(struct net_device *dev)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct ifaddr_config lo = {.local = CPU_TO_BE32(INADDR_LOOPBACK), .prefixlen = 8};

	fib_revive_dev(dev);
	if (in_dev->mc)
		ip_mc_up(in_dev);
	if (dev->flags & IFF_LOOPBACK && list_empty(&in_dev->ifa_list))
		return inet_addr_add(dev, &lo);
	fib_sync_up(dev);
	arp_announce(dev);
	return 0;
}

/* Settings go by the new name, labels too; what follows a colon stays if it fits. */
static void inetdev_rename(struct net_device *dev)
{
	struct in_device *in_dev = in_dev_get(dev);
	struct in_ifaddr *ifa;

	sysctl_rename_dev(dev->net, DEVCONF_GROUP, dev->name, &in_dev->cnf);
	sysctl_rename_dev(dev->net, NEIGH_GROUP, dev->name, in_dev->arp_parms);
	in_dev_for_each_ifa(ifa, in_dev)
	{
		char old[IFNAMSIZ], *colon;

		memcpy(old, ifa->label, IFNAMSIZ);
		strscpy(ifa->label, dev->name, IFNAMSIZ);
		colon = strchr(old, ':');
		if (colon && strlen(colon) + strlen(dev->name) < IFNAMSIZ)
			strscpy(ifa->label + strlen(dev->name), colon, strlen(colon) + 1);
	}
}

int inetdev_event(struct net *net, struct net_device *dev, unsigned int event)
{
	if (event == NETDEV_REGISTER) {
		fib_rules_resolve(net, NULL);
		return inetdev_init(dev);
	}
	if (!in_dev_get(dev))
		return 0;
	switch (event) {
	case NETDEV_UP:
		return inetdev_up(dev);
	case NETDEV_CHANGE:
		fib_carrier_changed(dev);
		if (!dev->carrier &&
		    in_dev_andconf(in_dev_get(dev), IPV4_DEVCONF_ARP_EVICT_NOCARRIER))
			neigh_ifdown(dev, false);
		break;
	case NETDEV_CHANGEADDR:
		neigh_ifdown(dev, true);
		if (dev->flags & IFF_UP)
			arp_announce(dev);
		break;
	case NETDEV_CHANGENAME:
		fib_rules_resolve(net, NULL);
		inetdev_rename(dev);
		return 0;
	case NETDEV_CHANGEARP:
		neigh_ifdown(dev, true);
		break;
	case NETDEV_DOWN:
		if (in_dev_get(dev)->mc)
			ip_mc_down(in_dev_get(dev));
		fib_sync_down_dev(dev, false);
		neigh_ifdown(dev, true);
		pneigh_ifdown(dev);
		break;
	case NETDEV_UNREGISTER:
		inetdev_destroy(dev);
		break;
	}
	rt_cache_flush(net);
	return 0;
}
