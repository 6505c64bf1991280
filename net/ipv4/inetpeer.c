/* SPDX-License-Identifier: MIT */
/* Limits of what one host is sent: errors, redirects (RFC 1812 s4.3.2.8; numbers of Linux). */
#include "net/ipv4/inetpeer.h"

#define LONG_AGO (60 * NSEC_PER_SEC)

struct inet_peer *inet_getpeer(struct net *net, be32 addr)
{
	struct inet_peer *p = &net_ipv4(net)->peers[addr * 0x9e3779b1U >> 24];

	if (p->addr != addr || !p->used)
		*p = (struct inet_peer){
			.addr = addr, .used = true, .rate_last = plat_now() - LONG_AGO};
	return p;
}

bool inet_peer_allow(struct inet_peer *p, u64 cost, u64 burst)
{
	u64 now = plat_now(), tokens = p->rate_tokens + (now - p->rate_last);

	p->rate_tokens = min(tokens, burst);
	p->rate_last = now;
	if (p->rate_tokens < cost)
		return false;
	p->rate_tokens -= cost;
	return true;
}

bool inet_peer_redirect(struct net *net, be32 addr)
{
	const struct netns_ipv4 *ipv4 = net_ipv4(net);
	struct inet_peer *p = inet_getpeer(net, addr);
	u64 now = plat_now(), quiet = now - p->rate_last;

	if (quiet > IPV4_TICKS(ipv4->sysctl_redirect_silence)) {
		p->rate_tokens = 0;
		p->n_redirects = 0;
	}
	if (p->n_redirects < (u32)ipv4->sysctl_redirect_number) {
		if (p->n_redirects && quiet <= IPV4_TICKS(ipv4->sysctl_redirect_load)
						       << p->n_redirects)
			return false;
		p->n_redirects++;
		p->rate_last = now;
		return true;
	}
	p->rate_last = now;
	return false;
}
