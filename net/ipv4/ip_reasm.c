/* SPDX-License-Identifier: MIT */
/*
 * Reassembly (RFC 791 s3.2, RFC 815 in spirit, RFC 1122 s3.3.2).
 *
 * A queue collects the fragments of one packet (source, destination, identification, protocol, and who asks) in runs:
 * stretches without a hole. A fragment that brings nothing new is dropped; one that overlaps in part condemns the
 * whole packet, as in Linux (RFC 5722 says so for IPv6, and nobody honest sends them). The packet is whole when one
 * run begins at 0 and ends where the last fragment did.
 *
 * Limits: memory of all queues (ipfrag_high_thresh), time (ipfrag_time), what came between (ipfrag_max_dist), and
 * holes in one packet (MAX_RUNS), which bounds the work per fragment.
 */
#include "lib/errno.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/ip_reasm.h"
#include "net/sysctl.h"
#include "net/wire/icmp_hdr.h"

#define FRAG_BUCKETS 256
#define MAX_RUNS     64
#define FRAG_SOURCES 1024

/*
 * Contiguous fragments, in order, linked by skb->next. They are also in stretches, each of which grew at the
 * packet's end: what is inside one of them is a duplicate, what is in two is an overlap. It is Linux's rule, and
 * tells an honest repetition well enough.
 */
struct frag_run {
	struct sk_buff *first, *last, *last_stretch;
	u32 begin, end;
	u32 stretches;
};

/* skb->cb of a stretch's first fragment. */
struct frag_cb {
	struct inet_skb_parm parm;
	u32 begin, end;
	struct sk_buff *next_stretch;
};

static struct frag_cb *FRAG_CB(struct sk_buff *skb)
{
	_Static_assert(sizeof(struct frag_cb) <= sizeof(skb->cb), "");
	return (struct frag_cb *)skb->cb;
}

struct ipq {
	struct hlist_node hash;
	struct net *net;
	struct timer timer;
	be32 saddr, daddr;
	be16 id;
	u8 protocol;
	u32 user;
	u32 iif;
	u32 rid; /* how many fragments its source had sent when the last of them came */
	/* what has come */
	u32 nr_runs;
	u32 total;                 /* where the last fragment ends, once it is in */
	u32 max_end;               /* of any fragment */
	u32 mem;                   /* truesize of all fragments */
	u16 max_size, max_df_size; /* largest fragment, and of those with DF */
	u8 ecn;                    /* a bit for each codepoint seen */
	bool last_in;
	struct frag_run runs[MAX_RUNS];
};

struct ip_frags {
	struct hlist_head bucket[FRAG_BUCKETS];
	u32 mem; /* of all queues: fragments and what keeps them */
	u32 count;
	int high_thresh, time, max_dist;
	u32 rid[FRAG_SOURCES]; /* fragments of the sources that share the slot */
};

static const struct ctl_table frags_table[] = {
	{"ipfrag_high_thresh", offsetof(struct ip_frags, high_thresh), .min = 0, .max = 0x7fffffff},
	{"ipfrag_max_dist", offsetof(struct ip_frags, max_dist), .min = 0, .max = 0x7fffffff},
	{"ipfrag_time", offsetof(struct ip_frags, time), .min = 1, .max = 3600},
};

static struct hlist_head *ipq_bucket(struct net *net, const struct iphdr *iph)
{
	u64 h = siphash13_2u64((u64)iph->saddr << 32 | iph->daddr,
			       (u64)iph->id << 8 | iph->protocol, &net->hash_key);

	return &net_ipv4(net)->frags->bucket[h % FRAG_BUCKETS];
}

static void ipq_purge(struct ipq *q, enum skb_drop_reason reason)
{
	for (u32 i = 0; i < q->nr_runs; i++) {
		struct sk_buff *skb = q->runs[i].first, *next;

		for (; skb; skb = next) {
			next = skb->next;
			skb->next = NULL;
			kfree_skb_reason(skb, reason);
		}
	}
	net_ipv4(q->net)->frags->mem -= q->mem;
}

static void ipq_free(struct ipq *q, enum skb_drop_reason reason)
{
	struct ip_frags *frags = net_ipv4(q->net)->frags;

	net_del_timer(q->net, &q->timer);
	hlist_del(&q->hash);
	frags->count--;
	frags->mem -= sizeof(*q);
	ipq_purge(q, reason);
	plat_free(q);
}

