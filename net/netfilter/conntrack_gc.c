/* SPDX-License-Identifier: MIT */
/*
 * How connections end for want of time or room: a part of the pool is looked at each second, the whole of it within a minute;
 * whoever finds one that has expired ends it at once. When the table is nearly full, those go early that are not assured
 * or are closing.
 */
#include "net/netfilter/conntrack_net.h"
#include "net/sockopt.h"

#define GC_INTERVAL      NSEC_PER_SEC
#define GC_MIN_SLOTS     4096
#define GC_ROUNDS        60 /* for all of the pool */
#define EVICTION_BUCKETS 8

static bool may_go_early(const struct nf_conn *ct)
{
	return !(ct->status & IPS_ASSURED) ||
	       (ct->protonum == IPPROTO_TCP && nf_conntrack_tcp_can_early_drop(ct));
}

/* Looks at n slots; false when the pool's end is reached. */
static bool gc_scan(struct nf_ct_net *ctn, u32 n, u32 now)
{
	int full = (int)((u64)ctn->s.max * 95 / 100);
	struct nf_conn *ct;

	while (n-- && (ct = nf_ct_next(ctn->net, &ctn->gc_cursor))) {
		if (ct_expired(ct, now)) {
			ct_kill(ctn, ct);
		} else if (ctn->s.max && ctn->s.count > full && may_go_early(ct)) {
			ct_kill(ctn, ct);
			ctn->stat.early_drop++;
		}
	}
	return n == U32_MAX;
}

static void ct_gc(struct timer *t, u64 now)
{
	struct nf_ct_net *ctn = container_of(t, struct nf_ct_net, gc_timer);
	u32 all = ctn->nr_chunks << CT_CHUNK_SHIFT;

	if (!gc_scan(ctn, max(all / GC_ROUNDS, (u32)GC_MIN_SLOTS), ct_ticks(now)))
		ctn->gc_cursor = 0;
	if (ctn->s.count)
		net_mod_timer(ctn->net, t, now + GC_INTERVAL);
}

void ct_gc_start(struct nf_ct_net *ctn)
{
	if (unlikely(!timer_pending(&ctn->gc_timer))) {
		timer_setup(&ctn->gc_timer, ct_gc);
		net_mod_timer(ctn->net, &ctn->gc_timer, plat_now() + GC_INTERVAL);
	}
}

/* Linux spares whatever is assured here. */
static bool evict(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	if (ct->status & IPS_ASSURED && !ct_expired(ct, ct_ticks(plat_now())))
		return false;
	ct_kill(ctn, ct);
	return true;
}

bool ct_early_drop(struct nf_ct_net *ctn, u64 hash)
{
	for (u32 n = 0; n < EVICTION_BUCKETS; n++) {
		if (ct_bucket_walk(ctn, hash, n, evict)) {
			ctn->stat.early_drop++;
			return true;
		}
	}
	return false;
}
