/* SPDX-License-Identifier: MIT */
/*
 * The groups of a device and what it listens to of each.
 *
 * A group's filter is the sum of its members' (RFC 3376 s3.2): mode EXCLUDE if one member has it, and then the sources that all
 * of these exclude and nobody includes; else the sources that somebody includes. mc_update() compares it with what it was,
 * and marks what routers are to be told: a change of mode (crcount), or sources that came into the list or went.
 * A group without members is one that includes nothing: leaving needs no case of its own.
 */
#include "lib/errno.h"
#include "net/ipv4/igmp_priv.h"
#include "net/wire/arp_hdr.h"

/* ---- the table ---- */

static struct hlist_head *mc_slot(const struct ip_mc_device *mc, be32 group)
{
	/* cast: the table is the device's, which callers that only look have as const */
	return (struct hlist_head *)(uintptr_t)&mc
		->hash[group * 0x9e3779b1U >> (32 - MC_HASH_BITS)];
}

struct ip_mc_list *mc_find(const struct ip_mc_device *mc, be32 group)
{
	struct ip_mc_list *im;

	hlist_for_each_entry (im, mc_slot(mc, group), hash)
		if (im->multiaddr == group)
			return im;
	return NULL;
}

static bool is_up(const struct in_device *in_dev)
{
	return in_dev->dev->flags & IFF_UP;
}

static void load_addr(struct net_device *dev, be32 group, bool *loaded, bool on)
{
	u8 addr[ETH_ALEN];

	if (*loaded == on || dev->type != ARPHRD_ETHER)
		return;
	*loaded = on;
	ip_eth_mc_map(group, addr);
	if (!on)
		dev_mc_del(dev, addr, false);
	else if (dev_mc_add(dev, addr, false))
		*loaded = false; /* no memory to note it; our devices take all multicast */
}

struct ip_mc_device *ip_mc_device(struct in_device *in_dev)
{
	struct ip_mc_device *mc = in_dev->mc;

	if (mc)
		return mc;
	mc = plat_alloc(sizeof(*mc));
	if (!mc)
		return NULL;
	memset(mc, 0, sizeof(*mc));
	mc->in_dev = in_dev;
	mc->id = ++net_ipv4(in_dev->dev->net)->mc_ids;
	INIT_LIST_HEAD(&mc->groups);
	igmp_mc_init(mc);
	in_dev->mc = mc;
	if (is_up(in_dev))
		load_addr(in_dev->dev, IGMP_ALL_HOSTS, &mc->allhosts_loaded, true);
	return mc;
}

static struct ip_mc_list *mc_create(struct ip_mc_device *mc, be32 group, int *err)
{
	struct ip_mc_list *im;

	*err = -ENOBUFS;
	if (mc->nr >= MC_GROUPS_MAX)
		return NULL;
	*err = -ENOMEM;
	im = plat_alloc(sizeof(*im));
	if (!im)
		return NULL;
	memset(im, 0, sizeof(*im));
	im->in_dev = mc->in_dev;
	im->multiaddr = group;
	im->sfmode = MCAST_INCLUDE;
	INIT_LIST_HEAD(&im->sources);
	igmp_group_init(im);
	list_add(&im->list, &mc->groups);
	hlist_add_head(&im->hash, mc_slot(mc, group));
	mc->nr++;
	return im;
}

static struct ip_sf_list *sf_find(const struct ip_mc_list *im, be32 addr)
{
	struct ip_sf_list *psf;

	list_for_each_entry (psf, &im->sources, list)
		if (psf->addr == addr)
			return psf;
	return NULL;
}

/* Each source of f has an entry; false: no memory. */
static bool sf_provide(struct ip_mc_list *im, const struct ip_mc_filter *f)
{
	for (u32 i = 0; i < f->n; i++) {
		struct ip_sf_list *psf;

		if (sf_find(im, f->src[i]))
			continue;
		psf = plat_alloc(sizeof(*psf));
		if (!psf)
			return false;
		memset(psf, 0, sizeof(*psf));
		psf->addr = f->src[i];
		list_add_tail(&psf->list, &im->sources);
	}
	return true;
}