/* RFC 1122 s3.3.2, RFC 792: told only if the first fragment is here, to whom we would have delivered. */
static void ipq_expire(struct timer *t, u64 now)
{
	struct ipq *q = container_of(t, struct ipq, timer);
	struct net *net = q->net;
	struct net_device *dev = dev_get_by_index(net, q->iif);
	struct sk_buff *head = q->nr_runs && !q->runs[0].begin ? q->runs[0].first : NULL;
	struct rtable *rt;

	(void)now;
	NET_INC_STATS(net, IPSTATS_MIB_REASMFAILS);
	NET_INC_STATS(net, IPSTATS_MIB_REASMTIMEOUT);
	if (head && dev && !ip_route_input(net, head, q->daddr, q->saddr, 0, dev, &rt) &&
	    rt->type == RTN_LOCAL) {
		head->dev = dev;
		skb_dst_set_noref(head, &rt->dst);
		icmp_send(net, head, ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, 0);
		skb_dst_drop(head);
	}
	ipq_free(q, SKB_DROP_REASON_FRAG_REASM_TIMEOUT);
}

/* Then no fragment is taken, as in Linux: also those of packets begun would add to it. */
static bool frags_full(const struct net *net)
{
	const struct ip_frags *frags = net_ipv4(net)->frags;

	return !frags->high_thresh || frags->mem > (u32)frags->high_thresh;
}

static struct ipq *ipq_find(struct net *net, const struct iphdr *iph, u32 user)
{
	struct ipq *q;

	hlist_for_each_entry (q, ipq_bucket(net, iph), hash) {
		if (q->id == iph->id && q->saddr == iph->saddr && q->daddr == iph->daddr &&
		    q->protocol == iph->protocol && q->user == user)
			return q;
	}
	return NULL;
}

static struct ipq *ipq_create(struct net *net, const struct iphdr *iph, u32 user, u32 iif)
{
	struct ip_frags *frags = net_ipv4(net)->frags;
	struct ipq *q;

	q = plat_alloc(sizeof(*q));
	if (!q)
		return NULL;
	memset(q, 0, offsetof(struct ipq, runs));
	q->net = net;
	q->saddr = iph->saddr;
	q->daddr = iph->daddr;
	q->id = iph->id;
	q->protocol = iph->protocol;
	q->user = user;
	q->iif = iif;
	hlist_add_head(&q->hash, ipq_bucket(net, iph));
	frags->count++;
	frags->mem += sizeof(*q);
	timer_setup(&q->timer, ipq_expire);
	net_mod_timer(net, &q->timer, plat_now() + frags->time * NSEC_PER_SEC);
	return q;
}

enum insert { INSERTED, DUPLICATE, OVERLAP, TOO_MANY };

static bool touches(const struct frag_run *r, u32 begin, u32 end)
{
	return begin < r->end && end > r->begin;
}

static void join_next(struct ipq *q, u32 i)
{
	struct frag_run *r = &q->runs[i], *next = &q->runs[i + 1];

	if (i + 1 >= q->nr_runs || r->end != next->begin)
		return;
	r->last->next = next->first;
	r->last = next->last;
	FRAG_CB(r->last_stretch)->next_stretch = next->first;
	r->last_stretch = next->last_stretch;
	r->stretches += next->stretches;
	r->end = next->end;
	q->nr_runs--;
	memmove(next, next + 1, (q->nr_runs - i - 1) * sizeof(*next));
}

/* Nothing of [begin, end) is new. */
static enum insert repeated(const struct frag_run *r, u32 begin, u32 end)
{
	struct sk_buff *head = r->first;

	if (r->stretches > MAX_RUNS)
		return OVERLAP; /* too many to look at */
	while (FRAG_CB(head)->end <= begin)
		head = FRAG_CB(head)->next_stretch;
	return end <= FRAG_CB(head)->end ? DUPLICATE : OVERLAP;
}

static void append(struct frag_run *r, struct sk_buff *skb, u32 begin, u32 end, bool grows)
{
	*FRAG_CB(skb) = (struct frag_cb){FRAG_CB(skb)->parm, begin, end, NULL};
	r->last->next = skb;
	r->last = skb;
	r->end = end;
	if (grows) {
		FRAG_CB(r->last_stretch)->end = end;
		return;
	}
	FRAG_CB(r->last_stretch)->next_stretch = skb;
	r->last_stretch = skb;
	r->stretches++;
}

/* Runs are in order and apart; nearly always the fragment goes behind the last one. */
static enum insert ipq_insert(struct ipq *q, struct sk_buff *skb, u32 begin, u32 end)
{
	struct frag_run *r;
	u32 i = q->nr_runs;

