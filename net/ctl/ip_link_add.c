/* SPDX-License-Identifier: MIT */
/* ip link add ... type vlan, ip link delete. */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/core/net_namespace.h"
#include "net/ctl/ip_tool.h"
#include "net/vlan.h"

#define VLAN_ID_NONE U32_MAX

static int vlan_usage(struct ctl *c, const char *word)
{
	ctl_complain(c,
		     "vlan: unknown command \"%s\"?\n"
		     "Usage: ... vlan id VLANID [ protocol 802.1Q ] [ reorder_hdr on ]\n"
		     "\n"
		     "VLANID := 0-4094\n",
		     word);
	return 1;
}

/* Settings of which only one value is there: it may be said. */
static int parse_fixed(struct ctl *c, struct ctl_words *w, const char *key, bool only)
{
	bool on;
	int status = link_parse_on_off(c, w, key, &on);

	if (status || on == only)
		return status;
	ctl_complain(c, "Error: 8021q: %s %s is not supported.\n", key, only ? "off" : "on");
	return 2;
}

static int parse_protocol(struct ctl *c, struct ctl_words *w)
{
	const char *value = ctl_value(c, w);

	if (!value)
		return c->status;
	if (!strcmp(value, "802.1Q") || !strcmp(value, "802.1q"))
		return 0;
	if (strcmp(value, "802.1ad") != 0)
		return ctl_invarg(c, value, "protocol is invalid");
	ctl_complain(c, "Error: 8021q: protocol 802.1ad is not supported.\n");
	return 2;
}

static int parse_vlan_word(struct ctl *c, struct ctl_words *w, struct vlan_config *cfg)
{
	static const char *const fixed[] = {"reorder_hdr", "gvrp", "mvrp", "loose_binding",
					    "bridge_binding"};
	const char *value;

	if (ctl_take_abbrev(w, "protocol"))
		return parse_protocol(c, w);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		if (ctl_take(w, fixed[i]))
			return parse_fixed(c, w, fixed[i], i == 0);
	}
	if (!ctl_take(w, "id"))
		return vlan_usage(c, ctl_word(w));
	value = ctl_value(c, w);
	if (!value)
		return c->status;
	if (!ctl_parse_u32(value, &cfg->vid) || cfg->vid > U16_MAX)
		return ctl_invarg(c, value, "id is invalid");
	return 0;
}

/* Up to and with the type. */
static int parse_add(struct ctl *c, struct ctl_words *w, struct link_wish *wish,
		     struct vlan_config *cfg)
{
	const char *type = NULL;
	int status = 0;

	while (!status && !type && ctl_word(w)) {
		if (ctl_take(w, "type")) {
			type = ctl_value(c, w);
			status = type ? 0 : c->status;
		} else if (ctl_take(w, "link")) {
			wish->link = ctl_value(c, w);
			status = wish->link ? 0 : c->status;
		} else {
			status = link_parse_word(c, w, wish);
		}
	}
	if (status)
		return status;
	if (!type) {
		ctl_complain(c, "Not enough information: \"type\" argument is required\n");
		return 1;
	}
	if (strcmp(type, "vlan") != 0)
		return ctl_kernel_error(c, "Unknown device type");
	while (!status && ctl_word(w))
		status = parse_vlan_word(c, w, cfg);
	return status;
}

static int vlan_complain(struct ctl *c, int err, const struct link_wish *wish,
			 const struct vlan_config *cfg)
{
	if (err == -ENODEV)
		return ctl_nodev(c, wish->link);
	if (err == -ERANGE && cfg->vid > VLAN_VID_MAX)
		return ctl_kernel_error(c, "8021q: Invalid VLAN id");
	if (err == -EBUSY)
		return ctl_kernel_error(c, "8021q: VLAN device already exists");
	if (err == -EOPNOTSUPP)
		return ctl_kernel_error(c, "8021q: VLANs not supported on device");
	return ctl_rtnetlink(c, err);
}

/* Softirqs off. */
static int add_vlan(struct ctl *c, const struct link_wish *wish, const struct vlan_config *cfg)
{
	struct net_device *lower = dev_get_by_name(c->net, wish->link), *dev;
	struct link_wish rest = *wish;
	int err = -ENODEV;

	if (lower)
		err = dev_get_by_name(c->net, cfg->name) ? -EEXIST : vlan_dev_add(lower, cfg, &dev);
	if (err)
		return err;
	rest.name = NULL;
	rest.has_mtu = rest.has_addr = false;
	err = link_apply(dev, &rest);
	if (err)
		vlan_dev_del(dev);
	return err;
}

int ip_link_add(struct ctl *c, struct ctl_words *w)
{
	struct vlan_config cfg = {.vid = VLAN_ID_NONE};
	struct link_wish wish = {.dev = NULL};
	int err = parse_add(c, w, &wish, &cfg);
	const char *name;

	if (err)
		return err;
	name = wish.name ? wish.name : wish.dev;
	if (name && !dev_valid_name(name))
		return ctl_invarg(c, name, "\"name\" not a valid ifname");
	if (!wish.link)
		return ctl_kernel_error(c, "8021q: link not specified");
	if (cfg.vid == VLAN_ID_NONE)
		return ctl_kernel_error(c, "8021q: VLAN id not specified");
	if (name)
		strscpy(cfg.name, name, sizeof(cfg.name));
	cfg.mtu = wish.has_mtu ? wish.mtu : 0;
	cfg.has_addr = wish.has_addr;
	memcpy(cfg.addr, wish.addr, sizeof(cfg.addr));
	ctl_enter(c);
	err = add_vlan(c, &wish, &cfg);
	ctl_leave(c);
	return err ? vlan_complain(c, err, &wish, &cfg) : 0;
}

int ip_link_del(struct ctl *c, struct ctl_words *w)
{
	struct net_device *dev;
	const char *name = NULL, *type = NULL;
	int err = 0;

	while (ctl_word(w)) {
		const char **value = ctl_take(w, "type") ? &type : &name;

		if (value == &name)
			ctl_take(w, "dev");
		if (*value)
			return ctl_garbage(c, value == &name ? "dev" : "type", ctl_word(w));
		*value = ctl_value(c, w);
		if (!*value)
			return c->status;
	}
	if (!name) {
		ctl_complain(c, "Not enough information: \"dev\" argument is required.\n");
		return 255;
	}
	if (type && strcmp(type, "vlan") != 0)
		return ctl_kernel_error(c, "Unknown device type");
	ctl_enter(c);
	dev = dev_get_by_name(c->net, name);
	if (!dev)
		err = -ENODEV;
	else if (!dev->lower)
		err = -EOPNOTSUPP;
	else
		vlan_dev_del(dev);
	ctl_leave(c);
	if (err == -ENODEV)
		return ctl_nodev(c, name);
	return err ? ctl_rtnetlink(c, err) : 0;
}