static void sf_sweep(struct ip_mc_list *im)
{
	struct ip_sf_list *psf, *next;

	list_for_each_entry_safe (psf, next, &im->sources, list) {
		if (psf->count[MCAST_INCLUDE] || psf->count[MCAST_EXCLUDE] || psf->crcount)
			continue;
		list_del(&psf->list);
		plat_free(psf);
	}
}

void mc_sweep(struct ip_mc_device *mc)
{
	struct ip_mc_list *im, *next;

	list_for_each_entry_safe (im, next, &mc->groups, list) {
		sf_sweep(im);
		if (im->users || im->crcount || !list_empty(&im->sources))
			continue;
		net_del_timer(mc_net(mc), &im->timer);
		list_del(&im->list);
		hlist_del(&im->hash);
		mc->nr--;
		plat_free(im);
	}
}

/* ---- the filter ---- */

static bool sf_is_in(const struct ip_mc_list *im, const struct ip_sf_list *psf)
{
	if (im->sfmode == MCAST_INCLUDE)
		return psf->count[MCAST_INCLUDE];
	return !psf->count[MCAST_INCLUDE] &&
	       psf->count[MCAST_EXCLUDE] == im->sfcount[MCAST_EXCLUDE];
}

/* Marks what is new; whether there is anything. tell: how often routers are to hear of it. */
static bool mc_update(struct ip_mc_list *im, u8 tell)
{
	u8 mode = im->sfcount[MCAST_EXCLUDE] ? MCAST_EXCLUDE : MCAST_INCLUDE;
	bool mode_changed = mode != im->sfmode, changed = mode_changed;
	struct ip_sf_list *psf;

	im->sfmode = mode;
	if (mode_changed)
		im->crcount = tell;
	list_for_each_entry (psf, &im->sources, list) {
		bool in = sf_is_in(im, psf);

		if (mode_changed) {
			psf->crcount = 0; /* the new mode's record has them all */
		} else if (in != psf->in) {
			psf->crcount = tell;
			changed = true;
		}
		psf->in = in;
	}
	return changed;
}

static void mc_count(struct ip_mc_list *im, const struct ip_mc_filter *f, int n)
{
	im->users += n;
	im->sfcount[f->mode] += n;
	for (u32 i = 0; i < f->n; i++)
		sf_find(im, f->src[i])->count[f->mode] += n;
}

/* The device begins, or ceases, to listen to the group's address; that of all hosts it needs itself while up. */
static void mc_load(struct ip_mc_list *im, bool on)
{
	if (im->multiaddr != IGMP_ALL_HOSTS)
		load_addr(im->in_dev->dev, im->multiaddr, &im->loaded, on);
	else if (on || !is_up(im->in_dev))
		load_addr(im->in_dev->dev, im->multiaddr, &im->in_dev->mc->allhosts_loaded, on);
}

/* After its members changed. */
static void mc_changed(struct ip_mc_device *mc, struct ip_mc_list *im, u32 users_before)
{
	bool v3 = igmp_version(mc) == 3 && mc_reported(im) && is_up(mc->in_dev);
	bool tell = mc_update(im, v3 ? igmp_robustness(mc) : 0);

	if (!users_before != !im->users)
		mc_load(im, im->users);
	if (is_up(mc->in_dev)) {
		if (im->users && !users_before)
			igmp_group_added(im);
		else if (!im->users && users_before)
			igmp_group_dropped(im);
		if (tell && v3)
			igmp_ifc_event(mc);
	}
	if (!im->users != !users_before)
		rt_cache_flush(mc_net(mc));
}

