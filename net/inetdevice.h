/* SPDX-License-Identifier: MIT */
/*
 * IPv4 on a device: addresses and settings.
 *
 * The first address of a subnet is primary, later ones of the same subnet are secondary and go with it
 * (net.ipv4.conf.*.promote_secondaries keeps them). Adding an address fills the local table and adds the
 * connected route, as in Linux. All functions: softirq, or a thread with softirqs disabled.
 */
#pragma once

#include "net/netdevice.h"

#define MAX_IFADDRS 1024 /* per device */

/* rt_scope; the numbers are Linux's. */
enum {
	RT_SCOPE_UNIVERSE = 0,
	RT_SCOPE_SITE = 200,
	RT_SCOPE_LINK = 253,
	RT_SCOPE_HOST = 254,
	RT_SCOPE_NOWHERE = 255
};

/* in_ifaddr.flags; the numbers are Linux's. */
enum { IFA_F_SECONDARY = 0x01, IFA_F_NOPREFIXROUTE = 0x200, IFA_F_PERMANENT = 0x80 };

/*
 * Per-device settings, net.ipv4.conf.{all,default,DEV}.NAME: name, default.
 * conf.all begins with the same, but for accept_source_route 0. How "all" combines with the device's own value is Linux's (IN_DEV_* below).
 */
#define IPV4_DEVCONF_IGMP(X)                                                             \
	X(FORCE_IGMP_VERSION, force_igmp_version, 0)                                     \
	X(IGMPV2_UNSOLICITED_REPORT_INTERVAL, igmpv2_unsolicited_report_interval, 10000) \
	X(IGMPV3_UNSOLICITED_REPORT_INTERVAL, igmpv3_unsolicited_report_interval, 1000)

#define IPV4_DEVCONF(X)                                                \
	X(FORWARDING, forwarding, 0)                                   \
	X(RP_FILTER, rp_filter, 0)                                     \
	X(ARP_IGNORE, arp_ignore, 0)                                   \
	X(ARP_ANNOUNCE, arp_announce, 0)                               \
	X(ARP_FILTER, arp_filter, 0)                                   \
	X(ARP_ACCEPT, arp_accept, 0)                                   \
	X(ARP_NOTIFY, arp_notify, 0)                                   \
	X(PROXY_ARP, proxy_arp, 0)                                     \
	X(LOG_MARTIANS, log_martians, 0)                               \
	X(ACCEPT_LOCAL, accept_local, 0)                               \
	X(BC_FORWARDING, bc_forwarding, 0)                             \
	X(ROUTE_LOCALNET, route_localnet, 0)                           \
	X(SRC_VMARK, src_valid_mark, 0)                                \
	X(ACCEPT_SOURCE_ROUTE, accept_source_route, 1)                 \
	X(SHARED_MEDIA, shared_media, 1)                               \
	X(SEND_REDIRECTS, send_redirects, 1)                           \
	X(ACCEPT_REDIRECTS, accept_redirects, 1)                       \
	X(SECURE_REDIRECTS, secure_redirects, 1)                       \
	X(PROMOTE_SECONDARIES, promote_secondaries, 0)                 \
	X(PROXY_ARP_PVLAN, proxy_arp_pvlan, 0)                         \
	X(DROP_GRATUITOUS_ARP, drop_gratuitous_arp, 0)                 \
	X(ARP_EVICT_NOCARRIER, arp_evict_nocarrier, 1)                 \
	IPV4_DEVCONF_IGMP(X)                                           \
	X(IGNORE_ROUTES_WITH_LINKDOWN, ignore_routes_with_linkdown, 0) \
	X(DROP_UNICAST_IN_L2_MULTICAST, drop_unicast_in_l2_multicast, 0)

enum {
#define IPV4_DEVCONF_ENUM(name, text, def) IPV4_DEVCONF_##name,
	IPV4_DEVCONF(IPV4_DEVCONF_ENUM)
#undef IPV4_DEVCONF_ENUM
		IPV4_DEVCONF_NR
};

struct ipv4_devconf {
	int data[IPV4_DEVCONF_NR];
};

struct neigh_parms;
struct rtable;
struct ip_mc_device;

struct in_device {
	struct net_device *dev;
	struct list_head ifa_list; /* struct in_ifaddr, in the order they were added */
	u32 ifa_count;
	struct ipv4_devconf cnf;
	u64 cnf_own;                   /* settings that no longer follow conf.default, a bit each */
	struct neigh_parms *arp_parms; /* net.ipv4.neigh.DEV.* */
	struct rtable *rt_special[4];  /* ways by this device without a route */
	struct ip_mc_device *mc;       /* its groups (net/ipv4/igmp.h); NULL: none so far */
};

