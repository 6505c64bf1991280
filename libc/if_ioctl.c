/* SPDX-License-Identifier: MIT */
/* The ioctls of sockets that ask about an interface or a neighbour: netdevice(7), arp(7). */
#include "net/inetdevice.h"
#include "net/neighbour.h" /* both before net/if.h, which makes macros of its flags' names */

#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/libc.h"

static int put_address(struct sockaddr *out, be32 addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = addr};

	memcpy(out, &in, sizeof(in));
	return 0;
}

/* The first address, as Linux picks it. */
static int address_ioctl(const struct net_device *dev, unsigned long request, struct ifreq *ifr)
{
	const struct in_device *in_dev = in_dev_get(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev || list_empty(&in_dev->ifa_list))
		return -EADDRNOTAVAIL;
	ifa = list_first_entry(&in_dev->ifa_list, struct in_ifaddr, list);
	if (request == SIOCGIFADDR)
		return put_address(&ifr->ifr_addr, ifa->local);
	if (request == SIOCGIFNETMASK)
		return put_address(&ifr->ifr_netmask, ifa->mask);
	return put_address(&ifr->ifr_broadaddr, ifa->broadcast);
}

static int device_ioctl(const struct net_device *dev, unsigned long request, struct ifreq *ifr)
{
	switch (request) {
	case SIOCGIFINDEX:
		ifr->ifr_ifindex = dev->ifindex;
		return 0;
	case SIOCGIFMTU:
		ifr->ifr_mtu = dev->mtu;
		return 0;
	case SIOCGIFFLAGS:
		ifr->ifr_flags = dev->flags | (dev->carrier ? IFF_RUNNING : 0);
		return 0;
	case SIOCGIFHWADDR:
		memset(&ifr->ifr_hwaddr, 0, sizeof(ifr->ifr_hwaddr));
		ifr->ifr_hwaddr.sa_family = dev->type;
		memcpy(ifr->ifr_hwaddr.sa_data, dev->dev_addr, ETH_ALEN);
		return 0;
	case SIOCGIFADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFBRDADDR:
		return address_ioctl(dev, request, ifr);
	default:
		return -ENOTTY;
	}
}

/* arp(7). The device must be named. */
static int arp_ioctl(struct net_device *dev, struct arpreq *r)
{
	struct sockaddr_in in;
	struct neighbour *n;

	memcpy(&in, &r->arp_pa, sizeof(in));
	if (in.sin_family != AF_INET)
		return -EPFNOSUPPORT;
	n = neigh_lookup(dev, in.sin_addr.s_addr);
	if (!n || n->nud_state & NUD_NOARP)
		return -ENXIO;
	r->arp_flags = n->nud_state & NUD_PERMANENT ? ATF_PERM | ATF_COM
		       : n->nud_state & NUD_VALID   ? ATF_COM
						    : 0;
	r->arp_ha.sa_family = dev->type;
	memcpy(r->arp_ha.sa_data, n->ha, ETH_ALEN);
	return 0;
}

int if_ioctl(unsigned long request, void *arg)
{
	struct ifreq *ifr = arg;
	char name[IFNAMSIZ];
	struct net_device *dev;
	int err = -ENODEV;

	if (request != SIOCGARP && (request < SIOCGIFFLAGS || request > SIOCGIFINDEX))
		return -ENOTTY;
	memcpy(name, request == SIOCGARP ? ((struct arpreq *)arg)->arp_dev : ifr->ifr_name,
	       sizeof(name));
	name[IFNAMSIZ - 1] = '\0';
	local_bh_disable();
	dev = dev_get_by_name(libc_net(), name);
	if (dev)
		err = request == SIOCGARP ? arp_ioctl(dev, arg) : device_ioctl(dev, request, ifr);
	local_bh_enable();
	return err;
}
