/* SPDX-License-Identifier: MIT */
/* Who takes packets of which protocol. */
#include "lib/errno.h"
#include "net/ipv4/netns_ipv4.h"

int inet_add_protocol(struct net *net, const struct net_protocol *proto, u8 protocol)
{
	const struct net_protocol **slot = &net_ipv4(net)->protos[protocol];

	if (*slot)
		return -EBUSY;
	*slot = proto;
	return 0;
}

void inet_del_protocol(struct net *net, u8 protocol)
{
	net_ipv4(net)->protos[protocol] = NULL;
}

void inet_set_raw_ops(struct net *net, const struct raw_ops *ops)
{
	net_ipv4(net)->raw_ops = ops;
}

void inet_set_ping_ops(struct net *net, const struct ping_ops *ops)
{
	net_ipv4(net)->ping_ops = ops;
}
