/* SPDX-License-Identifier: MIT */
/*
 * IP options of a connection's segments (RFC 9293 s3.9.2.1): what the program said before connect() (MUST-51; nothing that comes
 * in changes it, MUST-52), or of a passive open the SYN's, turned round: a source route is the way back (MUST-53).
 */
#include "lib/errno.h"
#include "net/ipv4/ip_options.h"
#include "net/tcp/tcp_sock.h"
#include "net/wire/ipv4_hdr.h"

/* The source route; NULL: there is none. */
static u8 *source_route(struct tcp_ip_opt *o)
{
	return o->opt.srr ? o->data + o->opt.srr - IP_HLEN_MIN : NULL;
}

struct tcp_ip_opt *tcp_ip_opt_echo(struct net *net, struct sk_buff *skb)
{
	struct tcp_ip_opt *o;

	if (likely(!IPCB(skb)->opt.optlen))
		return NULL;
	o = plat_alloc(sizeof(*o));
	if (o && !ip_options_echo(net, &o->opt, o->data, skb) && o->opt.optlen)
		return o;
	plat_free(o);
	return NULL;
}

be32 tcp_ip_opt_first_hop(const struct tcp_ip_opt *o, be32 daddr)
{
	return o && o->opt.srr ? o->opt.faddr : daddr;
}

void tcp_ip_opt_use(struct tcp_ip_opt *o, struct ip_tx *ip)
{
	u8 *srr;

	if (likely(!o))
		return;
	srr = source_route(o);
	if (srr && srr[1] >= 7) /* the last hop is where it goes */
		memcpy(srr + srr[1] - 4, &ip->daddr, 4);
	ip->daddr = tcp_ip_opt_first_hop(o, ip->daddr);
	ip->opt = &o->opt;
	ip->opt_data = o->data;
}

int tcp_ip_opt_set(struct tcp_sock *tp, const void *val, u32 len)
{
	struct tcp_ip_opt *o = NULL;
	u32 bad;

	if (len > IP_MAX_OPTLEN)
		return -EINVAL;
	if (len) {
		o = plat_alloc(sizeof(*o));
		if (!o)
			return -ENOMEM;
		memset(o, 0, sizeof(*o)); /* what is left of a word is the end of options */
		memcpy(o->data, val, len);
		len = ALIGN(len, 4U);
		if (ip_options_compile(tp->sk.net, &o->opt, o->data, len, NULL, &bad)) {
			plat_free(o);
			return -EINVAL;
		}
		o->opt.optlen = len;
	}
	plat_free(tp->ip_opt);
	tp->ip_opt = o;
	tp->pmtu = 0; /* segments have less room, or more: it is looked up now */
	sk_route_drop(&tp->sk);
	if (tp->sk.daddr)
		(void)tcp_route(tp);
	return 0;
}

int tcp_ip_opt_get(const struct tcp_sock *tp, void *val, u32 *len)
{
	struct tcp_ip_opt o;
	u8 *srr;

	if (!tp->ip_opt) {
		*len = 0;
		return 0;
	}
	o = *tp->ip_opt;
	srr = source_route(&o);
	if (srr && srr[1] >= 7) { /* as it was given: the first hop first */
		memmove(srr + 7, srr + 3, srr[1] - 7);
		memcpy(srr + 3, &o.opt.faddr, 4);
	}
	*len = min(*len, (u32)o.opt.optlen);
	memcpy(val, o.data, *len);
	return 0;
}
