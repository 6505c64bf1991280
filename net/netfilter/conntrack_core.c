/* SPDX-License-Identifier: MIT */
/*
 * The way of a packet through connection tracking.
 *
 * nf_conntrack_in (PRE_ROUTING, LOCAL_OUT) reads the packet's tuple, finds or makes its connection, lets the protocol judge
 * the packet, and attaches one to the other. nf_confirm (POST_ROUTING, LOCAL_IN) puts a new connection into the table:
 * what a rule has dropped on the way leaves no trace. A connection ends by its time-out, by its protocol, by a command or
 * for want of room; its memory waits until no packet of this softirq can look at it any more.
 */
#include "lib/errno.h"
#include "net/netfilter/conntrack_net.h"
#include "net/netfilter/nat.h"
#include "net/netfilter/nf_defrag.h"
#include "net/sockopt.h"
#include "net/wire/icmp_hdr.h"

/* ---- tuples ---- */

/* What answers a request; 0: nothing does (and echo replies, 0, are answered by 8). */
static u8 icmp_answer(u8 type)
{
	switch (type) {
	case ICMP_ECHO:
		return ICMP_ECHOREPLY;
	case ICMP_ECHOREPLY:
		return ICMP_ECHO;
	case ICMP_TIMESTAMP:
	case ICMP_ADDRESS:
	case ICMP_INFO_REQUEST:
		return type + 1;
	case ICMP_TIMESTAMPREPLY:
	case ICMP_ADDRESSREPLY:
	case ICMP_INFO_REPLY:
		return type - 1;
	}
	return U8_MAX;
}

bool nf_ct_invert_tuple(struct nf_conntrack_tuple *inverse, const struct nf_conntrack_tuple *t,
			u8 protonum)
{
	inverse->src = t->dst;
	inverse->dst = t->src;
	if (protonum != IPPROTO_ICMP) {
		inverse->sport = t->dport;
		inverse->dport = t->sport;
		return true;
	}
	inverse->icmp_id = t->icmp_id;
	inverse->icmp.type = icmp_answer(t->icmp.type);
	inverse->icmp.code = t->icmp.code;
	return inverse->icmp.type != U8_MAX;
}

/* The bytes of the transport's header that are of the tuple. */
static inline u32 tuple_len(u8 protonum)
{
	switch (protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return 4;
	case IPPROTO_ICMP:
		return ICMP_HLEN;
	}
	return 0;
}

static void tuple_ports(const u8 *p, struct nf_conntrack_tuple *t, u8 protonum)
{
	switch (protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		__builtin_memcpy(&t->sport, p, 4);
		return;
	case IPPROTO_ICMP:
		t->icmp.type = p[0];
		t->icmp.code = p[1];
		__builtin_memcpy(&t->icmp_id, p + 4, 2);
		return;
	}
	t->sport = t->dport = 0;
}

static __always_inline bool get_tuple(struct sk_buff *skb, struct nf_conntrack_tuple *t,
				      u8 *protonum, u32 *l4)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	*l4 = ip_hdrlen(iph);
	if (iph->frag_off & CPU_TO_BE16(IP_OFFSET) ||
	    !pskb_may_pull(skb, *l4 + tuple_len(iph->protocol)))
		return false;
	iph = (const struct iphdr *)skb->data;
	*protonum = iph->protocol;
	__builtin_memcpy(&t->src, &iph->saddr, 8);
	tuple_ports(skb->data + *l4, t, *protonum);
	return true;
}

bool nf_ct_get_tuple(const struct sk_buff *skb, u32 iph_off, struct nf_conntrack_tuple *t,
		     u8 *protonum, u32 *l4)
{
	u8 ports[ICMP_HLEN];
	struct iphdr iph;

	if (skb_copy_bits(skb, iph_off, &iph, sizeof(iph)))
		return false;
	*l4 = iph_off + ip_hdrlen(&iph);
	if (iph.frag_off & CPU_TO_BE16(IP_OFFSET) || *l4 > skb->len ||
	    skb_copy_bits(skb, *l4, ports, tuple_len(iph.protocol)))
		return false;
	*protonum = iph.protocol;
	__builtin_memcpy(&t->src, &iph.saddr, 8);
	tuple_ports(ports, t, *protonum);
	return true;
}

