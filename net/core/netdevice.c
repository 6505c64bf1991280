/* SPDX-License-Identifier: MIT */
/*
 * The register of devices: names, numbers, up and down, and who is told of it.
 *
 * Life of a device: register_netdev -> dev_open -> dev_close -> unregister_netdev. Each step tells the
 * notifiers; IPv4 hangs its part on the device at NETDEV_REGISTER and takes it off at NETDEV_UNREGISTER.
 */
#include "lib/errno.h"
#include "lib/fmt.h"
#include "net/core/net_namespace.h"
#include "net/core/nf_queue.h"
#include "net/core/vlan_core.h"
#include "net/wire/arp_hdr.h"
#include "net/wire/eth_hdr.h"

#define TX_QUEUE_LEN 1000
#define MTU_MIN      68    /* RFC 791 s3.2: every hop takes 68 bytes */
#define MTU_MAX      65535 /* IPv4's total length */

static int call_notifiers(struct net *net, struct net_device *dev, unsigned int event)
{
	struct netdev_notifier *nb;
	int err;

	list_for_each_entry (nb, &net->netdev_notifiers, list) {
		err = nb->fn(net, dev, event);
		if (err)
			return err;
	}
	if (dev->vlans)
		vlan_device_event(dev, event);
	return 0;
}

int register_netdevice_notifier(struct net *net, struct netdev_notifier *nb)
{
	struct net_device *dev;
	int err;

	list_for_each_entry (dev, &net->dev_list, list) {
		err = nb->fn(net, dev, NETDEV_REGISTER);
		if (!err && dev->flags & IFF_UP)
			err = nb->fn(net, dev, NETDEV_UP);
		if (err)
			goto undo;
	}
	list_add_tail(&nb->list, &net->netdev_notifiers);
	return 0;
undo:
	list_for_each_entry (dev, &net->dev_list, list)
		nb->fn(net, dev, NETDEV_UNREGISTER);
	return err;
}

void unregister_netdevice_notifier(struct net *net, struct netdev_notifier *nb)
{
	struct net_device *dev;

	list_del(&nb->list);
	list_for_each_entry (dev, &net->dev_list, list) {
		if (dev->flags & IFF_UP)
			nb->fn(net, dev, NETDEV_DOWN);
		nb->fn(net, dev, NETDEV_UNREGISTER);
	}
}

struct net_device *dev_get_by_index(struct net *net, u32 ifindex)
{
	return ifindex <= MAX_NETDEVS ? net->dev_by_index[ifindex] : NULL;
}

struct net_device *dev_get_by_name(struct net *net, const char *name)
{
	struct net_device *dev;

	list_for_each_entry (dev, &net->dev_list, list) {
		if (strcmp(dev->name, name) == 0)
			return dev;
	}
	return NULL;
}

/* As Linux: neither empty nor a path, no blanks; nor a name that settings have for themselves. */
bool dev_valid_name(const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	if (!len || len == IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strcmp(name, "all") == 0 || strcmp(name, "default") == 0)
		return false;
	for (; *name; name++) {
		if (*name == '/' || *name == ':' || *name == '%' || *name <= ' ' || *name > '~')
			return false;
	}
	return true;
}

/* Puts the lowest free number in place of %d. */
static int dev_alloc_name(struct net_device *dev)
{
	char *mark = strchr(dev->name, '%'), name[IFNAMSIZ + 20];
	size_t n = mark ? mark - dev->name : 0;

	if (!mark)
		return dev_get_by_name(dev->net, dev->name) ? -EEXIST : 0;
	if (mark[1] != 'd' || mark[2])
		return -EINVAL;
	memcpy(name, dev->name, n);
	for (unsigned int i = 0; i < MAX_NETDEVS; i++) {
		if (n + fmt_number(name + n, i, 10) >= IFNAMSIZ)
			return -EINVAL;
		if (!dev_get_by_name(dev->net, name))
			return (int)min(strscpy(dev->name, name, IFNAMSIZ), 0L);
	}
	return -ENFILE;
}

