/* SPDX-License-Identifier: MIT */
#include "tests/unit/ct_wire.h"

#include <string.h>

struct ct_world ct_router(void)
{
	struct ct_world w;

	w.net = router_new(&w.in, &w.out);
	return w;
}

static void put16(u8 *p, u32 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(u8 *p, u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

void ct_inject_tcp(struct nic *nic, const struct ct_seg *s)
{
	u8 pseudo[12 + 1500], *p = pseudo + 12;
	u32 hlen = 20 + s->optlen, len = hlen + s->len;
	const be32 addrs[2] = {s->saddr, s->daddr};
	u16 sum;

	cr_assert_leq(len, 1460);
	memset(pseudo, 0, sizeof(pseudo));
	memcpy(pseudo, addrs, 8);
	pseudo[9] = 6;
	put16(pseudo + 10, len);
	put16(p, s->sport);
	put16(p + 2, s->dport);
	put32(p + 4, s->seq);
	put32(p + 8, s->ack);
	p[12] = hlen / 4 << 4;
	p[13] = s->flags;
	put16(p + 14, s->win);
	if (s->optlen)
		memcpy(p + 20, s->opt, s->optlen);
	memset(p + hlen, 'x', s->len);
	sum = csum_of(pseudo, 12 + len);
	put16(p + 16, sum ^ (s->bad_csum ? 0x1111 : 0));
	nic_inject(nic, &(struct pkt){.ip.saddr = s->saddr,
				      .ip.daddr = s->daddr,
				      .ip.proto = 6,
				      .data = p,
				      .len = len});
}

u32 ct_many(struct net *net)
{
	u32 cursor = 0, n = 0;

	while (nf_ct_next(net, &cursor))
		n++;
	return n;
}

struct nf_conn *ct_only(struct net *net)
{
	u32 cursor = 0;

	cr_assert_leq(ct_many(net), 1);
	return nf_ct_next(net, &cursor);
}

struct nf_conn *ct_look(struct net *net, u8 proto, be32 src, u16 sport, be32 dst, u16 dport)
{
	struct nf_conntrack_tuple t = {
		.src = src, .dst = dst, .sport = cpu_to_be16(sport), .dport = cpu_to_be16(dport)};
	enum ip_conntrack_dir dir;
	struct nf_conn *ct;

	plat_bh_disable();
	ct = nf_conntrack_find(net, &t, proto, &dir);
	plat_bh_enable();
	return ct;
}
