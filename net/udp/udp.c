/* SPDX-License-Identifier: MIT */
/* UDP's entry in the table of protocols, and its sockets' operations. */
#include "net/udp/udp.h"
#include "net/udp/udp_table.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/udp_hdr.h"

/* From whom it is. */
static inline void udp_name(const struct sk_buff *skb, struct sock_msg *msg)
{
	msg->name.addr = ((const struct iphdr *)skb_network_header(skb))->saddr;
	msg->name.port = ((const struct udphdr *)skb_transport_header(skb))->source;
	msg->has_name = true;
}

static noinline long udp_recv_odd(struct sock *sk, struct sock_msg *msg, int flags)
{
	struct sk_buff *skb;
	u32 offset;
	int ready;

	if (flags & MSG_ERRQUEUE)
		return sk_recv_error(sk, msg);
	ready = sk_wait_skb_slow(sk, flags);
	if (ready <= 0)
		return ready;
	skb = sk_peek_find(sk, &offset);
	udp_name(skb, msg);
	return sk_peek_skb(sk, skb, offset, msg, flags);
}

static long udp_recvmsg(struct sock *sk, struct sock_msg *msg, int flags)
{
	struct net *net = sk->net;
	struct sk_buff *skb;
	int ready;

	if (unlikely(flags & (MSG_ERRQUEUE | MSG_PEEK)))
		return udp_recv_odd(sk, msg, flags);
	ready = sk_wait_skb(sk, flags);
	if (unlikely(ready <= 0))
		return ready;
	skb = skb_peek(&sk->receive_queue);
	udp_name(skb, msg);
	NET_INC_STATS(net, UDP_MIB_INDATAGRAMS);
	return sk_recv_skb(sk, skb, msg, flags);
}

static void udp_close(struct sock *sk)
{
	udp_cork_drop(sk);
	udp_unhash(sk);
}

const struct proto udp_prot = {
	.name = "UDP",
	.type = SOCK_DGRAM,
	.protocol = IPPROTO_UDP,
	.obj_size = sizeof(struct udp_sock),
	.close = udp_close,
	.get_port = udp_get_port,
	.rehash = udp_rehash,
	.connect = inet_dgram_connect,
	.sendmsg = udp_sendmsg,
	.recvmsg = udp_recvmsg,
	.setsockopt = udp_setsockopt,
	.getsockopt = udp_getsockopt,
	.inq = inet_dgram_inq,
	.poll = inet_dgram_poll,
	.group_next = udp_group_next,
};

static const struct net_protocol udp_protocol = {
	.early_demux = udp_early_demux,
	.handler = udp_rcv,
	.err_handler = udp_err,
};

static int udp_net_init(struct net *net)
{
	struct udp_table *table = plat_alloc(sizeof(*table));
	int err;

	if (!table)
		return -ENOMEM;
	memset(table, 0, sizeof(*table));
	udp_table_init(table);
	err = inet_add_protocol(net, &udp_protocol, IPPROTO_UDP);
	if (err) {
		plat_free(table);
		return err;
	}
	net->udp = table;
	return 0;
}

static void udp_net_exit(struct net *net)
{
	inet_del_protocol(net, IPPROTO_UDP);
	udp_table_exit(net->udp);
	plat_free(net->udp);
	net->udp = NULL;
}

const struct pernet_operations udp_net_ops = {
	.name = "udp",
	.init = udp_net_init,
	.exit = udp_net_exit,
};