/* ---- making and ending ---- */

/* The packet owns what it has begun. */
static void set_owner(struct sk_buff *skb, const struct nf_conn *ct)
{
	nf_ct_set(skb, ct, IP_CT_NEW);
	skb->nfct |= NFCT_OWNER;
}

struct nf_conn *ct_begin(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t,
			 const struct nf_conntrack_tuple *reply, u8 protonum, u64 hash)
{
	struct nf_conn *ct;

	if (ctn->s.max && ctn->s.count >= ctn->s.max && !ct_early_drop(ctn, hash))
		return NULL;
	ct = ct_pool_get(ctn);
	if (!ct)
		return NULL;
	ctn->s.count++;
	ct->tuple[IP_CT_DIR_ORIGINAL] = *t;
	ct->tuple[IP_CT_DIR_REPLY] = *reply;
	ct->protonum = protonum;
	return ct;
}

/* NULL: no room, which has been counted. */
static struct nf_conn *init_conntrack(const struct ct_packet *p, const struct nf_conntrack_tuple *t,
				      const struct nf_conntrack_tuple *reply, u8 protonum, u64 hash)
{
	struct nf_conn *ct = ct_begin(p->ctn, t, reply, protonum, hash);

	if (ct)
		set_owner(p->skb, ct);
	return ct;
}

void ct_free_unconfirmed(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	nf_nat_cleanup(ctn, ct);
	ctn->s.count--;
	ct_pool_put(ctn, ct);
}

/* net->nfct_destroy: the packet that owns a connection ends. */
static void nfct_destroy(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	skb->nfct = 0;
	if (ct)
		ct_free_unconfirmed(skb->net->ct, ct);
}

void nf_reset_ct(struct sk_buff *skb)
{
	if (skb->nfct & NFCT_OWNER)
		nfct_destroy(skb);
	skb->nfct = 0;
}

void nf_ct_attach(struct sk_buff *answer, const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	/* About an untracked one it is nobody's, and no rule can take it out any more. */
	if (ct || ctinfo == IP_CT_UNTRACKED)
		nf_ct_set(answer, ct,
			  CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL ? IP_CT_RELATED_REPLY
								   : IP_CT_RELATED);
}

void ct_end(struct nf_ct_net *ctn, struct nf_conn *ct, u32 by)
{
	if (ct->status & IPS_DYING)
		return;
	ct_remove(ctn, ct);
	nf_nat_cleanup(ctn, ct);
	ct->status |= IPS_DYING;
	ctn->s.count--;
	ct_tell(ctn, ct, IPCT_DESTROY | by);
	ct_pool_put_later(ctn, ct);
}

void nf_ct_delete(struct net *net, struct nf_conn *ct, u32 by)
{
	ct_end(net->ct, ct, by);
}

bool ct_checksum_wrong(const struct ct_packet *p, u8 protonum)
{
	struct sk_buff *skb = p->skb;
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	u32 len = skb->len - p->l4, sum = 0;

	if (protonum != IPPROTO_ICMP)
		sum = csum_tcpudp_nofold(iph->saddr, iph->daddr, len, protonum, 0);
	sum = likely(!skb_is_nonlinear(skb)) ? csum_partial(skb->data + p->l4, len, sum)
					     : skb_checksum(skb, p->l4, len, sum);
	if (unlikely(csum_fold(sum)))
		return true;
	if (protonum != IPPROTO_ICMP)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	return false;
}

/* ---- in ---- */

