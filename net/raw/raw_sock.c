/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets: a copy of every packet of their protocol for us, IP header included, before the protocol itself
 * gets it; and packets out with a header of the stack's or, by IP_HDRINCL, of the program's. As raw(7).
 */
#include "net/core/nf_hook.h"
#include "net/ipv4/icmp.h"
#include "net/ipv4/ip_path.h"
#include "net/raw/raw_sock.h"
#include "net/wire/icmp_hdr.h"
#include "net/wire/ipv4_hdr.h"

#define RAW_MAX_PAYLOAD 65535

struct raw_sock {
	struct sock sk;
	struct hlist_node node;
	struct hlist_node alert_node; /* in router_alert, if sk.router_alert */
	u32 icmp_filter;              /* a bit for each ICMP type not wanted */
};

struct raw_table {
	struct hlist_head proto[256];
	struct hlist_head router_alert; /* those that see what is forwarded */
	u32 nr;                         /* sockets in it; while there are none, packets pass by */
};

static struct raw_sock *raw_sk(struct sock *sk)
{
	return container_of(sk, struct raw_sock, sk);
}

static const struct raw_ops raw_ops;

/* sk->protocol is set by then: socket() chose it. */
static int raw_get_port(struct sock *sk, be32 addr, be16 port __unused)
{
	struct raw_table *table = sk->net->raw;
	struct raw_sock *rs = raw_sk(sk);

	sk->rcv_saddr = addr;
	sk->sport = cpu_to_be16(sk->protocol); /* shown by ss, as in Linux */
	if (hlist_hashed(&rs->node))
		return 0;
	hlist_add_head(&rs->node, &table->proto[sk->protocol]);
	if (!table->nr++)
		inet_set_raw_ops(sk->net, &raw_ops);
	return 0;
}

/* IP_ROUTER_ALERT. Linux's errors: on twice, off twice. */
static int raw_set_router_alert(struct sock *sk, bool on)
{
	struct hlist_node *node = &raw_sk(sk)->alert_node;

	if (sk->protocol == IPPROTO_RAW)
		return -EINVAL;
	if (on == sk->router_alert)
		return on ? -EADDRINUSE : -ENOBUFS;
	sk->router_alert = on;
	if (on)
		hlist_add_head(node, &sk->net->raw->router_alert);
	else
		hlist_del(node);
	return 0;
}

static void raw_unhash(struct sock *sk)
{
	struct raw_table *table = sk->net->raw;

	if (sk->router_alert)
		raw_set_router_alert(sk, false);
	if (!hlist_hashed(&raw_sk(sk)->node))
		return;
	hlist_del(&raw_sk(sk)->node);
	if (!--table->nr)
		inet_set_raw_ops(sk->net, NULL);
}

/* They are found by their protocol alone. As in Linux a dissolved one shows no port any more. */
static void raw_rehash(struct sock *sk __unused)
{
}

/* Unlike the others they hear from the start, unbound. */
static int raw_start(struct sock *sk)
{
	if (sk->protocol == IPPROTO_RAW) {
		sk->hdrincl = 1;
		sk->sport = cpu_to_be16(sk->protocol);
		return 0;
	}
	return raw_get_port(sk, 0, 0);
}

static bool raw_matches(const struct sock *sk, be32 laddr, be32 faddr, u32 iif)
{
	return (!sk->rcv_saddr || sk->rcv_saddr == laddr) && (!sk->daddr || sk->daddr == faddr) &&
	       (!sk->bound_dev_if || sk->bound_dev_if == iif);
}

static bool raw_filtered(const struct raw_sock *rs, const struct sk_buff *skb, u8 protocol)
{
	u8 type;

	if (protocol != IPPROTO_ICMP || !rs->icmp_filter || !skb_headlen(skb))
		return false;
	type = *skb->data;
	return type < 32 && (rs->icmp_filter & 1U << type);
}

static void raw_queue(struct sock *sk, const struct sk_buff *skb, struct sk_buff *clone)
{
	skb_push(clone, -skb_network_offset(skb));
	if (!sk_filter(sk, clone, 1))
		return;
	sk_note_way(sk, clone);
	sk->rx_iif = skb->iif;
	skb_dst_drop(clone);
	clone->dev = NULL;
	sk_queue_rcv_skb(sk, clone);
}

