/* SPDX-License-Identifier: MIT */
/* Connections that somebody makes or changes by hand: conntrack -I, -U. Source: the behaviour of Linux's ctnetlink. */
#include "lib/errno.h"
#include "net/netfilter/conntrack_net.h"
#include "net/nf_nat.h"
#include "net/sockopt.h"

#define MAY_BE_SET (IPS_SEEN_REPLY | IPS_ASSURED | IPS_FIXED_TIMEOUT)
#define ALL_TOLD   (IPCT_REPLY | IPCT_ASSURED | IPCT_PROTOINFO | IPCT_MARK | IPCT_USER)

/* All but the time-out, which counts from now only when the connection is in the table. */
static int set_rest(struct nf_conn *ct, const struct nf_ct_wish *wish)
{
	if (wish->given & NF_CT_STATUS && wish->status & ~MAY_BE_SET)
		return -EBUSY;
	if (wish->given & NF_CT_STATUS)
		ct->status |= wish->status;
	if (wish->given & NF_CT_STATE && ct->protonum == IPPROTO_TCP)
		ct->proto.tcp.state = wish->state;
	if (wish->given & NF_CT_MARK)
		ct->mark = wish->mark;
	return 0;
}

static u32 ticks_of(u32 seconds)
{
	return ct_seconds((int)min(seconds, (u32)CT_FOREVER));
}

int nf_ct_change(struct net *net, struct nf_conn *ct, const struct nf_ct_wish *wish)
{
	int err;

	if (wish->given & NF_CT_TIMEOUT) {
		if (ct->status & IPS_FIXED_TIMEOUT)
			return -EPERM;
		ct->timeout = ct_ticks(plat_now()) + ticks_of(wish->timeout);
	}
	err = set_rest(ct, wish);
	if (!err)
		ct_tell(net->ct, ct, ALL_TOLD);
	return err;
}

/* The destination first, as Linux; the side that is not asked for is bound to what it has. */
static int translate(struct nf_ct_net *ctn, struct nf_conn *ct, const struct nf_nat_range *nat[2])
{
	if (!nat[0] && !nat[1])
		return 0;
	if (!ctn->nat)
		return -EOPNOTSUPP;
	for (int type = NF_NAT_MANIP_DST; type >= NF_NAT_MANIP_SRC; type--) {
		u32 verdict = nat[type] ? nf_nat_setup_info(ctn->net, ct, nat[type], type)
					: nf_nat_alloc_null_binding(ctn->net, ct,
								    type == NF_NAT_MANIP_SRC
									    ? NF_INET_POST_ROUTING
									    : NF_INET_PRE_ROUTING);

		if (verdict != NF_ACCEPT)
			return -EINVAL;
	}
	return 0;
}

static int fill(struct nf_ct_net *ctn, struct nf_conn *ct, const struct nf_ct_wish *wish,
		const struct nf_nat_range *nat[2])
{
	u32 now = ct_ticks(plat_now());
	int err;

	if (ct_find_clash(ctn, ct, now))
		return -EEXIST;
	err = translate(ctn, ct, nat);
	if (!err)
		err = set_rest(ct, wish);
	if (err)
		return err;
	if (ct_find_clash(ctn, ct, now))
		return -EEXIST;
	if (ct_insert(ctn, ct))
		return -ENOMEM;
	ct->timeout = now + ticks_of(wish->timeout);
	ct->status |= IPS_CONFIRMED;
	if (ctn->s.timestamp)
		ct->start = plat_now() / NSEC_PER_SEC;
	return 0;
}

int nf_ct_create(struct net *net, const struct nf_conntrack_tuple *orig,
		 const struct nf_conntrack_tuple *reply, u8 protonum, const struct nf_ct_wish *wish,
		 const struct nf_nat_range *nat[2])
{
	struct nf_ct_net *ctn = net->ct;
	struct nf_conntrack_tuple inverse;
	struct nf_conn *ct;
	int err = ct_table_make(ctn);

	if (err)
		return err;
	if (!nf_ct_invert_tuple(&inverse, orig, protonum))
		return -EINVAL;
	ct = ct_begin(ctn, orig, reply ? reply : &inverse, protonum, ct_hash(ctn, orig, protonum));
	if (!ct)
		return -ENOMEM;
	err = fill(ctn, ct, wish, nat);
	if (err) {
		ct_free_unconfirmed(ctn, ct);
		return err;
	}
	ct_gc_start(ctn);
	ct_tell(ctn, ct, IPCT_NEW | ALL_TOLD);
	return 0;
}
