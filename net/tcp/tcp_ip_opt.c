/* SPDX-License-Identifier: MIT */
/*
 * IP options of a connection's segments (RFC 9293 s3.9.2.1): what the program said before connect() (MUST-51; nothing that comes
 * in changes it, MUST-52), or of a passive open the SYN's, turned round: a source route is the way back (MUST-53).
 */
#include "lib/errno.h"
#include "net/ipv4/ip_options.h"
#include "net/tcp/tcp_sock.h"

struct inet_opt *tcp_ip_opt_echo(struct net *net, struct sk_buff *skb)
{
	struct inet_opt *o;

	if (likely(!IPCB(skb)->opt.optlen))
		return NULL;
	o = plat_alloc(sizeof(*o));
	if (o && !ip_options_echo(net, &o->opt, o->data, skb) && o->opt.optlen)
		return o;
	plat_free(o);
	return NULL;
}

int tcp_ip_opt_set(struct tcp_sock *tp, const void *val, u32 len)
{
	int err = inet_opt_set(&tp->sk, val, len);

	if (err)
		return err;
	tp->pmtu = 0; /* segments have less room, or more: it is looked up now */
	if (tp->sk.daddr)
		(void)tcp_route(tp);
	return 0;
}