struct in_ifaddr {
	struct list_head list;
	struct in_device *in_dev;
	be32 local;   /* the address */
	be32 address; /* its subnet's address, or the peer's */
	be32 mask;
	be32 broadcast; /* 0: none */
	u8 prefixlen;
	u8 scope; /* RT_SCOPE_* */
	u32 flags;
	u32 metric;                   /* of its connected route */
	u32 valid_lft, preferred_lft; /* s, from tstamp; U32_MAX: for ever */
	u64 tstamp;                   /* plat_now() of its last change */
	char label[IFNAMSIZ];
};

/* What `ip addr add` says. */
struct ifaddr_config {
	be32 local, peer;   /* peer 0: none */
	be32 broadcast;     /* used if has_broadcast */
	u8 prefixlen;       /* 0..32 */
	bool has_broadcast; /* else none, as `ip addr add` without `brd` */
	bool has_scope;     /* else host for 127/8, universe for others */
	u8 scope;
	u32 flags; /* IFA_F_NOPREFIXROUTE or 0 */
	u32 metric;
	/*
	 * Seconds, U32_MAX: for ever; a valid_lft of 0: both for ever. An address whose valid_lft has passed is
	 * removed, one whose preferred_lft has is shown as deprecated.
	 */
	u32 valid_lft, preferred_lft;
	const char *label; /* NULL: the device's name */
	bool replace;      /* an equal address is changed; without it that is -EEXIST */
};

/*
 * 0, -EEXIST, -EINVAL (prefixlen, label; 0.0.0.0, groups and 255.255.255.255), -ERANGE (an address of the same subnet
 * has another scope), -ENOBUFS (MAX_IFADDRS), -ENOMEM.
 */
int inet_addr_add(struct net_device *dev, const struct ifaddr_config *cfg) __must_check;

/* prefixlen -1: any. -EADDRNOTAVAIL: no such address. */
int inet_addr_del(struct net_device *dev, be32 local, int prefixlen);

/* Removes all addresses. */
void inet_addr_flush(struct net_device *dev);

static inline struct in_device *in_dev_get(const struct net_device *dev)
{
	return (struct in_device *)dev->ip_ptr;
}

#define in_dev_for_each_ifa(ifa, in_dev) list_for_each_entry (ifa, &(in_dev)->ifa_list, list)

/* The device that has addr, NULL if none. */
struct net_device *ip_dev_find(struct net *net, be32 addr);

/*
 * A source address for dst (0: any) on dev (NULL: any) of at most scope: one in dst's subnet, else the
 * first primary; 0 if none.
 */
be32 inet_select_addr(struct net *net, const struct net_device *dev, be32 dst, u8 scope);

/* Whether a and b share one of the device's subnets. */
bool inet_addr_onlink(const struct in_device *in_dev, be32 a, be32 b);

/* A device's setting by itself, and as it takes effect (with conf.all). */
static inline int in_dev_conf(const struct in_device *in_dev, unsigned int which)
{
	return in_dev->cnf.data[which];
}
int in_dev_andconf(const struct in_device *in_dev, unsigned int which);
int in_dev_orconf(const struct in_device *in_dev, unsigned int which);
int in_dev_maxconf(const struct in_device *in_dev, unsigned int which);

/* 255.255.255.0 of 24. */
be32 inet_make_mask(unsigned int prefixlen);

static inline bool ipv4_is_loopback(be32 addr)
{
	return (addr & 0xff) == 127;
}

static inline bool ipv4_is_multicast(be32 addr)
{
	return (addr & 0xf0) == 0xe0;
}

/* 224.0.0/24: never beyond a router. */
static inline bool ipv4_is_local_multicast(be32 addr)
{
	return (addr & 0xffffff) == 0xe0;
}

/* The Ethernet address of a group (RFC 1112 s6.4). */
static inline void ip_eth_mc_map(be32 group, u8 addr[ETH_ALEN])
{
	addr[0] = 1;
	addr[1] = 0;
	addr[2] = 0x5e;
	addr[3] = group >> 8 & 0x7f;
	addr[4] = group >> 16;
	addr[5] = group >> 24;
}

/* 240/4: reserved, with the limited broadcast in it. */
static inline bool ipv4_is_badclass(be32 addr)
{
	return (addr & 0xf0) == 0xf0;
}

/* The rest of 0/8 are addresses like others, as in Linux since 5.3. */
static inline bool ipv4_is_zeronet(be32 addr)
{
	return addr == 0;
}

static inline bool ipv4_is_lbcast(be32 addr)
{
	return addr == U32_MAX;
}