int ip_mc_change(struct in_device *in_dev, be32 group, const struct ip_mc_filter *old,
		 const struct ip_mc_filter *new)
{
	struct ip_mc_device *mc = ip_mc_device(in_dev);
	struct ip_mc_list *im = mc ? mc_find(mc, group) : NULL;
	u32 users;
	int err = -ENOMEM;

	if (!im && mc && new)
		im = mc_create(mc, group, &err);
	if (!im)
		return new ? err : 0;
	users = im->users;
	if (new && !sf_provide(im, new)) {
		mc_sweep(mc);
		return -ENOMEM;
	}
	if (new)
		mc_count(im, new, 1);
	if (old)
		mc_count(im, old, -1);
	if (!users && im->users)
		im->serial = ++mc->serial;
	mc_changed(mc, im, users);
	mc_sweep(mc);
	return 0;
}

bool ip_check_mc(const struct in_device *in_dev, be32 group, be32 saddr, u8 proto)
{
	const struct ip_mc_list *im = in_dev->mc ? mc_find(in_dev->mc, group) : NULL;
	const struct ip_sf_list *psf;

	if (group == IGMP_ALL_HOSTS && is_up(in_dev))
		return true;
	if (!im || !im->users)
		return false;
	if (proto == IPPROTO_IGMP || !saddr)
		return true;
	psf = sf_find(im, saddr);
	if (!psf)
		return im->sfcount[MCAST_EXCLUDE];
	return psf->count[MCAST_INCLUDE] || psf->count[MCAST_EXCLUDE] != im->sfcount[MCAST_EXCLUDE];
}

/* ---- the device ---- */

/* What is heard anew is a change from nothing. */
static void mc_restart(struct ip_mc_device *mc, struct ip_mc_list *im)
{
	u8 tell = igmp_version(mc) == 3 && mc_reported(im) ? igmp_robustness(mc) : 0;
	struct ip_sf_list *psf;

	im->crcount = im->sfmode == MCAST_EXCLUDE ? tell : 0;
	list_for_each_entry (psf, &im->sources, list)
		psf->crcount = im->sfmode == MCAST_INCLUDE && psf->in ? tell : 0;
	mc_load(im, true);
	igmp_group_added(im);
}

void ip_mc_up(struct in_device *in_dev)
{
	struct ip_mc_device *mc = in_dev->mc;
	struct ip_mc_list *im;

	mc->allhosts_serial = mc->serial;
	igmp_mc_reset(mc);
	if (!mc_find(mc, IGMP_ALL_HOSTS))
		load_addr(in_dev->dev, IGMP_ALL_HOSTS, &mc->allhosts_loaded, true);
	list_for_each_entry (im, &mc->groups, list)
		mc_restart(mc, im);
	if (!list_empty(&mc->groups) && igmp_version(mc) == 3)
		igmp_ifc_event(mc);
}

void ip_mc_down(struct in_device *in_dev)
{
	struct ip_mc_device *mc = in_dev->mc;
	struct ip_sf_list *psf;
	struct ip_mc_list *im;

	igmp_stop(mc);
	load_addr(in_dev->dev, IGMP_ALL_HOSTS, &mc->allhosts_loaded, false);
	list_for_each_entry (im, &mc->groups, list) {
		mc_load(im, false);
		im->crcount = 0;
		list_for_each_entry (psf, &im->sources, list)
			psf->crcount = 0;
	}
	mc_sweep(mc);
}

void ip_mc_destroy(struct in_device *in_dev)
{
	struct ip_mc_device *mc = in_dev->mc;
	struct ip_sf_list *psf;
	struct ip_mc_list *im;

	if (!mc)
		return;
	igmp_stop(mc);
	list_for_each_entry (im, &mc->groups, list) {
		mc_load(im, false);
		im->users = im->crcount = 0;
		list_for_each_entry (psf, &im->sources, list)
			psf->crcount = psf->count[0] = psf->count[1] = 0;
	}
	mc_sweep(mc);
	in_dev->mc = NULL;
	plat_free(mc);
}
