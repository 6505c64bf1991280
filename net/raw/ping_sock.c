/* SPDX-License-Identifier: MIT */
/*
 * ICMP datagram sockets ("ping sockets"): a program sends echo requests and gets the replies to them, and nothing
 * else. The identifier is the socket's port: the stack writes it, and the checksum. As icmp(7).
 */
#include "net/core/nf_hook.h"
#include "net/raw/ping_sock.h"
#include "net/raw/raw_sock.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"

#define PING_HASH_BITS   8
#define PING_MAX_PAYLOAD (65535 - IP_HLEN_MIN)

struct ping_sock {
	struct sock sk;
	struct hlist_node node;
};

struct ping_table {
	struct hlist_head slot[1 << PING_HASH_BITS];
};

static struct ping_sock *ping_sk(struct sock *sk)
{
	return container_of(sk, struct ping_sock, sk);
}

static struct hlist_head *ping_slot(struct net *net, be16 ident)
{
	return &net->ping->slot[be16_to_cpu(ident) & ((1 << PING_HASH_BITS) - 1)];
}

static struct sock *ping_lookup(struct net *net, be16 ident, be32 laddr, u32 iif)
{
	struct ping_sock *ps;

	hlist_for_each_entry (ps, ping_slot(net, ident), node) {
		struct sock *sk = &ps->sk;

		if (sk->sport == ident && (!sk->rcv_saddr || sk->rcv_saddr == laddr) &&
		    (!sk->bound_dev_if || sk->bound_dev_if == iif))
			return sk;
	}
	return NULL;
}

/* shared: both may say SO_REUSEADDR, which is what they begin with. */
static bool ident_in_use(struct sock *sk, be16 ident, bool shared)
{
	struct ping_sock *ps;

	hlist_for_each_entry (ps, ping_slot(sk->net, ident), node)
		if (&ps->sk != sk && ps->sk.sport == ident &&
		    !(shared && ps->sk.reuse && sk->reuse))
			return true;
	return false;
}

static void ping_unhash(struct sock *sk)
{
	if (hlist_hashed(&ping_sk(sk)->node))
		hlist_del(&ping_sk(sk)->node);
}

/* The identifier is found by the local end alone: only losing it matters. */
static void ping_rehash(struct sock *sk)
{
	if (!sk->sport)
		ping_unhash(sk);
}

static int ping_get_port(struct sock *sk, be32 addr, be16 ident)
{
	u32 i;
	u16 start;

	if (ident && ident_in_use(sk, ident, true))
		return -EADDRINUSE;
	plat_random(&start, sizeof(start));
	for (i = 0; !ident && i <= U16_MAX; i++) {
		be16 candidate = cpu_to_be16(start + i);

		if (candidate && !ident_in_use(sk, candidate, false))
			ident = candidate;
	}
	if (!ident)
		return -EADDRINUSE;
	ping_unhash(sk);
	sk->sport = ident;
	sk->rcv_saddr = addr;
	hlist_add_head(&ping_sk(sk)->node, ping_slot(sk->net, ident));
	return 0;
}

/* Echo replies, checksum verified, data at the ICMP header. Consumes. */
static void ping_rcv(struct net *net, struct sk_buff *skb)
{
	const struct iphdr *iph = skb_network_header(skb);
	const struct icmphdr *icmph = (const struct icmphdr *)skb->data;
	struct sock *sk = ping_lookup(net, icmph->un.echo.id, iph->daddr, inet_iif(skb));

	if (!sk) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET);
		return;
	}
	nf_assert_passed_in(skb);
	trace_skb(skb, "ping_rcv");
	if (!sk_filter(sk, skb, 1))
		return;
	sk_note_way(sk, skb);
	sk->rx_iif = skb->iif;
	skb_dst_drop(skb);
	skb->dev = NULL;
	sk_queue_rcv_skb(sk, skb);
}

static void ping_err(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct icmphdr *icmph = (const struct icmphdr *)(skb->data + ip_hdrlen(iph));
	const struct sk_icmp_error e = {type, code, info, ip_hdrlen(iph), 0};
	struct sock *sk;

	if (icmph->type != ICMP_ECHO)
		return;
	sk = ping_lookup(net, icmph->un.echo.id, iph->saddr, skb->dev->ifindex);
	if (sk)
		sk_icmp_error(sk, skb, &e);
}

/* Fills skb from msg, as an echo request of sk's. */
static void ping_fill(const struct sock *sk, struct sk_buff *skb, const struct sock_msg *msg,
		      size_t len)
{
	struct icmphdr *icmph = skb_put(skb, len);

	msg_copy(icmph, msg, len);
	icmph->un.echo.id = sk->sport;
	icmph->checksum = 0;
	icmph->checksum = csum_fold(csum_partial(icmph, len, 0));
}

static long ping_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags)
{
	long len = msg_length(msg, PING_MAX_PAYLOAD);
	int err = inet_autobind(sk);
	struct sk_buff *skb;
	struct sk_tx tx;
	u8 head[2]; /* type and code */

	if (len < 0)
		return len;
	if (len < ICMP_HLEN)
		return -EINVAL;
	msg_copy(head, msg, sizeof(head));
	if (head[0] != ICMP_ECHO || head[1])
		return -EINVAL;
	if (!err)
		err = sk_wait_to_send(sk, msg, flags, false);
	if (err)
		return err;
	skb = sk_alloc_send_skb(sk, len);
	if (!skb)
		return -ENOBUFS;
	ping_fill(sk, skb, msg, len);
	err = sk_tx_prepare(sk, msg, flags, false, &tx);
	if (err) {
		consume_skb(skb);
		return err;
	}
	return raw_send_built(sk, skb, &tx);
}

const struct proto ping_prot = {
	.name = "PING",
	.type = SOCK_DGRAM,
	.protocol = IPPROTO_ICMP,
	.obj_size = sizeof(struct ping_sock),
	.close = ping_unhash,
	.get_port = ping_get_port,
	.rehash = ping_rehash,
	.connect = inet_dgram_connect,
	.sendmsg = ping_sendmsg,
	.recvmsg = raw_recvmsg,
	.inq = inet_dgram_inq,
	.poll = inet_dgram_poll,
};

static const struct ping_ops ping_ops = {
	.rcv = ping_rcv,
	.err = ping_err,
};

static int ping_net_init(struct net *net)
{
	net->ping = plat_alloc(sizeof(*net->ping));
	if (!net->ping)
		return -ENOMEM;
	memset(net->ping, 0, sizeof(*net->ping));
	inet_set_ping_ops(net, &ping_ops);
	return 0;
}

static void ping_net_exit(struct net *net)
{
	inet_set_ping_ops(net, NULL);
	plat_free(net->ping);
	net->ping = NULL;
}

const struct pernet_operations ping_net_ops = {
	.name = "ping",
	.init = ping_net_init,
	.exit = ping_net_exit,
};
