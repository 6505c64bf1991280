/* SPDX-License-Identifier: MIT */
/* The multicast addresses of a device. */
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/wire/eth_hdr.h"

/* Where the entry of addr hangs, or would. */
static struct dev_mc **mc_place(struct net_device *dev, const u8 *addr)
{
	struct dev_mc **at = &dev->mc;

	while (*at && !ether_addr_equal((*at)->addr, addr))
		at = &(*at)->next;
	return at;
}

int dev_mc_add(struct net_device *dev, const u8 addr[ETH_ALEN], bool global)
{
	struct dev_mc **at = mc_place(dev, addr), *mc = *at;

	if (mc && global && mc->global)
		return 0;
	if (!mc) {
		mc = *at = plat_alloc(sizeof(*mc));
		if (!mc)
			return -ENOMEM;
		*mc = (struct dev_mc){0};
		memcpy(mc->addr, addr, ETH_ALEN);
	}
	mc->users++;
	mc->global |= global;
	return 0;
}

int dev_mc_del(struct net_device *dev, const u8 addr[ETH_ALEN], bool global)
{
	struct dev_mc **at = mc_place(dev, addr), *mc = *at;

	if (!mc || (global && !mc->global))
		return -ENOENT;
	if (global)
		mc->global = false;
	if (!--mc->users) {
		*at = mc->next;
		plat_free(mc);
	}
	return 0;
}

void dev_mc_flush(struct net_device *dev)
{
	struct dev_mc *mc;

	while ((mc = dev->mc)) {
		dev->mc = mc->next;
		plat_free(mc);
	}
}