static enum ct_verdict judge(const struct ct_packet *p, struct nf_conn *ct)
{
	switch (ct->protonum) {
	case IPPROTO_UDP:
		return nf_conntrack_udp_packet(p, ct);
	case IPPROTO_TCP:
		return nf_conntrack_tcp_packet(p, ct);
	case IPPROTO_ICMP:
		return nf_conntrack_icmp_packet(p, ct);
	case IPPROTO_GRE:
		return nf_conntrack_gre_packet(p, ct);
	}
	return nf_conntrack_generic_packet(p, ct);
}

/* How a packet in this direction belongs to its connection. */
static enum ip_conntrack_info ctinfo_of(const struct nf_conn *ct, enum ip_conntrack_dir dir)
{
	if (dir == IP_CT_DIR_REPLY)
		return IP_CT_ESTABLISHED_REPLY;
	return ct->status & IPS_SEEN_REPLY ? IP_CT_ESTABLISHED : IP_CT_NEW;
}

/* Finds or makes the packet's connection and attaches it. NULL: the packet is no part of any, or there is no room (*full). */
static struct nf_conn *resolve_normal_ct(struct ct_packet *p, bool *full)
{
	struct nf_conntrack_tuple t, reply;
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;
	u8 protonum;
	u64 hash;

	if (!get_tuple(p->skb, &t, &protonum, &p->l4))
		return NULL;
	hash = ct_hash(p->ctn, &t, protonum);
	ct = ct_find(p->ctn, &t, protonum, hash, p->now, &dir);
	if (likely(ct)) {
		p->ctinfo = ctinfo_of(ct, dir);
		nf_ct_set(p->skb, ct, p->ctinfo);
		return ct;
	}
	if (!nf_ct_invert_tuple(&reply, &t, protonum))
		return NULL;
	p->ctinfo = IP_CT_NEW;
	ct = init_conntrack(p, &t, &reply, protonum, hash);
	*full = !ct;
	return ct;
}

/* A packet of a translated connection keeps a mark: NAT will end it, when all rules have seen it. */
static u32 invalid(struct nf_ct_net *ctn, struct sk_buff *skb, const struct nf_conn *ct)
{
	bool translated = ct && ct->status & IPS_NAT_MASK;

	nf_reset_ct(skb);
	if (translated)
		skb->nfct = NFCT_INVALID_NAT;
	ctn->stat.invalid++;
	return NF_ACCEPT;
}

bool nf_conntrack_tuple_taken(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *reply,
			      const struct nf_conn *ignored)
{
	enum ip_conntrack_dir dir;
	const struct nf_conn *ct =
		ct_find(ctn, reply, ignored->protonum, ct_hash(ctn, reply, ignored->protonum),
			ct_ticks(plat_now()), &dir);

	/* the same flow's: resolve_clash() will see to it */
	if (!ct || ct == ignored ||
	    !memcmp(&ct->tuple[IP_CT_DIR_ORIGINAL], &ignored->tuple[IP_CT_DIR_ORIGINAL],
		    sizeof(ct->tuple[0])))
		return false;
	ctn->stat.found++;
	return true;
}

static u32 nf_conntrack_in(struct nf_ct_net *ctn, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	struct ct_packet p = {.ctn = ctn, .skb = skb, .state = state};
	enum ct_verdict verdict;
	struct nf_conn *ct;
	bool full = false;

	if (nf_ct_is_seen(skb)) {
		if (skb->nfct != IP_CT_RELATED) /* untracked, or loopback brings it again */
			return NF_ACCEPT;
		skb->nfct = 0;
	}
	p.now = ct_now(skb);
	if (unlikely(((const struct iphdr *)skb->data)->protocol == IPPROTO_ICMP) &&
	    nf_conntrack_icmpv4_error(&p))
		return NF_ACCEPT;
	do {
		ct = resolve_normal_ct(&p, &full);
		if (unlikely(full)) {
			ctn->stat.drop++;
			return NF_DROP_REASON(SKB_DROP_REASON_NF_CONNTRACK_FULL);
		}
		if (unlikely(!ct))
			return invalid(ctn, skb, NULL);
		verdict = judge(&p, ct);
		if (verdict == CT_REPEAT)
			skb->nfct = 0;
	} while (unlikely(verdict == CT_REPEAT));
	if (unlikely(verdict == CT_INVALID))
		return invalid(ctn, skb, ct);
	if (p.ctinfo == IP_CT_ESTABLISHED_REPLY && !(ct->status & IPS_SEEN_REPLY)) {
		ct->status |= IPS_SEEN_REPLY;
		nf_ct_event(ct, IPCT_REPLY);
	}
	return NF_ACCEPT;
}

