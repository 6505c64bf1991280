/* SPDX-License-Identifier: MIT */
/*
 * Which translation a connection gets: one whose answers nobody else waits for.
 *
 * First what the source already has towards others, then an address of the range (by a hash, so that a client keeps it), then its
 * own port if that is free, then another port: of the same class (1-511, 600-1023, 1024 and above) or of the range. The
 * search for a port is bounded: when it fails, the connection is not confirmed, and its packet is dropped.
 * The order, the hash and the numbers are Linux's, so that the same rules give the same addresses.
 */
#include "lib/bits.h"
#include "net/netfilter/nat.h"
#include "net/sockopt.h"

#define MAX_ATTEMPTS  128
#define MIN_ATTEMPTS  16
#define LAST_ATTEMPTS 32  /* those that take over what has ended */
#define MAX_SOURCES   256 /* connections of one source that are asked for their place */

bool nf_nat_used_tuple(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t,
		       const struct nf_conn *ignored)
{
	struct nf_conntrack_tuple reply;

	nf_ct_invert_tuple(&reply, t, ignored->protonum);
	return nf_conntrack_tuple_taken(ctn, &reply, ignored);
}

static bool port_in_range(be16 port, const struct nf_nat_range *range)
{
	return be16_to_cpu(port) >= be16_to_cpu(range->min_proto) &&
	       be16_to_cpu(port) <= be16_to_cpu(range->max_proto);
}

/* What range->min_proto.. is about, in a tuple; NULL: the protocol has nothing of the kind. */
static be16 *port_of(struct nf_conntrack_tuple *t, u8 protonum, enum nf_nat_manip_type type)
{
	switch (protonum) {
	case IPPROTO_ICMP:
		return &t->icmp_id;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return type == NF_NAT_MANIP_SRC ? &t->sport : &t->dport;
	}
	return NULL;
}

static bool l4_in_range(const struct nf_conntrack_tuple *t, u8 protonum,
			const struct nf_nat_range *range, enum nf_nat_manip_type type)
{
	struct nf_conntrack_tuple copy = *t;
	const be16 *port = port_of(&copy, protonum, type);

	return !port || port_in_range(*port, range);
}

static bool src_in_range(const struct nf_conntrack_tuple *t, u8 protonum,
			 const struct nf_nat_range *range)
{
	u32 addr = be32_to_cpu(t->src);

	if (range->flags & NF_NAT_RANGE_MAP_IPS &&
	    (addr < be32_to_cpu(range->min_addr) || addr > be32_to_cpu(range->max_addr)))
		return false;
	return !(range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) ||
	       l4_in_range(t, protonum, range, NF_NAT_MANIP_SRC);
}

/* ---- by source ---- */

static u32 *source_head(struct nf_ct_net *ctn, be32 src, be16 sport, u8 protonum)
{
	u64 hash = siphash13_2u64((u64)src << 32 | sport, protonum, &ctn->key);

	return &ctn->nat->bysource[(hash >> 32) * ctn->nat->nr_buckets >> 32];
}

void nf_nat_remember(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuple[IP_CT_DIR_ORIGINAL];
	u32 *head = source_head(ctn, t->src, t->sport, ct->protonum);

	ct->nat_prev = 0;
	ct->nat_next = *head;
	if (*head)
		ct_at(ctn, *head)->nat_prev = ct->index;
	*head = ct->index;
}

void nf_nat_forget(struct nf_ct_net *ctn, struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *t = &ct->tuple[IP_CT_DIR_ORIGINAL];

	if (ct->nat_prev)
		ct_at(ctn, ct->nat_prev)->nat_next = ct->nat_next;
	else
		*source_head(ctn, t->src, t->sport, ct->protonum) = ct->nat_next;
	if (ct->nat_next)
		ct_at(ctn, ct->nat_next)->nat_prev = ct->nat_prev;
	ct->nat_next = ct->nat_prev = 0;
}

