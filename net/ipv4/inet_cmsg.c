/* SPDX-License-Identifier: MIT */
/*
 * Ancillary data of recvmsg and sendmsg at level IP and SOCKET, in the layout of Linux's 64-bit ABI:
 * a struct cmsg_hdr, the data, padding to 8 bytes. See ip(7), cmsg(3).
 */
#include "net/ipv4/inet_sock.h"
#include "net/net_tstamp.h"
#include "net/ipv4/ip_options.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/udp_hdr.h"

struct cmsg_hdr {
	u64 len; /* of header and data, without padding */
	s32 level, type;
};

struct pktinfo {
	s32 ifindex;
	be32 spec_dst, addr;
};

#define CMSG_PAD(len) ALIGN((size_t)(len), 8)

void put_cmsg(struct sock_msg *msg, size_t room, int level, int type, const void *data, size_t len)
{
	struct cmsg_hdr hdr = {.len = sizeof(hdr) + len, .level = level, .type = type};
	size_t left = room - msg->controllen;
	u8 *at = (u8 *)msg->control + msg->controllen;

	if (left < sizeof(hdr)) {
		msg->flags |= MSG_CTRUNC;
		return;
	}
	if (left < hdr.len) {
		msg->flags |= MSG_CTRUNC;
		hdr.len = left;
	}
	memcpy(at, &hdr, sizeof(hdr));
	memcpy(at + sizeof(hdr), data, hdr.len - sizeof(hdr));
	msg->controllen += min(CMSG_PAD(hdr.len), left);
}

void sk_cmsg_timestamp(u16 flags, u64 tstamp, struct sock_msg *msg, size_t room)
{
	u64 wall = plat_wall() - (plat_now() - tstamp);
	s64 ts[6] = {wall / NSEC_PER_SEC,
		     wall % NSEC_PER_SEC}; /* and two by hardware, which never come */
	s64 tv[2] = {ts[0], ts[1] / (s64)NSEC_PER_USEC};

	if (flags & SK_CMSG_TIMESTAMPNS)
		put_cmsg(msg, room, SOL_SOCKET, SCM_TIMESTAMPNS, ts, 2 * sizeof(*ts));
	else if (flags & SK_CMSG_TIMESTAMP)
		put_cmsg(msg, room, SOL_SOCKET, SCM_TIMESTAMP, tv, sizeof(tv));
	if (flags & SK_CMSG_TIMESTAMPING)
		put_cmsg(msg, room, SOL_SOCKET, SCM_TIMESTAMPING, ts, sizeof(ts));
}

/* IP_CHECKSUM: the sum of what a datagram brings, as a ping's. None of a datagram that came unsummed. */
static void cmsg_checksum(const struct sock *sk, const struct sk_buff *skb, struct sock_msg *msg,
			  size_t room)
{
	const struct udphdr *uh = skb_transport_header(skb);
	u32 sum;

	if (sk->type == SOCK_RAW || skb->ip_summed == CHECKSUM_PARTIAL ||
	    (sk->protocol == IPPROTO_UDP && !uh->check))
		return;
	sum = skb_checksum(skb, 0, skb->len, 0);
	put_cmsg(msg, room, SOL_IP, IP_CHECKSUM, &sum, sizeof(sum));
}

/* The packet's options, and as an answer would have them. */
static void cmsg_options(const struct sock *sk, struct sk_buff *skb, struct sock_msg *msg,
			 size_t room)
{
	const struct iphdr *iph = skb_network_header(skb);
	u8 optlen = IPCB(skb)->opt.optlen;
	struct inet_opt back;

	if (!optlen)
		return;
	if (sk->cmsg_flags & SK_CMSG_RECVOPTS)
		put_cmsg(msg, room, SOL_IP, IP_RECVOPTS, iph + 1, optlen);
	if (!(sk->cmsg_flags & SK_CMSG_RETOPTS))
		return;
	if (ip_options_echo(sk->net, &back.opt, back.data, skb)) {
		msg->flags |= MSG_CTRUNC;
		return;
	}
	ip_options_undo(&back.opt, back.data);
	put_cmsg(msg, room, SOL_IP, IP_RETOPTS, back.data, back.opt.optlen);
}

