/* SPDX-License-Identifier: MIT */
#include "tests/unit/tcp_wire.h"

#include <string.h>

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

static u32 get32(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

void inject(struct nic *nic, const struct seg *s)
{
	u8 pseudo[12 + 200], *p = pseudo + 12;
	u32 hlen = 20 + s->optlen, len = hlen + s->len;
	const be32 addrs[2] = {s->saddr ? s->saddr : PEER, s->daddr ? s->daddr : US};
	u16 sum;

	memset(pseudo, 0, sizeof(pseudo));
	memcpy(pseudo, addrs, 8);
	pseudo[9] = 6;
	put16(pseudo + 10, len);
	put16(p, s->sport ? s->sport : 4000);
	put16(p + 2, s->dport ? s->dport : 80);
	put32(p + 4, s->seq);
	put32(p + 8, s->ack);
	p[12] = hlen / 4 << 4;
	p[13] = s->flags;
	put16(p + 14, s->wnd ? s->wnd : WND);
	put16(p + 18, s->urg);
	if (s->optlen)
		memcpy(p + 20, s->opt, s->optlen);
	memset(p + hlen, 'x', s->len);
	if (s->data)
		memcpy(p + hlen, s->data, s->len);
	sum = csum_of(pseudo, 12 + len);
	put16(p + 16, sum);
	nic_inject(nic, &(struct pkt){.ip.saddr = addrs[0],
				      .ip.daddr = addrs[1],
				      .ip.ttl = s->ttl,
				      .ip.tos = s->tos,
				      .ip.proto = 6,
				      .ip.opt = s->ipopt,
				      .ip.optlen = s->ipoptlen,
				      .data = p,
				      .len = len});
}

bool sent(struct nic *nic, struct seg *s)
{
	const struct pkt *p = nic_next(nic);

	if (!p)
		return false;
	cr_assert(p->ip.proto == 6 && p->len >= 20);
	*s = (struct seg){.seq = get32((const u8 *)p->data + 4),
			  .ack = get32((const u8 *)p->data + 8),
			  .flags = ((const u8 *)p->data)[13],
			  .tos = p->ip.tos,
			  .wnd = ((const u8 *)p->data)[14] << 8 | ((const u8 *)p->data)[15],
			  .urg = ((const u8 *)p->data)[18] << 8 | ((const u8 *)p->data)[19],
			  .len = p->len - (((const u8 *)p->data)[12] >> 4) * 4};
	return true;
}

struct sock *listen_on(struct net *net, u16 port, int backlog)
{
	struct sock_addr addr = {0, cpu_to_be16(port)};
	struct sock *sk;

	cr_assert_eq(sock_create(net, AF_INET, SOCK_STREAM, 0, &sk), 0);
	cr_assert_eq(sock_bind(sk, &addr), 0);
	cr_assert_eq(sock_listen(sk, backlog), 0);
	return sk;
}

u32 count_sent(struct nic *nic, u8 flags, u32 len)
{
	struct seg s;
	u32 n = 0;

	while (sent(nic, &s))
		n += (s.flags & flags) == flags && (len == U32_MAX || s.len == len);
	return n;
}

bool conn_step_by_step;

void conn_listen(struct conn *c)
{
	memset(c, 0, sizeof(*c));
	c->net = stack_new();
	c->net->tcp->no_prediction = conn_step_by_step;
	c->nic = nic_new(c->net, "10.0.0.1/24");
	c->listener = listen_on(c->net, 80, 5);
}

void conn_handshake(struct conn *c, const char *opt, u32 optlen)
{
	struct seg s;

	inject(c->nic, &(struct seg){.seq = IRS, .flags = TCP_SYN, .opt = opt, .optlen = optlen});
	cr_assert(sent(c->nic, &s) && s.flags == (TCP_SYN | TCP_ACK) && s.ack == IRS + 1);
	c->una = c->nxt = s.seq + 1;
	c->rcv = IRS + 1;
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	cr_assert_eq(sock_accept(c->listener, true, &c->sk, NULL), 0);
	cr_assert_eq(c->sk->state, TCP_ESTABLISHED);
}

void conn_close(struct conn *c)
{
	nic_forget(c->nic);
	sock_close(c->sk);
	sock_close(c->listener);
}

static void peer_fin(struct conn *c, u32 ack)
{
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = ack, .flags = TCP_FIN | TCP_ACK});
	c->rcv++;
}

static void our_fin(struct conn *c)
{
	cr_assert_eq(sock_shutdown(c->sk, SHUT_WR), 0);
	host_run();
	c->nxt++;
}

static void acked(struct conn *c)
{
	inject(c->nic, &(struct seg){.seq = c->rcv, .ack = c->nxt, .flags = TCP_ACK});
	c->una = c->nxt;
}

void reach(struct conn *c, u8 state)
{
	conn_listen(c);
	conn_handshake(c, NULL, 0);
	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
		peer_fin(c, c->nxt);
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT)
		our_fin(c);
	if (state == TCP_CLOSING)
		peer_fin(c, c->una);
	if (state == TCP_FIN_WAIT2)
		acked(c);
	cr_assert_eq(c->sk->state, state, "%u, not %u", c->sk->state, state);
	nic_forget(c->nic);
}