static u32 ipv4_conntrack_in(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_conntrack_in(priv, skb, state);
}

/* Fragments that are sent as such (IP_NODEFRAG) are nobody's. */
static u32 ipv4_conntrack_local(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (ip_is_fragment((const struct iphdr *)skb->data))
		return NF_ACCEPT;
	return nf_conntrack_in(priv, skb, state);
}

/* ---- the last hook ---- */

/*
 * Another packet of the same flow was faster (this one waited in a queue): it joins that connection, if losing what it
 * has begun changes nothing for it. TCP and ICMP send again.
 */
static u32 resolve_clash(struct nf_ct_net *ctn, struct sk_buff *skb, struct nf_conn *loser,
			 struct nf_conn *winner)
{
	bool same = !memcmp(winner->tuple, loser->tuple, sizeof(winner->tuple));

	if (loser->protonum == IPPROTO_TCP || loser->protonum == IPPROTO_ICMP ||
	    (!same && winner->status & IPS_NAT_DONE_MASK)) {
		ctn->stat.insert_failed++;
		ctn->stat.drop++;
		return NF_DROP_REASON(SKB_DROP_REASON_NF_CONNTRACK_CLASH);
	}
	for (u32 dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		winner->acct[dir].packets += loser->acct[dir].packets;
		winner->acct[dir].bytes += loser->acct[dir].bytes;
	}
	nf_reset_ct(skb);
	nf_ct_set(skb, winner, ctinfo_of(winner, IP_CT_DIR_ORIGINAL));
	ctn->stat.clash_resolve++;
	return NF_ACCEPT;
}

struct nf_conn *ct_find_clash(struct nf_ct_net *ctn, const struct nf_conn *ct, u32 now)
{
	for (u32 i = 0; i < IP_CT_DIR_MAX; i++) {
		enum ip_conntrack_dir dir;
		struct nf_conn *other =
			ct_find(ctn, &ct->tuple[i], ct->protonum,
				ct_hash(ctn, &ct->tuple[i], ct->protonum), now, &dir);

		if (other)
			return other;
	}
	return NULL;
}

static u32 nf_conntrack_confirm(struct nf_ct_net *ctn, struct sk_buff *skb, struct nf_conn *ct)
{
	u32 now = ct_now(skb);
	struct nf_conn *other = ct_find_clash(ctn, ct, now);

	if (other)
		return resolve_clash(ctn, skb, ct, other);
	if (ct_insert(ctn, ct)) {
		ctn->stat.insert_failed++;
		ctn->stat.drop++;
		return NF_DROP_REASON(SKB_DROP_REASON_NOMEM);
	}
	skb->nfct &= ~NFCT_OWNER;
	ct->timeout += now;
	ct->status |= IPS_CONFIRMED;
	if (ctn->s.timestamp)
		ct->start = (skb->tstamp ? skb->tstamp : plat_now()) / NSEC_PER_SEC;
	ct_gc_start(ctn);
	nf_ct_event(ct, IPCT_NEW);
	return NF_ACCEPT;
}

