/* SPDX-License-Identifier: MIT */
/* What the files of IGMP share: mc_group.c (who listens), igmp.c (when to speak), igmp_report.c (what to say). */
#pragma once

#include "net/ipv4/igmp.h"
#include "net/wire/igmp_hdr.h"

static inline struct net *mc_net(const struct ip_mc_device *mc)
{
	return mc->in_dev->dev->net;
}

/* The local network's groups are reported by default, too, but for that of all hosts. */
static inline bool mc_reported(const struct ip_mc_list *im)
{
	return im->multiaddr != IGMP_ALL_HOSTS &&
	       (!ipv4_is_local_multicast(im->multiaddr) ||
		net_ipv4(im->in_dev->dev->net)->sysctl_igmp_link_local_mcast_reports);
}

/* Frees what no member needs and no report is to be about. */
void mc_sweep(struct ip_mc_device *mc);

/* ---- igmp.c ---- */

/* The version spoken on a device now: 1, 2 or 3. */
unsigned int igmp_version(const struct ip_mc_device *mc);
/* How often a change is told. */
u8 igmp_robustness(const struct ip_mc_device *mc);
void igmp_mc_init(struct ip_mc_device *mc);
/* Forgets what a querier said of itself, but not that older ones were about: as Linux. */
void igmp_mc_reset(struct ip_mc_device *mc);
void igmp_group_init(struct ip_mc_list *im);
/* im has its first member (or its device came up), or has lost its last. */
void igmp_group_added(struct ip_mc_list *im);
void igmp_group_dropped(struct ip_mc_list *im);
/* There are changes to report: im's crcounts. */
void igmp_ifc_event(struct ip_mc_device *mc);
void igmp_stop(struct ip_mc_device *mc);

/* ---- igmp_report.c ---- */

/* Versions 1 and 2: a report, or a leave. */
void igmp_send_report(struct ip_mc_list *im, u8 type);
/* Version 3: the state of all groups, or of one. */
void igmpv3_send_state(struct ip_mc_device *mc, struct ip_mc_list *only);
/* Version 3: what has changed; each change is then due one time less. */
void igmpv3_send_changes(struct ip_mc_device *mc);
