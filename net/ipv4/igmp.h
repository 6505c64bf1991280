/* SPDX-License-Identifier: MIT */
/*
 * Multicast groups of devices, and IGMP, which tells routers of them.
 *
 * A socket's filter of a group (mode and sources) counts in the device's; what the device then listens to, by the rules of
 * RFC 3376 s3.2, is what is reported. A group lives as long as a socket is in it, and a little longer when
 * routers are still to be told that it ended. All functions: softirq.
 */
#pragma once

#include "net/ipv4/netns_ipv4.h"
#include "net/sockopt.h"

#define IGMP_ALL_HOSTS CPU_TO_BE32(0xe0000001)
#define MC_GROUPS_MAX  65536 /* per device */
#define MC_HASH_BITS   7

/* A filter of a group: all sources but these, or only these. */
struct ip_mc_filter {
	u8 mode; /* MCAST_EXCLUDE or MCAST_INCLUDE */
	u32 n;
	const be32 *src;
};

/*
 * One member's filter of a group of a device, as it was and as it is to be. old NULL: it joins; new NULL: it leaves. 0, -ENOMEM,
 * -ENOBUFS (MC_GROUPS_MAX); nothing changed on error; leaving never fails.
 */
int ip_mc_change(struct in_device *in_dev, be32 group, const struct ip_mc_filter *old,
		 const struct ip_mc_filter *new);

/* A source of a group that somebody named. */
struct ip_sf_list {
	struct list_head list; /* in the order they were named */
	be32 addr;
	u32 count[2]; /* members that exclude, include it */
	u8 crcount;   /* reports of its change that are still to be sent */
	bool in;      /* stands in the device's list */
	bool gsresp;  /* a router has asked for it */
};

/* A group of a device. */
struct ip_mc_list {
	struct list_head list; /* newest first */
	struct hlist_node hash;
	struct in_device *in_dev;
	be32 multiaddr;
	u32 users;  /* members; 0: it ends when routers have been told */
	u32 serial; /* of its joining */
	struct list_head sources;
	u32 sfcount[2];     /* members in each mode */
	u8 sfmode;          /* the device's */
	u8 crcount;         /* reports of sfmode's change still to be sent */
	u8 unsolicit_count; /* versions 1 and 2: reports nobody asked for */
	bool loaded;        /* the device listens to its address */
	bool reporter;      /* version 2: we were the last to report it */
	bool gsquery;       /* the answer is about sources that were asked for */
	struct timer timer; /* the answer to a query, or an unsolicited report */
};

/* A device's part; made when it is first needed. */
struct ip_mc_device {
	struct in_device *in_dev;
	struct list_head groups;
	struct hlist_head hash[1 << MC_HASH_BITS];
	u32 id; /* no other of this stack has or had it */
	u32 nr, serial;
	u32 allhosts_serial; /* when the device last came up and so joined 224.0.0.1 */
	bool allhosts_loaded;
	struct timer gq_timer;  /* the answer to a general query */
	struct timer ifc_timer; /* the next report of changes */
	u64 v1_until, v2_until; /* a querier of that version is about; 0: none seen */
	u64 qi, qri;            /* the querier's interval, and its response interval; ns */
	u8 qrv;                 /* its robustness */
	u8 ifc_count;           /* reports of changes still to be sent */
};

/* NULL: no memory. */
struct ip_mc_device *ip_mc_device(struct in_device *in_dev);

/* NULL: it is not there. */
struct ip_mc_list *mc_find(const struct ip_mc_device *mc, be32 group);

/* Whether the device takes packets to group, from saddr (0: some source). IGMP is not filtered by sources. */
bool ip_check_mc(const struct in_device *in_dev, be32 group, be32 saddr, u8 proto);

/* Device events. */
void ip_mc_up(struct in_device *in_dev);
void ip_mc_down(struct in_device *in_dev);
void ip_mc_destroy(struct in_device *in_dev);

/* Packets of IGMP. */
void igmp_rcv(struct net *net, struct sk_buff *skb);
int igmp_init(struct net *net) __must_check;
void igmp_exit(struct net *net);

/* ---- sockets' memberships (mc_sock.c); errors are Linux's ---- */

struct sock;

/* Which group where: ifindex, else the device that has address, else where a route says. */
struct ip_mreqn_k {
	be32 group, address;
	u32 ifindex;
};

int ip_mc_join_group(struct sock *sk, struct ip_mreqn_k *mreq, u8 mode);
int ip_mc_leave_group(struct sock *sk, const struct ip_mreqn_k *mreq);
/* Adds a source to the socket's list, which is of mode, or takes it out. */
int ip_mc_source(struct sock *sk, const struct ip_mreqn_k *mreq, be32 source, u8 mode, bool add);
int ip_mc_msfilter(struct sock *sk, const struct ip_mreqn_k *mreq, const struct ip_mc_filter *f);
/* *f is lent. */
int ip_mc_msfget(struct sock *sk, const struct ip_mreqn_k *mreq, struct ip_mc_filter *f);
/* Leaves all groups. */
void ip_mc_drop_socket(struct sock *sk);