/* The next one: a number is used again as late as can be, for sockets and settings may still name it. */
static u32 dev_free_index(const struct net *net)
{
	u32 i = net->last_ifindex;

	for (u32 n = 0; n < MAX_NETDEVS; n++) {
		i = i % MAX_NETDEVS + 1;
		if (!net->dev_by_index[i])
			return i;
	}
	return MAX_NETDEVS + 1;
}

static void dev_set_defaults(struct net_device *dev)
{
	if (!dev->type)
		dev->type = ARPHRD_ETHER;
	if (dev->type == ARPHRD_ETHER)
		dev->flags |= IFF_BROADCAST | IFF_MULTICAST;
	dev->flags &= ~(u32)IFF_UP;
	memset(dev->broadcast, dev->type == ARPHRD_ETHER ? 0xff : 0, ETH_ALEN);
	dev->hard_header_len = ETH_HLEN;
	dev->min_mtu = dev->min_mtu ? dev->min_mtu : MTU_MIN;
	dev->max_mtu = dev->max_mtu ? dev->max_mtu : MTU_MAX;
	dev->mtu = dev->mtu ? dev->mtu : 1500;
	dev->tx_queue_len = dev->tx_queue_len ? dev->tx_queue_len : TX_QUEUE_LEN;
	dev->tx_stopped = false;
	dev->flush_pending = false;
	dev->ip_ptr = NULL;
	dev->mc = NULL;
	skb_queue_head_init(&dev->tx_queue);
	INIT_LIST_HEAD(&dev->flush_list);
	INIT_LIST_HEAD(&dev->napi_list);
}

static int dev_attach(struct net *net, struct net_device *dev)
{
	int err;

	dev->ifindex = dev_free_index(net);
	if (dev->ifindex > MAX_NETDEVS)
		return -ENFILE;
	err = dev_alloc_name(dev);
	if (err)
		return err;
	if (!dev_valid_name(dev->name))
		return -EINVAL;
	dev_set_defaults(dev);
	if (dev->mtu < dev->min_mtu || dev->mtu > dev->max_mtu)
		return -EINVAL;
	list_add_tail(&dev->list, &net->dev_list);
	net->dev_by_index[dev->ifindex] = dev;
	net->last_ifindex = dev->ifindex;
	dev->registered = true;
	return 0;
}

static void dev_detach(struct net *net, struct net_device *dev)
{
	if (dev->vlans)
		vlan_device_event(dev, NETDEV_UNREGISTER);
	call_notifiers(net, dev, NETDEV_UNREGISTER);
	dev_mc_flush(dev);
	list_del(&dev->list);
	net->dev_by_index[dev->ifindex] = NULL;
	dev->registered = false;
}

int register_netdev(struct net_device *dev)
{
	struct net *net = dev->net;
	int err;

	plat_bh_disable();
	err = dev_attach(net, dev);
	if (!err) {
		err = call_notifiers(net, dev, NETDEV_REGISTER);
		if (err)
			dev_detach(net, dev);
	}
	plat_bh_enable();
	return err;
}

static void purge_backlog(struct net *net, const struct net_device *dev)
{
	struct sk_buff *skb = net->backlog.next, *next;

	for (; skb != (struct sk_buff *)&net->backlog; skb = next) {
		next = skb->next;
		if (skb->dev != dev)
			continue;
		skb_unlink(&net->backlog, skb);
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_UNREGISTERED);
	}
}

void unregister_netdev(struct net_device *dev)
{
	struct net *net = dev->net;

	plat_bh_disable();
	dev_close(dev);
	purge_backlog(net, dev);
	nf_queue_flush(net, NULL, dev);
	dev_detach(net, dev);
	plat_bh_enable();
}