	while (i && q->runs[i - 1].begin >= end)
		i--;
	r = i ? &q->runs[i - 1] : NULL;
	if (r && touches(r, begin, end))
		return begin >= r->begin && end <= r->end ? repeated(r, begin, end) : OVERLAP;
	skb->next = NULL;
	if (r && r->end == begin) {
		append(r, skb, begin, end, i == q->nr_runs);
		join_next(q, i - 1);
		return INSERTED;
	}
	if (q->nr_runs == MAX_RUNS)
		return TOO_MANY;
	memmove(&q->runs[i + 1], &q->runs[i], (q->nr_runs - i) * sizeof(*r));
	*FRAG_CB(skb) = (struct frag_cb){FRAG_CB(skb)->parm, begin, end, NULL};
	q->runs[i] = (struct frag_run){skb, skb, skb, begin, end, 1};
	q->nr_runs++;
	join_next(q, i);
	return INSERTED;
}

/*
 * A source that sent more than max_dist fragments between two of one packet has been round its identifications
 * since: they are of two packets (ipfrag_max_dist, Linux's idea). True: q begins again.
 */
static bool ipq_too_far(struct ipq *q)
{
	struct ip_frags *frags = net_ipv4(q->net)->frags;
	u32 *rid = &frags->rid[siphash13_2u64(q->saddr, 0, &q->net->hash_key) % FRAG_SOURCES];
	u32 dist = ++*rid - q->rid;

	q->rid = *rid;
	if (!q->nr_runs || !frags->max_dist || dist <= (u32)frags->max_dist)
		return false;
	ipq_purge(q, SKB_DROP_REASON_FRAG_TOO_FAR);
	memset(&q->nr_runs, 0, offsetof(struct ipq, runs) - offsetof(struct ipq, nr_runs));
	net_mod_timer(q->net, &q->timer, plat_now() + frags->time * NSEC_PER_SEC);
	return true;
}

/* Where the fragment belongs; false: nonsense. Lengths that are no multiple of 8 are cut, as Linux does. */
static bool frag_bounds(struct ipq *q, const struct iphdr *iph, u32 *begin, u32 *end)
{
	u16 off = be16_to_cpu(iph->frag_off);

	*begin = (off & IP_OFFSET) * 8;
	*end = *begin + be16_to_cpu(iph->tot_len) - ip_hdrlen(iph);
	if (!(off & IP_MF)) {
		if (*end < q->max_end || (q->last_in && *end != q->total))
			return false;
		q->last_in = true;
		q->total = *end;
	} else {
		*end = ALIGN_DOWN(*end, 8);
		if (q->last_in && *end > q->total)
			return false;
	}
	q->max_end = max(q->max_end, *end);
	return *end > *begin;
}

static bool ipq_is_whole(const struct ipq *q)
{
	return q->last_in && q->nr_runs == 1 && !q->runs[0].begin && q->runs[0].end == q->total;
}

/*
 * The first fragment becomes the packet, the others its frag_list. RFC 3168 s5.3: congestion seen by one was
 * seen by all; a mix of capable and not is dropped.
 */
static struct sk_buff *ipq_reassemble(struct ipq *q)
{
	struct sk_buff *head = q->runs[0].first, *rest = head->next;
	struct iphdr *iph = ip_hdr(head);
	u32 hlen = ip_hdrlen(iph);
	bool ce = q->ecn & (1 << INET_ECN_CE), not_ect = q->ecn & (1 << INET_ECN_NOT_ECT);

	/* RFC 3168 s5.3 says so of CE; a sender that mixes the others is as odd, for Linux too */
	if (q->total + hlen > U16_MAX || (not_ect && q->ecn != 1 << INET_ECN_NOT_ECT))
		return NULL;
	if (skb_shinfo(head)->frag_list || skb_cow_head(head, 0))
		return NULL;
	iph = ip_hdr(head);
	q->runs[0].first = NULL;
	head->next = NULL;
	skb_shinfo(head)->frag_list = rest;
	for (; rest; rest = rest->next) {
		head->len += rest->len;
		head->data_len += rest->len;
		head->truesize += rest->truesize;
	}
	iph->tot_len = cpu_to_be16(head->len);
	iph->frag_off = q->max_df_size == q->max_size ? CPU_TO_BE16(IP_DF) : 0;
	if (ce)
		iph->tos |= INET_ECN_CE;
	ip_send_check(iph);
	IPCB(head)->frag_max_size = q->max_size;
	head->ip_summed = CHECKSUM_NONE;
	return head;
}

/* Fragments behind the first give up their IP headers; the first keeps its own, as the packet's. */
static int frag_strip(struct sk_buff *skb, u32 begin, u32 len)
{
	u32 hlen = ip_hdrlen_skb(skb);
	int err = pskb_trim(skb, hlen + len);

	if (!err && begin)
		skb_pull(skb, hlen);
	return err;
}

