/* SPDX-License-Identifier: MIT */
/*
 * Proxy ARP: the addresses that we answer for (`ip neigh add proxy`), and questions that wait so that the answer of the
 * address's owner, if there is one, comes first (proxy_delay, proxy_qlen; RFC 1027).
 */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/neigh_priv.h"

#define PNEIGH_BUCKETS 16
#define PNEIGH_MAX     1024

static struct list_head *pneigh_bucket(const struct neigh_table *tbl, be32 addr)
{
	return &tbl->proxies[(be32_to_cpu(addr) ^ be32_to_cpu(addr) >> 8) % PNEIGH_BUCKETS];
}

static struct pneigh_entry *pneigh_find(struct net *net, const struct net_device *dev, be32 addr,
					bool exactly)
{
	const struct neigh_table *tbl = neigh_table(net);
	struct pneigh_entry *p;

	if (!tbl->nr_proxies)
		return NULL;
	list_for_each_entry (p, pneigh_bucket(tbl, addr), list) {
		if (p->addr == addr && (p->dev == dev || (!p->dev && !exactly)))
			return p;
	}
	return NULL;
}

bool pneigh_lookup(struct net *net, const struct net_device *dev, be32 tip)
{
	return pneigh_find(net, dev, tip, false);
}

int pneigh_add(struct net *net, struct net_device *dev, be32 addr)
{
	struct neigh_table *tbl = neigh_table(net);
	struct pneigh_entry *p;

	if (pneigh_find(net, dev, addr, true))
		return 0;
	if (tbl->nr_proxies >= PNEIGH_MAX)
		return -ENOBUFS;
	if (!tbl->proxies) {
		tbl->proxies = plat_alloc(PNEIGH_BUCKETS * sizeof(*tbl->proxies));
		if (!tbl->proxies)
			return -ENOMEM;
		for (u32 i = 0; i < PNEIGH_BUCKETS; i++)
			INIT_LIST_HEAD(&tbl->proxies[i]);
	}
	p = plat_alloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->dev = dev;
	p->addr = addr;
	list_add_tail(&p->list, pneigh_bucket(tbl, addr));
	tbl->nr_proxies++;
	return 0;
}

static void pneigh_free(struct neigh_table *tbl, struct pneigh_entry *p)
{
	tbl->nr_proxies--;
	list_del(&p->list);
	plat_free(p);
}

int pneigh_delete(struct net *net, struct net_device *dev, be32 addr)
{
	struct pneigh_entry *p = pneigh_find(net, dev, addr, true);

	if (!p)
		return -ENOENT;
	pneigh_free(neigh_table(net), p);
	return 0;
}

bool pneigh_nth(struct net *net, u32 n, be32 *addr, struct net_device **dev)
{
	const struct neigh_table *tbl = neigh_table(net);
	struct pneigh_entry *p;

	for (u32 i = 0; tbl->nr_proxies && i < PNEIGH_BUCKETS; i++) {
		list_for_each_entry (p, &tbl->proxies[i], list) {
			if (n--)
				continue;
			*addr = p->addr;
			*dev = p->dev;
			return true;
		}
	}
	return false;
}

/* ---- questions that wait ---- */

/* In skb->cb. */
struct proxy_cb {
	u64 due; /* plat_now() */
};

static struct proxy_cb *proxy_cb(struct sk_buff *skb)
{
	return (struct proxy_cb *)skb->cb;
}

/* Answers what is due of dev (NULL: of all), or throws all of dev's away. */
static void proxy_queue_run(struct net *net, const struct net_device *dev, u64 now, bool purge)
{
	struct neigh_table *tbl = neigh_table(net);
	struct sk_buff *skb, *next;
	u64 first = U64_MAX;

	if (!tbl->proxy_queue.next)
		return;
	for (skb = tbl->proxy_queue.next; skb != (struct sk_buff *)&tbl->proxy_queue; skb = next) {
		next = skb->next;
		if (purge ? dev && skb->dev != dev : proxy_cb(skb)->due > now) {
			first = min(first, proxy_cb(skb)->due);
			continue;
		}
		skb_unlink(&tbl->proxy_queue, skb);
		in_dev_get(skb->dev)->arp_parms->proxy_waiting--;
		if (purge)
			kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED);
		else
			arp_redo(skb);
	}
	if (first != U64_MAX)
		net_mod_timer(net, &tbl->proxy_timer, first);
	else
		net_del_timer(net, &tbl->proxy_timer);
}

static void proxy_timeout(struct timer *t, u64 now)
{
	struct neigh_table *tbl = container_of(t, struct neigh_table, proxy_timer);

	proxy_queue_run(tbl->net, NULL, now, false);
}

void pneigh_enqueue(struct net_device *dev, struct sk_buff *skb)
{
	struct neigh_parms *p = in_dev_get(dev)->arp_parms;
	struct neigh_table *tbl = neigh_table(dev->net);
	u64 delay;

	if (p->proxy_waiting > (u32)p->proxy_qlen) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_QUEUEFULL);
		return;
	}
	if (!tbl->proxy_queue.next) {
		skb_queue_head_init(&tbl->proxy_queue);
		timer_setup(&tbl->proxy_timer, proxy_timeout);
	}
	plat_random(&delay, sizeof(delay));
	proxy_cb(skb)->due = plat_now() + delay % neigh_ticks(p->proxy_delay);
	p->proxy_waiting++;
	skb_queue_tail(&tbl->proxy_queue, skb);
	if (!timer_pending(&tbl->proxy_timer) || proxy_cb(skb)->due < tbl->proxy_timer.expires)
		net_mod_timer(dev->net, &tbl->proxy_timer, proxy_cb(skb)->due);
}

static void pneigh_purge(struct net *net, const struct net_device *dev)
{
	struct neigh_table *tbl = neigh_table(net);
	struct pneigh_entry *p, *tmp;

	proxy_queue_run(net, dev, 0, true);
	for (u32 i = 0; tbl->nr_proxies && i < PNEIGH_BUCKETS; i++) {
		list_for_each_entry_safe (p, tmp, &tbl->proxies[i], list) {
			if (!dev || p->dev == dev)
				pneigh_free(tbl, p);
		}
	}
}

void pneigh_ifdown(struct net_device *dev)
{
	pneigh_purge(dev->net, dev);
}

void arp_proxy_exit(struct net *net)
{
	pneigh_purge(net, NULL);
	plat_free(neigh_table(net)->proxies);
}