static bool raw_deliver(struct net *net, struct sk_buff *skb, u8 protocol)
{
	const struct iphdr *iph = skb_network_header(skb);
	u32 iif = inet_iif(skb);
	bool delivered = false;
	struct raw_sock *rs;

	hlist_for_each_entry (rs, &net->raw->proto[protocol], node) {
		struct sk_buff *clone;

		if (!raw_matches(&rs->sk, iph->daddr, iph->saddr, iif) ||
		    !ip_mc_sf_allow(&rs->sk, iph->daddr, iph->saddr, iif))
			continue;
		delivered = true;
		if (raw_filtered(rs, skb, protocol))
			continue;
		clone = skb_clone(skb);
		if (clone)
			raw_queue(&rs->sk, skb, clone);
		else
			rs->sk.drops++;
	}
	return delivered;
}

/*
 * What is forwarded goes to the sockets of its protocol that asked for it, those bound to another device left out, and to
 * nobody else: neither their ICMP filters nor INPUT's rules are asked, as on Linux.
 */
static bool raw_router_alert(struct net *net, struct sk_buff *skb)
{
	u8 protocol = ip_hdr(skb)->protocol;
	bool taken = false;
	struct raw_sock *rs;

	hlist_for_each_entry (rs, &net->raw->router_alert, alert_node) {
		struct sock *sk = &rs->sk;
		struct sk_buff *clone;

		if (sk->protocol != protocol ||
		    (sk->bound_dev_if && sk->bound_dev_if != skb->dev->ifindex))
			continue;
		if (ip_is_fragment(ip_hdr(skb))) {
			skb = ip_defrag(net, skb, IP_DEFRAG_CALL_RA_CHAIN);
			if (!skb)
				return true;
		}
		taken = true;
		clone = skb_clone(skb);
		if (clone)
			raw_queue(sk, skb, clone);
		else
			sk->drops++;
	}
	if (taken) {
		trace_skb(skb, "raw_router_alert");
		consume_skb(skb);
	}
	return taken;
}

static void raw_err(struct net *net, struct sk_buff *skb, u8 protocol, u8 type, u8 code, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	struct sk_icmp_error e = {.type = type, .code = code, .info = info};
	struct raw_sock *rs;

	hlist_for_each_entry (rs, &net->raw->proto[protocol], node) {
		if (!raw_matches(&rs->sk, iph->saddr, iph->daddr, skb->dev->ifindex))
			continue;
		e.payload = rs->sk.hdrincl ? 0 : ip_hdrlen(iph);
		sk_icmp_error(&rs->sk, skb, &e);
	}
}

/* The program's own header: lengths are checked, a source of 0 is filled in; the rest goes out as it is. */
static int raw_send_hdrincl(struct sock *sk, struct sk_buff *skb, size_t len,
			    const struct sk_tx *tx)
{
	struct iphdr *iph = (struct iphdr *)skb->data;

	if (len > tx->rt->dst.dev->mtu) {
		consume_skb(skb);
		return sk_too_big(sk, tx);
	}
	if (len < IP_HLEN_MIN || ip_hdrlen(iph) < IP_HLEN_MIN || ip_hdrlen(iph) > len) {
		consume_skb(skb);
		return -EINVAL;
	}
	if (!iph->saddr)
		iph->saddr = tx->ip->saddr;
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, ip_hdrlen(iph));
	skb->protocol = CPU_TO_BE16(0x0800);
	skb_dst_set_noref(skb, &tx->rt->dst);
	if (tx->ip->tx_flags)
		sk_tstamp_begin(skb, tx->ip->tx_flags);
	if (iph->protocol == IPPROTO_ICMP && ip_hdrlen(iph) < len)
		icmp_count_out(sk->net, skb->data[ip_hdrlen(iph)]);
	return ip_send_skb(sk->net, skb);
}

long raw_send_built(struct sock *sk, struct sk_buff *skb, struct sk_tx *tx)
{
	u8 type = skb->len ? *skb->data : 0;
	long len = skb->len;
	int err;

	sk_tx_set_df(sk, tx, IP_HLEN_MIN + len);
	err = ip_build_and_send(sk->net, skb, tx->rt, tx->ip);
	if (err == -EMSGSIZE)
		return sk_too_big(sk, tx);
	if (sk->protocol == IPPROTO_ICMP)
		icmp_count_out(sk->net, type);
	return err ? err : len;
}