/* The place that the source has for other destinations, if the range allows it. */
static bool find_appropriate_src(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *orig,
				 u8 protonum, struct nf_conntrack_tuple *result,
				 const struct nf_nat_range *range)
{
	u32 i = *source_head(ctn, orig->src, orig->sport, protonum);

	for (u32 n = 0; i && n < MAX_SOURCES; n++) {
		const struct nf_conn *ct = ct_at(ctn, i);
		const struct nf_conntrack_tuple *t = &ct->tuple[IP_CT_DIR_ORIGINAL];

		i = ct->nat_next;
		if (ct->protonum != protonum || t->src != orig->src || t->sport != orig->sport ||
		    !nf_ct_invert_tuple(result, &ct->tuple[IP_CT_DIR_REPLY], protonum))
			continue;
		result->dst = orig->dst;
		result->dport = orig->dport;
		if (src_in_range(result, protonum, range))
			return true;
	}
	return false;
}

/* ---- by address ---- */

/* Bob Jenkins' lookup3 hash of an address in 16 bytes: Linux's choice of an address. */
static u32 jhash_addr(be32 addr, u32 initval)
{
	u32 a, b, c;

	a = b = c = 0xdeadbeef + (4 << 2) + initval;
	a += addr;
	a = (a - c) ^ rol32(c, 4), c += b;
	b = (b - a) ^ rol32(a, 6), a += c;
	c = (c - b) ^ rol32(b, 8), b += a;
	a = (a - c) ^ rol32(c, 16), c += b;
	b = (b - a) ^ rol32(a, 19), a += c;
	c = (c - b) ^ rol32(b, 4), b += a;
	/* the fourth word is 0 */
	c = (c ^ b) - rol32(b, 14);
	a = (a ^ c) - rol32(c, 11);
	b = (b ^ a) - rol32(a, 25);
	c = (c ^ b) - rol32(b, 16);
	a = (a ^ c) - rol32(c, 4);
	b = (b ^ a) - rol32(a, 14);
	return (c ^ b) - rol32(b, 24);
}

static void find_best_address(struct nf_conntrack_tuple *t, const struct nf_nat_range *range,
			      enum nf_nat_manip_type type)
{
	be32 *addr = type == NF_NAT_MANIP_SRC ? &t->src : &t->dst;
	u32 first = be32_to_cpu(range->min_addr);
	u64 count = be32_to_cpu(range->max_addr) - first + 1ULL;
	u32 hash;

	if (!(range->flags & NF_NAT_RANGE_MAP_IPS))
		return;
	if (range->min_addr == range->max_addr) {
		*addr = range->min_addr;
		return;
	}
	hash = jhash_addr(t->src, range->flags & NF_NAT_RANGE_PERSISTENT ? 0 : t->dst);
	*addr = cpu_to_be32(first + (u32)(hash * count >> 32));
}

/* ---- by port ---- */

struct ports {
	u32 min, size;
};

/* False: the port is not to be changed. */
static bool ports_to_try(be16 port, u8 protonum, const struct nf_nat_range *range,
			 enum nf_nat_manip_type type, struct ports *p)
{
	u32 was = be16_to_cpu(port), min = be16_to_cpu(range->min_proto),
	    max = be16_to_cpu(range->max_proto);

	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED)
		*p = min <= max ? (struct ports){min, max - min + 1}
				: (struct ports){max, min - max + 1};
	else if (protonum == IPPROTO_ICMP)
		*p = (struct ports){0, 65536};
	else if (type == NF_NAT_MANIP_DST)
		return false;
	else if (was < 512)
		*p = (struct ports){1, 511};
	else if (was < 1024) /* 512 and up are for rlogin and its like */
		*p = (struct ports){600, 424};
	else
		*p = (struct ports){1024, 64512};
	return true;
}

static u16 random16(void)
{
	u16 r;

	plat_random(&r, sizeof(r));
	return r;
}

/* Whether its port may serve another connection: it has ended, and the new one's numbers are beyond its own (RFC 6191's way). */
static bool may_take_over(const struct nf_conn *old, const struct nf_conn *ct)
{
	return old->proto.tcp.state >= TCP_CONNTRACK_TIME_WAIT &&
	       (old->status & (IPS_SRC_NAT | IPS_FIXED_TIMEOUT)) == IPS_SRC_NAT &&
	       (s32)(ct->proto.tcp.seen[0].td_end - old->proto.tcp.seen[0].td_end) > 0;
}