static struct sk_buff *discard(struct ipq *q, struct sk_buff *skb, enum skb_drop_reason reason)
{
	NET_INC_STATS(q->net, IPSTATS_MIB_REASMFAILS);
	kfree_skb_reason(skb, reason);
	ipq_free(q, reason);
	return NULL;
}

static void ipq_account(struct ipq *q, const struct sk_buff *skb, const struct iphdr *iph, u32 len)
{
	u16 size = ip_hdrlen(iph) + len;

	q->mem += skb->truesize;
	net_ipv4(q->net)->frags->mem += skb->truesize;
	q->ecn |= 1 << (iph->tos & INET_ECN_MASK);
	q->max_size = max(q->max_size, size);
	if (iph->frag_off & CPU_TO_BE16(IP_DF))
		q->max_df_size = max(q->max_df_size, size);
}

static struct sk_buff *ipq_queue(struct ipq *q, struct sk_buff *skb)
{
	struct net *net = q->net;
	const struct iphdr h = *ip_hdr(skb);
	u32 begin, end;

	if (ipq_too_far(q))
		NET_INC_STATS(net, IPSTATS_MIB_REASMFAILS);
	if (!frag_bounds(q, &h, &begin, &end))
		return discard(q, skb, SKB_DROP_REASON_IP_FRAG);
	if (frag_strip(skb, begin, end - begin))
		return discard(q, skb, SKB_DROP_REASON_NOMEM);
	skb_dst_drop(skb);
	switch (ipq_insert(q, skb, begin, end)) {
	case INSERTED:
		break;
	case DUPLICATE:
		kfree_skb_reason(skb, SKB_DROP_REASON_DUP_FRAG);
		return NULL;
	case OVERLAP:
		NET_INC_STATS(net, IPSTATS_MIB_REASM_OVERLAPS);
		return discard(q, skb, SKB_DROP_REASON_IP_FRAG);
	case TOO_MANY:
		return discard(q, skb, SKB_DROP_REASON_IP_FRAG);
	}
	ipq_account(q, skb, &h, end - begin);
	if (!ipq_is_whole(q))
		return NULL;
	skb = ipq_reassemble(q);
	NET_INC_STATS(net, skb ? IPSTATS_MIB_REASMOKS : IPSTATS_MIB_REASMFAILS);
	ipq_free(q, SKB_DROP_REASON_IP_FRAG);
	return skb;
}

/* The last fragment's device and route are the packet's. */
struct sk_buff *ip_defrag(struct net *net, struct sk_buff *skb, u32 user)
{
	struct net_device *dev = skb->dev;
	struct dst_entry *dst = skb->dst;
	struct ipq *q;

	NET_INC_STATS(net, IPSTATS_MIB_REASMREQDS);
	if (unlikely(skb_checksum_help(skb))) { /* of this piece alone, while it is known where */
		NET_INC_STATS(net, IPSTATS_MIB_REASMFAILS);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return NULL;
	}
	q = frags_full(net) ? NULL : ipq_find(net, ip_hdr(skb), user);
	if (!q && !frags_full(net))
		q = ipq_create(net, ip_hdr(skb), user, dev ? dev->ifindex : 0);
	if (!q) {
		NET_INC_STATS(net, IPSTATS_MIB_REASMFAILS);
		kfree_skb_reason(skb, SKB_DROP_REASON_FRAG_LIMIT);
		return NULL;
	}
	skb = ipq_queue(q, skb);
	if (!skb)
		return NULL;
	skb->dev = dev;
	skb_dst_set_noref(skb, dst);
	return skb;
}

int ip_frags_init(struct net *net)
{
	struct ip_frags *frags = plat_alloc(sizeof(*frags));

	if (!frags)
		return -ENOMEM;
	memset(frags, 0, sizeof(*frags));
	frags->high_thresh =
		(int)min(plat_memory() / 16, 4ULL << 20); /* Linux's, where there is room */
	frags->max_dist = 64;
	frags->time = 30; /* RFC 1122 s3.3.2 says 60 to 120; Linux's */
	net_ipv4(net)->frags = frags;
	return sysctl_register(net, "net.ipv4", frags_table, ARRAY_SIZE(frags_table), frags);
}

void ip_frags_exit(struct net *net)
{
	struct ip_frags *frags = net_ipv4(net)->frags;

	if (!frags)
		return;
	for (unsigned int i = 0; i < FRAG_BUCKETS; i++) {
		struct ipq *q;
		struct hlist_node *n;

		hlist_for_each_entry_safe (q, n, &frags->bucket[i], hash)
			ipq_free(q, SKB_DROP_REASON_FRAG_REASM_TIMEOUT);
	}
	sysctl_unregister(net, frags);
	plat_free(frags);
	net_ipv4(net)->frags = NULL;
}
