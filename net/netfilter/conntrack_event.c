/* SPDX-License-Identifier: MIT */
/* What others ask of connections: events, time-outs, counters, numbers. */
#include "lib/errno.h"
#include "net/netfilter/conntrack_net.h"

void ct_tell(struct nf_ct_net *ctn, struct nf_conn *ct, u32 events)
{
	struct nf_ct_listener *l;

	if (likely(list_empty(&ctn->listeners)) || !ctn->s.events)
		return;
	list_for_each_entry (l, &ctn->listeners, list)
		l->fn(l, ct, events);
}

void nf_ct_listen(struct net *net, struct nf_ct_listener *l)
{
	list_add_tail(&l->list, &net->ct->listeners);
}

void nf_ct_unlisten(struct nf_ct_listener *l)
{
	list_del(&l->list);
}

struct nf_conn *nf_conntrack_find(struct net *net, const struct nf_conntrack_tuple *tuple,
				  u8 protonum, enum ip_conntrack_dir *dir)
{
	struct nf_ct_net *ctn = net->ct;

	if (!ctn->table.nr_main)
		return NULL;
	return ct_find(ctn, tuple, protonum, ct_hash(ctn, tuple, protonum), ct_ticks(plat_now()),
		       dir);
}

u32 nf_conntrack_count(const struct net *net)
{
	return net->ct->s.count;
}

const struct nf_ct_stat *nf_ct_stats(const struct net *net)
{
	return &net->ct->stat;
}

u32 nf_ct_expires(const struct nf_conn *ct)
{
	s32 left = nf_ct_is_confirmed(ct) ? ct->timeout - ct_ticks(plat_now()) : 0;

	return left > 0 ? left / CT_HZ : 0;
}

bool nf_ct_is_live(const struct nf_conn *ct)
{
	return !ct_expired(ct, ct_ticks(plat_now()));
}

u32 nf_ct_get_id(struct net *net, const struct nf_conn *ct)
{
	return siphash13_2u64((u64)ct->gen << 32 | ct->index, 1, &net->ct->key);
}
