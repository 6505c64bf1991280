/* SPDX-License-Identifier: MIT */
/* What IPv4 hangs on struct net. */
#pragma once

#include "lib/byteorder.h"
#include "net/core/net_namespace.h"
#include "net/core/packet_type.h"
#include "net/ip.h"
#include "net/neighbour.h"

#define RT_CACHE_SIZE 256 /* per direction; direct-mapped */

struct fib_state;
struct neigh_table;
struct ip_frags;

/* Tokens that come back with time. */
struct icmp_bucket {
	u64 stamp; /* plat_now() of the last refill */
	s64 credit;
};

/* See net/ipv4/inetpeer.h. */
struct inet_peer {
	be32 addr;
	bool used;
	u32 n_redirects;
	u64 rate_tokens, rate_last; /* ns */
};

/* net.ipv4.route.{error,redirect}_* count the 250 ticks a second of Linux as it is shipped; ns. */
#define IPV4_TICKS(n) ((u64)(n) * (NSEC_PER_SEC / 250))

/* Direct-mapped caches of lookups: an entry counts while its route is valid and its key fits. */
struct rt_in_key {
	u64 addrs; /* source and destination, as they stand in the header */
	u64 rest;  /* ifindex, and TOS above */
};

struct rt_cache_in {
	struct rt_in_key key;
	struct rtable *rt; /* held */
};

struct rt_cache_out {
	be32 daddr, saddr; /* as asked */
	u32 oif, bits;
	be32 src; /* as answered */
	u32 out_oif;
	struct rtable *rt; /* held */
};

/* At most burst events of a kind in a while. */
struct ratelimit {
	u64 begin;
	u32 count;
};

struct netns_ipv4 {
	struct net *net;
	const struct net_protocol *protos[256];
	const struct raw_ops *raw_ops;
	const struct ping_ops *ping_ops;
	u32 demux_socks; /* sockets that some early_demux may find */
	/* An address is being taken away; NULL: nobody cares. */
	void (*addr_gone)(struct net *net, const struct net_device *dev, be32 addr);

	/* routing */
	u32 rt_genid;
	u32 fnhe_genid;
	be32 own_addr; /* has been found to be ours while rt_genid was own_genid */
	u32 own_genid;
	struct timer addr_timer; /* when the next address's valid_lft is over */
	struct fib_state *fib;
	struct rt_cache_in in_cache[RT_CACHE_SIZE];
	struct rt_cache_out out_cache[RT_CACHE_SIZE];
	struct ratelimit martian_log;

	struct neigh_table *arp;
	struct ip_frags *frags;

	/* settings */
	struct ipv4_devconf devconf_all, devconf_dflt;
	int sysctl_ip_default_ttl;
	int sysctl_ip_early_demux, sysctl_udp_early_demux;
	int sysctl_ip_no_pmtu_disc; /* sockets begin without path MTU discovery */
	int sysctl_icmp_echo_ignore_all;
	int sysctl_icmp_echo_ignore_broadcasts;
	int sysctl_icmp_ignore_bogus_error_responses;
	int sysctl_icmp_errors_use_inbound_ifaddr;
	int sysctl_icmp_ratelimit; /* ms */
	int sysctl_icmp_ratemask;
	int sysctl_icmp_msgs_per_sec;
	int sysctl_icmp_msgs_burst;
	int sysctl_ip_fwd_use_pmtu;
	int sysctl_min_pmtu, sysctl_mtu_expires, sysctl_gc_timeout; /* bytes, s, s */
	int sysctl_max_routes;
	int sysctl_fib_multipath_hash_policy; /* 0: addresses; 1: ports too */
	int sysctl_fib_multipath_use_neigh;
	int sysctl_error_cost, sysctl_error_burst;                                 /* ticks */
	int sysctl_redirect_number, sysctl_redirect_load, sysctl_redirect_silence; /* ticks */
	int sysctl_igmp_max_memberships; /* groups of a socket */
	int sysctl_igmp_max_msf;         /* sources of a socket in a group */
	u32 mc_ids;
	int sysctl_ip_nonlocal_bind;
	int sysctl_igmp_qrv; /* robustness while no querier says another */
	int sysctl_igmp_link_local_mcast_reports;
	struct icmp_bucket icmp_global;
	bool icmp_busy; /* a message is on its way out */
	struct inet_peer peers[256];

	/* identification: a counter per slot of destinations, each with a random start (RFC 6864, RFC 7739) */
	struct siphash_key ip_id_key;
	u32 ip_idents[2048];

	struct packet_type ip_packet_type, arp_packet_type;
	struct netdev_notifier notifier;
};

static inline struct netns_ipv4 *net_ipv4(const struct net *net)
{
	return net->ipv4;
}

extern const struct pernet_operations ipv4_net_ops;