void ip_cmsg_recv(const struct sock *sk, struct sk_buff *skb, struct sock_msg *msg, size_t room)
{
	const struct iphdr *iph = skb_network_header(skb);
	const struct sk_skb_cb *cb = SK_SKB_CB(skb);

	if (sk->cmsg_flags & SK_CMSG_PKTINFO) {
		struct pktinfo info = {cb->iif, cb->spec_dst, iph->daddr};

		put_cmsg(msg, room, SOL_IP, IP_PKTINFO, &info, sizeof(info));
	}
	if (sk->cmsg_flags & SK_CMSG_TTL) {
		int ttl = iph->ttl;

		put_cmsg(msg, room, SOL_IP, IP_TTL, &ttl, sizeof(ttl));
	}
	if (sk->cmsg_flags & SK_CMSG_TOS)
		put_cmsg(msg, room, SOL_IP, IP_TOS, &iph->tos, sizeof(iph->tos));
	if (sk->cmsg_flags & (SK_CMSG_RECVOPTS | SK_CMSG_RETOPTS))
		cmsg_options(sk, skb, msg, room);
	if (sk->cmsg_flags & SK_CMSG_ORIGDST &&
	    (const u8 *)skb_transport_header(skb) + 4 <= skb->tail) {
		const be16 *ports = skb_transport_header(skb);
		struct {
			u16 family;
			be16 port;
			be32 addr;
			u8 zero[8];
		} to = {.family = AF_INET, .port = ports[1], .addr = iph->daddr};

		put_cmsg(msg, room, SOL_IP, IP_ORIGDSTADDR, &to, sizeof(to));
	}
}

void sk_cmsg_recv(struct sock *sk, struct sk_buff *skb, struct sock_msg *msg, size_t room)
{
	if (sk->cmsg_flags & SK_CMSG_TIME)
		sk_cmsg_timestamp(sk->cmsg_flags, skb->tstamp, msg, room);
	if (sk->cmsg_flags & SK_CMSG_RXQ_OVFL && sk->drops) { /* as Linux: no news of nothing */
		u32 drops = sk->drops;

		put_cmsg(msg, room, SOL_SOCKET, SO_RXQ_OVFL, &drops, sizeof(drops));
	}
	ip_cmsg_recv(sk, skb, msg, room);
	if (sk->cmsg_flags & SK_CMSG_CHECKSUM)
		cmsg_checksum(sk, skb, msg, room);
}

/* An int, or for IP_TOS also a byte, as Linux takes them. */
static int cmsg_byte(const void *data, size_t len, int min_value, bool byte_ok, u8 *out)
{
	int v;

	if (len == sizeof(v))
		memcpy(&v, data, sizeof(v));
	else if (byte_ok && len == 1)
		v = *(const u8 *)data;
	else
		return -EINVAL;
	if (v < min_value || v > 255)
		return -EINVAL;
	*out = v;
	return 0;
}

/* Which stamps this one is to have. */
static int cmsg_tstamp(const void *data, size_t len, struct ip_tx *ip)
{
	u32 flags;

	if (len != sizeof(flags))
		return -EINVAL;
	memcpy(&flags, data, sizeof(flags));
	if (flags & ~SOF_TIMESTAMPING_TX_RECORD_MASK)
		return -EINVAL;
	ip->tx_flags = sk_tstamp_tx_flags(flags);
	return 0;
}

static int cmsg_apply(struct sock *sk, const struct cmsg_hdr *hdr, const void *data,
		      struct sk_tx *tx, u32 *oif)
{
	size_t len = hdr->len - sizeof(*hdr);
	struct ip_tx *ip = tx->ip;
	struct pktinfo info;

	if (hdr->level == SOL_SOCKET && hdr->type == SO_TIMESTAMPING)
		return cmsg_tstamp(data, len, ip);
	if (hdr->level != SOL_IP)
		return -EINVAL;
	switch (hdr->type) {
	case IP_RETOPTS: /* what is too much is left out, as by Linux */
		ip->opt = &tx->opt.opt;
		return inet_opt_parse(sk->net, &tx->opt, data, min(len, (size_t)IP_MAX_OPTLEN));
	case IP_PKTINFO:
		if (len != sizeof(info))
			return -EINVAL;
		memcpy(&info, data, sizeof(info));
		if (info.ifindex)
			*oif = info.ifindex;
		ip->saddr = info.spec_dst; /* 0, too: whatever the socket is bound to */
		return 0;
	case IP_TTL:
		return cmsg_byte(data, len, 1, false, &ip->ttl);
	case IP_TOS:
		return cmsg_byte(data, len, 0, true, &ip->tos);
	default:
		return -EINVAL;
	}
}

int sk_cmsg_send(struct sock *sk, const struct sock_msg *msg, struct sk_tx *tx, u32 *oif)
{
	const u8 *at = msg->control;
	size_t left = msg->controllen;

	while (left >= sizeof(struct cmsg_hdr)) {
		struct cmsg_hdr hdr;
		int err;

		memcpy(&hdr, at, sizeof(hdr));
		if (hdr.len < sizeof(hdr) || hdr.len > left)
			return -EINVAL;
		err = cmsg_apply(sk, &hdr, at + sizeof(hdr), tx, oif);
		if (err)
			return err;
		if (CMSG_PAD(hdr.len) >= left)
			break;
		at += CMSG_PAD(hdr.len);
		left -= CMSG_PAD(hdr.len);
	}
	return 0;
}