/* As nf_nat_used_tuple(), but when few attempts are left a TCP connection that has ended makes room. */
static bool nf_nat_used_tuple_harder(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t,
				     const struct nf_conn *ct, u32 attempts_left)
{
	struct nf_conntrack_tuple reply;
	enum ip_conntrack_dir dir;
	struct nf_conn *old;

	if (attempts_left > LAST_ATTEMPTS || ct->protonum != IPPROTO_TCP ||
	    ct->proto.tcp.state != TCP_CONNTRACK_SYN_SENT)
		return nf_nat_used_tuple(ctn, t, ct);
	nf_ct_invert_tuple(&reply, t, ct->protonum);
	old = ct_find(ctn, &reply, ct->protonum, ct_hash(ctn, &reply, ct->protonum),
		      ct_ticks(plat_now()), &dir);
	if (!old)
		return false;
	if (dir == IP_CT_DIR_ORIGINAL || !may_take_over(old, ct))
		return true;
	ct_kill(ctn, old);
	return false;
}

static void find_free_port(struct nf_ct_net *ctn, struct nf_conntrack_tuple *t,
			   const struct nf_nat_range *range, const struct nf_conn *ct,
			   enum nf_nat_manip_type type)
{
	be16 *port = port_of(t, ct->protonum, type);
	struct ports p;
	u32 attempts;
	u16 off = 0;

	if (!port || !ports_to_try(*port, ct->protonum, range, type, &p))
		return;
	if (range->flags & NF_NAT_RANGE_PROTO_OFFSET)
		off = be16_to_cpu(*port) - be16_to_cpu(range->base_proto);
	else if (range->flags & NF_NAT_RANGE_PROTO_RANDOM_ALL || type == NF_NAT_MANIP_SRC)
		off = random16();
	for (attempts = min(p.size, (u32)MAX_ATTEMPTS);; attempts /= 2, off = random16()) {
		for (u32 i = 0; i < attempts; i++, off++) {
			*port = cpu_to_be16(p.min + off % p.size);
			if (!nf_nat_used_tuple_harder(ctn, t, ct, attempts - i))
				return;
		}
		if (attempts >= p.size || attempts < MIN_ATTEMPTS)
			return;
	}
}

/* Whether the tuple's own port does. */
static bool keeps_port(struct nf_ct_net *ctn, const struct nf_conntrack_tuple *t,
		       const struct nf_nat_range *range, const struct nf_conn *ct,
		       enum nf_nat_manip_type type)
{
	if (range->flags & NF_NAT_RANGE_PROTO_RANDOM_ALL)
		return false;
	if (!(range->flags & NF_NAT_RANGE_PROTO_SPECIFIED))
		return !nf_nat_used_tuple(ctn, t, ct);
	return !(range->flags & NF_NAT_RANGE_PROTO_OFFSET) &&
	       l4_in_range(t, ct->protonum, range, type) &&
	       (range->min_proto == range->max_proto || !nf_nat_used_tuple(ctn, t, ct));
}

void nat_unique_tuple(struct nf_ct_net *ctn, struct nf_conntrack_tuple *t,
		      const struct nf_nat_range *range, const struct nf_conn *ct,
		      enum nf_nat_manip_type type)
{
	struct nf_conntrack_tuple orig = *t;

	if (type == NF_NAT_MANIP_SRC && !(range->flags & NF_NAT_RANGE_PROTO_RANDOM_ALL)) {
		if (src_in_range(&orig, ct->protonum, range)) {
			if (!nf_nat_used_tuple(ctn, &orig, ct))
				return;
		} else if (find_appropriate_src(ctn, &orig, ct->protonum, t, range) &&
			   !nf_nat_used_tuple(ctn, t, ct)) {
			return;
		}
	}
	*t = orig;
	find_best_address(t, range, type);
	if (!keeps_port(ctn, t, range, ct, type))
		find_free_port(ctn, t, range, ct, type);
}