static noinline u32 confirm_slow(struct nf_ct_net *ctn, struct sk_buff *skb, struct nf_conn *ct)
{
	enum ip_conntrack_info ctinfo;
	u32 verdict = NF_ACCEPT;

	if (skb->nfct & NFCT_OWNER)
		verdict = nf_conntrack_confirm(ctn, skb, ct);
	ct = nf_ct_get(skb, &ctinfo);
	if (ct && ct->events) {
		ct_tell(ctn, ct, ct->events);
		ct->events = 0;
	}
	return verdict;
}

static u32 nf_confirm(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	(void)state;
	if (likely(!(skb->nfct & NFCT_OWNER) && (!ct || !ct->events)))
		return NF_ACCEPT;
	return confirm_slow(priv, skb, ct);
}

/* ---- on and off ---- */

static const struct nf_hook_ops conntrack_ops[] = {
	{ipv4_conntrack_in, NULL, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK},
	{ipv4_conntrack_local, NULL, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK},
	{nf_confirm, NULL, NF_INET_POST_ROUTING, NF_IP_PRI_CONNTRACK_CONFIRM},
	{nf_confirm, NULL, NF_INET_LOCAL_IN, NF_IP_PRI_CONNTRACK_CONFIRM},
};

int ct_table_make(struct nf_ct_net *ctn)
{
	if (ctn->table.nr_main)
		return 0;
	plat_random(&ctn->key, sizeof(ctn->key));
	return ct_table_resize(ctn, ctn->s.buckets);
}

int nf_ct_netns_get(struct net *net)
{
	struct nf_ct_net *ctn = net->ct;
	int err;

	if (ctn->users++)
		return 0;
	err = ct_table_make(ctn);
	if (err)
		goto fail;
	for (u32 i = 0; i < ARRAY_SIZE(ctn->ops); i++) {
		ctn->ops[i] = conntrack_ops[i];
		ctn->ops[i].priv = ctn;
	}
	net->nfct_destroy = nfct_destroy;
	net->nfct_attach = nf_ct_attach;
	err = nf_defrag_ipv4_enable(net);
	if (err)
		goto fail;
	err = nf_register_net_hooks(net, ctn->ops, ARRAY_SIZE(ctn->ops));
	if (!err)
		return 0;
	nf_defrag_ipv4_disable(net);
fail:
	ctn->users--;
	return err;
}

void nf_ct_netns_put(struct net *net)
{
	struct nf_ct_net *ctn = net->ct;
	struct nf_conn *ct;
	u32 cursor = 0;

	if (--ctn->users)
		return;
	nf_unregister_net_hooks(net, ctn->ops, ARRAY_SIZE(ctn->ops));
	nf_defrag_ipv4_disable(net);
	while ((ct = nf_ct_next(net, &cursor)))
		ct_kill(ctn, ct);
}

static int nf_conntrack_init(struct net *net)
{
	struct nf_ct_net *ctn = plat_alloc(sizeof(*ctn));
	int err;

	if (!ctn)
		return -ENOMEM;
	memset(ctn, 0, sizeof(*ctn));
	ctn->net = net;
	INIT_LIST_HEAD(&ctn->listeners);
	net->ct = ctn;
	err = ct_sysctl_init(ctn);
	if (err) {
		plat_free(ctn);
		net->ct = NULL;
	}
	return err;
}

/* Whoever needed tracking has let go of it; packets that own a connection may still wait in a device. */
static void nf_conntrack_exit(struct net *net)
{
	struct nf_ct_net *ctn = net->ct;

	BUG_ON(ctn->users);
	net->nfct_destroy = NULL;
	net->nfct_attach = NULL;
	rcu_run(net);
	net_del_timer(net, &ctn->gc_timer);
	ct_table_free(&ctn->table);
	ct_pool_free(ctn);
	ct_sysctl_exit(ctn);
	plat_free(ctn);
	net->ct = NULL;
}

const struct pernet_operations nf_conntrack_net_ops = {"conntrack", nf_conntrack_init,
						       nf_conntrack_exit};
