/* SPDX-License-Identifier: MIT */
/*
 * SO_TIMESTAMPING: when what a socket sends waits for its NIC, is given to it, is acknowledged. A packet carries in tx_flags
 * which of these are asked for, and its number in tskey; the stamps go to the socket's error queue.
 */
#include "net/ipv4/inet_sock.h"
#include "net/net_tstamp.h"

/* core's way to sk_tstamp_tx(). */
static void tstamp_tx(struct sk_buff *skb, u32 type)
{
	if (skb->sk)
		sk_tstamp_tx(skb->sk, skb, type);
}

u8 sk_tstamp_tx_flags(u32 tsflags)
{
	u32 counted = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_COMPLETION;

	return (tsflags & SOF_TIMESTAMPING_TX_SOFTWARE ? SKB_TX_SND : 0) |
	       (tsflags & SOF_TIMESTAMPING_TX_SCHED ? SKB_TX_SCHED : 0) |
	       (tsflags & counted ? SKB_TX_COUNTED : 0);
}

void sk_tstamp_begin(struct sk_buff *skb, u8 tx_flags)
{
	struct sock *sk = skb->sk;

	skb->net->skb_tstamp_tx = tstamp_tx;
	skb->tx_flags = tx_flags;
	skb->tskey = sk->tsflags & SOF_TIMESTAMPING_OPT_ID ? sk->tskey++ : 0;
}

static void follow_end(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	skb->sk = NULL;
	sk->users--;
	sk_try_free(sk);
}

void sk_tstamp_follow(struct sock *sk, struct sk_buff *to, const struct sk_buff *skb)
{
	skb->net->skb_tstamp_tx = tstamp_tx;
	to->tx_flags = skb->tx_flags;
	to->tskey = skb->tskey;
	to->sk = sk;
	to->destructor = follow_end;
	sk->users++;
}

int sk_get_timestamping(const struct sock *sk, void *val, u32 *len)
{
	int v[2] = {sk->tsflags, 0}; /* and no hardware clock */

	*len = min(*len, (u32)sizeof(v));
	memcpy(val, v, *len);
	return 0;
}

int sk_set_timestamping(struct sock *sk, const void *val, u32 len, u32 first_key)
{
	u32 flags, reported = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

	if (len < sizeof(flags))
		return -EINVAL;
	memcpy(&flags, val, sizeof(flags));
	if (flags & ~SOF_TIMESTAMPING_MASK ||
	    (flags & SOF_TIMESTAMPING_OPT_ID_TCP && !(flags & SOF_TIMESTAMPING_OPT_ID)) ||
	    (flags & SOF_TIMESTAMPING_OPT_STATS && !(flags & SOF_TIMESTAMPING_OPT_TSONLY)))
		return -EINVAL;
	if (flags & SOF_TIMESTAMPING_OPT_ID && !(sk->tsflags & SOF_TIMESTAMPING_OPT_ID)) {
		if (sk->type == SOCK_STREAM && (sk->state == TCP_CLOSE || sk->state == TCP_LISTEN))
			return -EINVAL;
		sk->tskey = first_key;
	}
	if (flags & SOF_TIMESTAMPING_BIND_PHC) /* no device has a clock */
		return dev_get_by_index(sk->net, sk->bound_dev_if) ? -EINVAL : -EOPNOTSUPP;
	if (flags & SOF_TIMESTAMPING_OPT_STATS) /* counters as netlink writes them */
		return -EINVAL;
	sk->tsflags = flags;
	sk->cmsg_flags &= ~SK_CMSG_TIMESTAMPING;
	if ((flags & reported) == reported)
		sk->cmsg_flags |= SK_CMSG_TIMESTAMPING;
	return 0;
}