static long raw_sendmsg(struct sock *sk, const struct sock_msg *msg, int flags)
{
	long len = msg_length(msg, RAW_MAX_PAYLOAD);
	struct sk_buff *skb;
	struct sk_tx tx;
	int err;

	if (len < 0)
		return len;
	if (!sk->hdrincl && len > RAW_MAX_PAYLOAD - IP_HLEN_MIN)
		return -EMSGSIZE;
	err = sk_wait_to_send(sk, msg, flags, false);
	if (err)
		return err;
	skb = sk_alloc_send_skb(sk, len);
	if (!skb)
		return -ENOBUFS;
	err = sk_tx_prepare(sk, msg, flags, false, &tx);
	if (!err && !sk->hdrincl && sk->protocol == IPPROTO_ICMP && len < 2)
		err = -EFAULT; /* Linux looks for type and code */
	if (err) {
		consume_skb(skb);
		return err;
	}
	msg_copy(skb_put(skb, len), msg, len);
	if (sk->hdrincl) {
		err = raw_send_hdrincl(sk, skb, len, &tx);
		return err ? err : len;
	}
	return raw_send_built(sk, skb, &tx);
}

long raw_recvmsg(struct sock *sk, struct sock_msg *msg, int flags)
{
	struct sk_buff *skb;
	int ready;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (flags & MSG_ERRQUEUE)
		return sk_recv_error(sk, msg);
	ready = sk_wait_skb(sk, flags);
	if (ready <= 0)
		return ready;
	skb = skb_peek(&sk->receive_queue);
	msg->name.addr = ((const struct iphdr *)skb_network_header(skb))->saddr;
	msg->name.port = 0;
	msg->has_name = true;
	return sk_recv_skb(sk, skb, msg, flags);
}

static int raw_setsockopt(struct sock *sk, int level, int name, const void *val, u32 len)
{
	if (level == SOL_IP && name == IP_ROUTER_ALERT)
		return raw_set_router_alert(sk, *(const int *)val != 0);
	if (level != SOL_RAW || name != ICMP_FILTER)
		return -ENOPROTOOPT;
	if (sk->protocol != IPPROTO_ICMP)
		return -EOPNOTSUPP;
	if (len != sizeof(raw_sk(sk)->icmp_filter))
		return -EINVAL;
	memcpy(&raw_sk(sk)->icmp_filter, val, len);
	return 0;
}

static int raw_getsockopt(struct sock *sk, int level, int name, void *val, u32 *len)
{
	if (level != SOL_RAW || name != ICMP_FILTER)
		return -ENOPROTOOPT;
	if (sk->protocol != IPPROTO_ICMP)
		return -EOPNOTSUPP;
	*len = min(*len, (u32)sizeof(raw_sk(sk)->icmp_filter));
	memcpy(val, &raw_sk(sk)->icmp_filter, *len);
	return 0;
}

const struct proto raw_prot = {
	.name = "RAW",
	.type = SOCK_RAW,
	.protocol = IPPROTO_IP,
	.obj_size = sizeof(struct raw_sock),
	.start = raw_start,
	.close = raw_unhash,
	.get_port = raw_get_port,
	.rehash = raw_rehash,
	.connect = inet_dgram_connect,
	.sendmsg = raw_sendmsg,
	.recvmsg = raw_recvmsg,
	.setsockopt = raw_setsockopt,
	.getsockopt = raw_getsockopt,
	.inq = inet_dgram_inq,
	.poll = inet_dgram_poll,
};

static const struct raw_ops raw_ops = {
	.deliver = raw_deliver,
	.err = raw_err,
	.router_alert = raw_router_alert,
};

static int raw_net_init(struct net *net)
{
	net->raw = plat_alloc(sizeof(*net->raw));
	if (!net->raw)
		return -ENOMEM;
	memset(net->raw, 0, sizeof(*net->raw));
	return 0;
}

static void raw_net_exit(struct net *net)
{
	plat_free(net->raw);
	net->raw = NULL;
}

const struct pernet_operations raw_net_ops = {
	.name = "raw",
	.init = raw_net_init,
	.exit = raw_net_exit,
};
