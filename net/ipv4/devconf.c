/* SPDX-License-Identifier: MIT */
/* net.ipv4.conf.{all,default,DEV}.*: a device's settings, and how conf.all takes part in them. */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/fib.h"
#include "net/sysctl.h"

/* What is said of default goes for devices that were told nothing else, and have had no address. */
static void devconf_default(struct net *net, const void *base, unsigned int which, int value)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);
	struct net_device *dev;
	u64 bit = 1ULL << which;

	list_for_each_entry (dev, &net->dev_list, list) {
		struct in_device *in_dev = in_dev_get(dev);

		if (!in_dev)
			continue;
		if (base == &in_dev->cnf)
			in_dev->cnf_own |= bit;
		else if (base == &ipv4->devconf_dflt && !(in_dev->cnf_own & bit))
			in_dev->cnf.data[which] = value;
	}
}

/* Decisions kept with cached routes depend on any of them; forwarding of all is ip_forward, and
 * routers trust no redirects. */
static int devconf_changed(struct net *net, void *base, const struct ctl_table *t, int old)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);
	const int *value = (const int *)((u8 *)base + t->offset);
	bool forwarding = t->offset == IPV4_DEVCONF_FORWARDING * sizeof(int);
	struct net_device *dev;

	if (forwarding && base == &ipv4->devconf_all && *value != old) {
		ipv4->devconf_all.data[IPV4_DEVCONF_ACCEPT_REDIRECTS] = !*value;
		ipv4->devconf_dflt.data[IPV4_DEVCONF_FORWARDING] = *value;
		list_for_each_entry (dev, &net->dev_list, list) {
			if (in_dev_get(dev))
				in_dev_get(dev)->cnf.data[IPV4_DEVCONF_FORWARDING] = *value;
		}
	}
	if (!forwarding)
		devconf_default(net, base, t->offset / sizeof(int), *value);
	fib_conf_changed(net);
	return 0;
}

#define IN_CONF_MAX_IGMP(name)                                                                \
	(IPV4_DEVCONF_##name == IPV4_DEVCONF_FORCE_IGMP_VERSION                   ? 3         \
	 : IPV4_DEVCONF_##name == IPV4_DEVCONF_IGMPV2_UNSOLICITED_REPORT_INTERVAL ? INT32_MAX \
	 : IPV4_DEVCONF_##name == IPV4_DEVCONF_IGMPV3_UNSOLICITED_REPORT_INTERVAL ? INT32_MAX \
										  : 1)
#define IN_CONF_MAX(name)                                       \
	(IPV4_DEVCONF_##name == IPV4_DEVCONF_RP_FILTER      ? 2 \
	 : IPV4_DEVCONF_##name == IPV4_DEVCONF_ARP_IGNORE   ? 8 \
	 : IPV4_DEVCONF_##name == IPV4_DEVCONF_ARP_ACCEPT   ? 2 \
	 : IPV4_DEVCONF_##name == IPV4_DEVCONF_ARP_ANNOUNCE ? 2 \
							    : IN_CONF_MAX_IGMP(name))

static const struct ctl_table devconf_table[] = {
#define DEVCONF_ENTRY(upper, lower, def)                                                  \
	{#lower, IPV4_DEVCONF_##upper * sizeof(int), .min = 0, .max = IN_CONF_MAX(upper), \
	 .changed = devconf_changed},
	IPV4_DEVCONF(DEVCONF_ENTRY)
#undef DEVCONF_ENTRY
};

static const struct ctl_table ip_forward_table[] = {
	{"ip_forward", IPV4_DEVCONF_FORWARDING * sizeof(int), .min = 0, .max = 1,
	 .changed = devconf_changed},
};

static const struct ipv4_devconf devconf_defaults = {{
#define DEVCONF_DEFAULT(upper, lower, def) def,
	IPV4_DEVCONF(DEVCONF_DEFAULT)
#undef DEVCONF_DEFAULT
}};

int devconf_init(struct net *net)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);
	int err;

	ipv4->devconf_all = ipv4->devconf_dflt = devconf_defaults;
	ipv4->devconf_all.data[IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE] = 0;
	err = sysctl_register(net, "net.ipv4", ip_forward_table, 1, &ipv4->devconf_all);
	if (!err)
		err = sysctl_register(net, "net.ipv4.conf.all", devconf_table,
				      ARRAY_SIZE(devconf_table), &ipv4->devconf_all);
	if (!err)
		err = sysctl_register(net, "net.ipv4.conf.default", devconf_table,
				      ARRAY_SIZE(devconf_table), &ipv4->devconf_dflt);
	return err;
}

int devconf_register(struct in_device *in_dev)
{
	in_dev->cnf = net_ipv4(in_dev->dev->net)->devconf_dflt;
	return sysctl_register_dev(in_dev->dev->net, DEVCONF_GROUP, in_dev->dev->name,
				   devconf_table, ARRAY_SIZE(devconf_table), &in_dev->cnf);
}

static int conf_all(const struct in_device *in_dev, unsigned int which)
{
	return net_ipv4(in_dev->dev->net)->devconf_all.data[which];
}

int in_dev_andconf(const struct in_device *in_dev, unsigned int which)
{
	return in_dev->cnf.data[which] && conf_all(in_dev, which);
}

int in_dev_orconf(const struct in_device *in_dev, unsigned int which)
{
	return in_dev->cnf.data[which] || conf_all(in_dev, which);
}

int in_dev_maxconf(const struct in_device *in_dev, unsigned int which)
{
	return max(in_dev->cnf.data[which], conf_all(in_dev, which));
}
