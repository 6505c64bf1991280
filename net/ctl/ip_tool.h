/* SPDX-License-Identifier: MIT */
/* ip's objects; and what `ip addr` and `ip link` show of a device alike. */
#pragma once

#include "net/ctl/tool.h"
#include "net/netdevice.h"

int ip_addr_main(struct ctl *c, struct ctl_words *w);
int ip_link_main(struct ctl *c, struct ctl_words *w);
int ip_route_main(struct ctl *c, struct ctl_words *w);
int ip_rule_main(struct ctl *c, struct ctl_words *w);
int ip_neigh_main(struct ctl *c, struct ctl_words *w);
int ip_maddr_main(struct ctl *c, struct ctl_words *w);

/* A device as it was at one moment. */
struct link_row {
	u32 ifindex, flags, mtu, qlen;
	u16 type;
	bool carrier;
	char name[IFNAMSIZ], lower[IFNAMSIZ]; /* lower "": this is no VLAN */
	u16 vlan_id;
	bool lower_up, promiscuous;
	u32 min_mtu, max_mtu, carrier_changes;
	u8 addr[ETH_ALEN], broadcast[ETH_ALEN];
	struct net_device_stats stats;
};

/* The device with the least number above ifindex; NULL: none. Softirqs off. */
struct net_device *link_after(struct ctl *c, u32 ifindex);
void link_copy(struct link_row *row, const struct net_device *dev);

/* "UP", "DOWN", "UNKNOWN", as Linux's operational state. */
const char *link_state(const struct link_row *row);

/* The lines of a device; with_mode: "mode DEFAULT" (`ip link`), with_address: the second line. */
void link_print(struct ctl *c, const struct link_row *row, bool with_mode, bool with_address);
void link_print_stats(struct ctl *c, const struct link_row *row);
void link_print_brief(struct ctl *c, const struct link_row *row);

/* -d: what more there is to say of it. */
void link_print_details(struct ctl *c, const struct link_row *row);

/* `ip link add`, `ip link delete`. */
int ip_link_add(struct ctl *c, struct ctl_words *w);
int ip_link_del(struct ctl *c, struct ctl_words *w);

/* What the words of `ip link set` and `ip link add` ask for. */
struct link_wish {
	const char *dev, *name, *link;
	bool has_mtu, has_addr, has_qlen;
	u32 mtu, qlen;
	u8 addr[ETH_ALEN];
	u32 flags, change; /* of IFF_UP, IFF_PROMISC, IFF_ALLMULTI, IFF_NOARP */
};

/* One word with its values. 0, or the exit status. */
int link_parse_word(struct ctl *c, struct ctl_words *w, struct link_wish *wish);
int link_parse_on_off(struct ctl *c, struct ctl_words *w, const char *key, bool *on);

/* Softirqs off. On error the device is as it was. */
int link_apply(struct net_device *dev, const struct link_wish *wish);

/* What ends a line inside a record: a newline, or with -o a backslash. */
static inline const char *ip_newline(const struct ctl *c)
{
	return c->oneline ? "\\" : "\n";
}