int dev_open(struct net_device *dev)
{
	int err;

	if (dev->flags & IFF_UP)
		return 0;
	err = dev->ops->ndo_open ? dev->ops->ndo_open(dev) : 0;
	if (err)
		return err;
	dev->flags |= IFF_UP;
	err = call_notifiers(dev->net, dev, NETDEV_UP);
	if (err)
		dev_close(dev);
	else if (dev->ops->ndo_set_rx_mode)
		dev->ops->ndo_set_rx_mode(dev);
	return err;
}

void dev_close(struct net_device *dev)
{
	if (!(dev->flags & IFF_UP))
		return;
	call_notifiers(dev->net, dev, NETDEV_GOING_DOWN);
	dev->flags &= ~(u32)IFF_UP;
	if (dev->flush_pending) {
		list_del_init(&dev->flush_list);
		dev->flush_pending = false;
	}
	if (dev->ops->ndo_stop)
		dev->ops->ndo_stop(dev);
	skb_queue_purge(&dev->tx_queue, SKB_DROP_REASON_DEV_NOT_UP);
	dev->tx_stopped = false;
	nf_queue_flush(dev->net, NULL, dev);
	call_notifiers(dev->net, dev, NETDEV_DOWN);
}

int dev_set_mtu(struct net_device *dev, u32 mtu)
{
	int err;

	if (mtu < dev->min_mtu || mtu > dev->max_mtu)
		return -EINVAL;
	if (mtu == dev->mtu)
		return 0;
	err = dev->ops->ndo_change_mtu ? dev->ops->ndo_change_mtu(dev, mtu) : 0;
	if (err)
		return err;
	dev->mtu = mtu;
	return call_notifiers(dev->net, dev, NETDEV_CHANGEMTU);
}

int dev_set_mac_address(struct net_device *dev, const u8 addr[ETH_ALEN])
{
	int err;

	if (!dev->ops->ndo_set_mac_address)
		return -EOPNOTSUPP;
	if (!is_valid_ether_addr(addr))
		return -EADDRNOTAVAIL;
	err = dev->ops->ndo_set_mac_address(dev, addr);
	if (err)
		return err;
	dev_inherit_address(dev, addr);
	return 0;
}

void dev_inherit_address(struct net_device *dev, const u8 addr[ETH_ALEN])
{
	memcpy(dev->dev_addr, addr, ETH_ALEN);
	(void)call_notifiers(dev->net, dev, NETDEV_CHANGEADDR);
}

int dev_change_name(struct net_device *dev, const char *name)
{
	if (strcmp(dev->name, name) == 0)
		return 0;
	if (!dev_valid_name(name))
		return -EINVAL;
	if (dev_get_by_name(dev->net, name))
		return -EEXIST;
	strscpy(dev->name, name, IFNAMSIZ);
	(void)call_notifiers(dev->net, dev, NETDEV_CHANGENAME);
	return 0;
}

void dev_change_flags(struct net_device *dev, u32 flags)
{
	u32 mask = IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP, changed = (dev->flags ^ flags) & mask;

	dev->flags ^= changed;
	if (changed & ~(u32)IFF_NOARP && dev->ops->ndo_set_rx_mode)
		dev->ops->ndo_set_rx_mode(dev);
	if (changed & IFF_NOARP)
		(void)call_notifiers(dev->net, dev, NETDEV_CHANGEARP);
}

static void set_carrier(struct net_device *dev, bool on)
{
	if (dev->carrier == on)
		return;
	dev->carrier = on;
	dev->carrier_changes++;
	if (!dev->registered)
		return;
	plat_bh_disable();
	call_notifiers(dev->net, dev, NETDEV_CHANGE);
	plat_bh_enable();
}

void netif_carrier_on(struct net_device *dev)
{
	set_carrier(dev, true);
}

void netif_carrier_off(struct net_device *dev)
{
	set_carrier(dev, false);
}
