/* SPDX-License-Identifier: MIT */
/* IP options of what a socket sends: taken from the program, told to it, put where its packets are made. */
#include "net/ipv4/inet_sock.h"
#include "net/ipv4/ip_options.h"

/* The source route; NULL: there is none. */
static u8 *source_route(struct inet_opt *o)
{
	return o->opt.srr ? o->data + o->opt.srr - IP_HLEN_MIN : NULL;
}

int inet_opt_parse(struct net *net, struct inet_opt *o, const void *val, u32 len)
{
	u32 bad;

	memset(o, 0, sizeof(*o)); /* what is left of a word is the end of options */
	if (len)
		memcpy(o->data, val, len);
	o->opt.optlen = ALIGN(len, 4U);
	return ip_options_compile(net, &o->opt, o->data, o->opt.optlen, NULL, &bad);
}

be32 inet_opt_first_hop(const struct inet_opt *o, be32 daddr)
{
	return o && o->opt.srr ? o->opt.faddr : daddr;
}

void inet_opt_use(struct inet_opt *o, struct ip_tx *ip)
{
	u8 *srr;

	if (likely(!o))
		return;
	srr = source_route(o);
	if (srr && srr[1] >= 7) /* the last hop is where it goes */
		memcpy(srr + srr[1] - 4, &ip->daddr, 4);
	ip->daddr = inet_opt_first_hop(o, ip->daddr);
	ip->opt = &o->opt;
	ip->opt_data = o->data;
}

/* None are options, too: as on Linux a socket that has said so once has its headers made (IP_HDRINCL is EINVAL). */
int inet_opt_set(struct sock *sk, const void *val, u32 len)
{
	struct inet_opt *o;

	if (len > IP_MAX_OPTLEN)
		return -EINVAL;
	o = plat_alloc(sizeof(*o));
	if (!o)
		return -ENOMEM;
	if (inet_opt_parse(sk->net, o, val, len)) {
		plat_free(o);
		return -EINVAL;
	}
	sk_route_drop(sk); /* it lends them to packets */
	plat_free(sk->inet_opt);
	sk->inet_opt = o;
	return 0;
}

int inet_opt_get(const struct sock *sk, void *val, u32 *len)
{
	struct inet_opt o;

	if (!sk->inet_opt) {
		*len = 0;
		return 0;
	}
	o = *sk->inet_opt;
	ip_options_undo(&o.opt, o.data);
	*len = min(*len, (u32)o.opt.optlen);
	memcpy(val, o.data, *len);
	return 0;
}
