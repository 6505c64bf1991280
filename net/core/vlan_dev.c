/* SPDX-License-Identifier: MIT */
/* VLAN devices: made, removed, and what they take over from the device below. */
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/core/vlan_core.h"
#include "net/wire/eth_hdr.h"

/* The device below must hear more than its own address when ours differs, or when we want to hear all. */
static void vlan_sync_filter(struct net_device *dev)
{
	struct net_device *lower = dev->lower;
	bool wants = dev->flags & IFF_UP && (dev->flags & IFF_PROMISC ||
					     !ether_addr_equal(dev->dev_addr, lower->dev_addr));

	if (wants == dev->vlan_promisc)
		return;
	dev->vlan_promisc = wants;
	lower->uc_promisc += wants ? 1 : -1;
	if (lower->flags & IFF_UP && lower->ops->ndo_set_rx_mode)
		lower->ops->ndo_set_rx_mode(lower);
}

static int vlan_open(struct net_device *dev)
{
	return dev->lower->flags & IFF_UP ? 0 : -ENETDOWN;
}

static int vlan_change_mtu(struct net_device *dev, u32 mtu)
{
	return mtu > dev->lower->mtu ? -ERANGE : 0;
}

static int vlan_set_mac_address(struct net_device *dev, const u8 addr[ETH_ALEN])
{
	memcpy(dev->dev_addr, addr, ETH_ALEN);
	dev->addr_told = true;
	vlan_sync_filter(dev);
	return 0;
}

static const struct net_device_ops vlan_ops = {
	.ndo_open = vlan_open,
	.ndo_stop = vlan_sync_filter,
	.ndo_start_xmit = vlan_start_xmit,
	.ndo_change_mtu = vlan_change_mtu,
	.ndo_set_mac_address = vlan_set_mac_address,
	.ndo_set_rx_mode = vlan_sync_filter,
};

/* ---- the group of a device ---- */

static void group_free_if_empty(struct net_device *lower)
{
	struct vlan_group *group = lower->vlans;

	if (!list_empty(&group->devs))
		return;
	for (u32 i = 0; i < VLAN_PARTS; i++)
		plat_free(group->part[i]);
	plat_free(group);
	lower->vlans = NULL;
}

/* The place for vid; NULL: no memory. */
static struct net_device **group_slot(struct net_device *lower, u32 vid)
{
	size_t size = VLAN_PART_SIZE * sizeof(struct net_device *);
	struct net_device ***part;

	if (!lower->vlans) {
		lower->vlans = plat_alloc(sizeof(*lower->vlans));
		if (!lower->vlans)
			return NULL;
		memset(lower->vlans, 0, sizeof(*lower->vlans));
		INIT_LIST_HEAD(&lower->vlans->devs);
	}
	part = &lower->vlans->part[vid / VLAN_PART_SIZE];
	if (!*part) {
		*part = plat_alloc(size);
		if (!*part) {
			group_free_if_empty(lower);
			return NULL;
		}
		memset(*part, 0, size);
	}
	return &(*part)[vid % VLAN_PART_SIZE];
}

/* ---- made and removed ---- */

static int vlan_check(const struct net_device *lower, const struct vlan_config *cfg)
{
	if (cfg->vid > VLAN_VID_MAX)
		return -ERANGE;
	if (lower->lower || lower->flags & IFF_LOOPBACK)
		return -EOPNOTSUPP;
	if (cfg->mtu > lower->mtu)
		return -EINVAL;
	if (cfg->has_addr && !is_valid_ether_addr(cfg->addr))
		return -EADDRNOTAVAIL;
	return 0;
}

static void vlan_fill(struct net_device *dev, struct net_device *lower,
		      const struct vlan_config *cfg)
{
	memset(dev, 0, sizeof(*dev));
	strscpy(dev->name, cfg->name[0] ? cfg->name : "vlan%d", IFNAMSIZ);
	dev->ops = &vlan_ops;
	dev->net = lower->net;
	dev->lower = lower;
	dev->vlan_id = cfg->vid;
	dev->mtu = cfg->mtu ? cfg->mtu : lower->mtu;
	dev->needed_headroom = lower->needed_headroom + VLAN_HLEN;
	dev->features = NETIF_F_HW_CSUM; /* or the device below, or for it */
	dev->flags = lower->flags & IFF_NOARP;
	dev->carrier = lower->carrier;
	dev->addr_told = cfg->has_addr;
	memcpy(dev->dev_addr, cfg->has_addr ? cfg->addr : lower->dev_addr, ETH_ALEN);
}

int vlan_dev_add(struct net_device *lower, const struct vlan_config *cfg, struct net_device **out)
{
	int err = vlan_check(lower, cfg);
	struct net_device **slot, *dev;

	if (err)
		return err;
	slot = group_slot(lower, cfg->vid);
	if (!slot)
		return -ENOMEM;
	if (*slot)
		return -EBUSY;
	dev = plat_alloc(sizeof(*dev));
	err = -ENOMEM;
	if (dev) {
		vlan_fill(dev, lower, cfg);
		err = register_netdev(dev);
	}
	if (err) {
		plat_free(dev);
		group_free_if_empty(lower);
		return err;
	}
	*slot = dev;
	list_add_tail(&dev->vlan_list, &lower->vlans->devs);
	*out = dev;
	return 0;
}

void vlan_dev_del(struct net_device *dev)
{
	struct net_device *lower = dev->lower;

	unregister_netdev(dev);
	*group_slot(lower, dev->vlan_id) = NULL;
	list_del(&dev->vlan_list);
	group_free_if_empty(lower);
	plat_free(dev);
}

/* ---- what happens below ---- */

static void vlan_follow(struct net_device *dev, unsigned int event)
{
	struct net_device *lower = dev->lower;

	switch (event) {
	case NETDEV_CHANGEADDR:
		if (!dev->addr_told)
			dev_inherit_address(dev, lower->dev_addr);
		vlan_sync_filter(dev);
		return;
	case NETDEV_CHANGEMTU:
		if (dev->mtu > lower->mtu)
			(void)dev_set_mtu(dev, lower->mtu);
		return;
	case NETDEV_UP:
		(void)dev_open(dev); /* without memory it stays down, and shows it */
		break;
	case NETDEV_DOWN:
		dev_close(dev);
		break;
	}
	if (lower->carrier)
		netif_carrier_on(dev);
	else
		netif_carrier_off(dev);
}

void vlan_device_event(struct net_device *lower, unsigned int event)
{
	struct net_device *dev;

	if (event == NETDEV_UNREGISTER) {
		while (lower->vlans) /* the last one takes the group with it */
			vlan_dev_del(list_first_entry(&lower->vlans->devs, struct net_device,
						      vlan_list));
		return;
	}
	list_for_each_entry (dev, &lower->vlans->devs, vlan_list)
		vlan_follow(dev, event);
}
