/* SPDX-License-Identifier: MIT */
/* The trace ring. It is allocated when first armed, so that it costs no memory before. */
#include "net/core/net_namespace.h"
#include "net/core/trace_ring.h"
#include "net/wire/eth_hdr.h"
#include "net/wire/ipv4_hdr.h"

struct trace_ring {
	u32 next;    /* entries ever written */
	u32 packets; /* packets ever chosen */
	struct trace_entry entries[TRACE_ENTRIES];
};

void trace_arm(struct net *net, u32 n)
{
	if (n && !net->trace) {
		net->trace = plat_alloc(sizeof(*net->trace));
		if (!net->trace)
			return;
		net->trace->next = net->trace->packets = 0;
	}
	net->trace_budget = n;
}

void trace_clear(struct net *net)
{
	if (net->trace)
		net->trace->next = 0;
}

void trace_exit(struct net *net)
{
	plat_free(net->trace);
	net->trace = NULL;
}

void trace_begin(struct sk_buff *skb)
{
	struct net *net = skb->net;

	if (skb->traced || !net->trace_budget || !net->trace)
		return;
	net->trace_budget--;
	skb->traced = 1;
	skb->trace_id = ++net->trace->packets;
}

/* Only if the header is there and linear: a note must not change the packet. */
static void note_addresses(struct trace_entry *e, const struct sk_buff *skb)
{
	const struct iphdr *iph = skb_network_header(skb);

	e->saddr = e->daddr = 0;
	e->proto = 0;
	if (skb->protocol != CPU_TO_BE16(ETH_P_IP) || skb->network_header == SKB_HEADER_NONE ||
	    (const u8 *)(iph + 1) > skb->tail)
		return;
	e->saddr = iph->saddr;
	e->daddr = iph->daddr;
	e->proto = iph->protocol;
}

static struct trace_entry *note(struct sk_buff *skb)
{
	struct trace_ring *ring = skb->net->trace;
	struct trace_entry *e;

	if (!ring)
		return NULL;
	e = &ring->entries[ring->next++ % TRACE_ENTRIES];
	e->time = plat_now();
	e->packet = skb->trace_id;
	e->len = skb->len;
	e->where = NULL;
	e->drop = false;
	strscpy(e->dev, skb->dev ? skb->dev->name : "-", sizeof(e->dev));
	note_addresses(e, skb);
	return e;
}

void trace_note(struct sk_buff *skb, const char *where, bool drop)
{
	struct trace_entry *e = note(skb);

	if (!e)
		return;
	e->where = where;
	e->drop = drop;
}

void trace_note_detail(struct sk_buff *skb, const char *detail)
{
	struct trace_entry *e = note(skb);

	if (e)
		strscpy(e->detail, detail, sizeof(e->detail));
}

void trace_for_each(const struct net *net, void (*fn)(void *arg, const struct trace_entry *e),
		    void *arg)
{
	const struct trace_ring *ring = net->trace;

	if (!ring)
		return;
	for (u32 i = ring->next > TRACE_ENTRIES ? ring->next - TRACE_ENTRIES : 0; i < ring->next;
	     i++)
		fn(arg, &ring->entries[i % TRACE_ENTRIES]);
}
