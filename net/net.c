/* SPDX-License-Identifier: MIT */
/* The composition root of the stack: its layers in order, and the ways into it from the platform. */
#include "net/core/net_namespace.h"
#include "net/ctl/ctl_net.h"
#include "net/ipv4/netns_ipv4.h"
#include "net/net.h"
#include "net/netfilter/ip_tables.h"
#include "net/netfilter/conntrack_net.h"
#include "net/raw/ping_sock.h"
#include "net/raw/raw_sock.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp.h"
#include "net/udp/udp.h"

/* Each builds on those above it; they end in reverse order. */
static const struct pernet_operations *const layers[] = {
	&core_net_ops, &ipv4_net_ops, &nf_conntrack_net_ops, &socket_net_ops,    &udp_net_ops,
	&tcp_net_ops,  &ping_net_ops, &raw_net_ops,          &netfilter_net_ops, &ctl_net_ops,
};

static void net_exit_layers(struct net *net, unsigned int n)
{
	plat_bh_disable();
	while (n--)
		layers[n]->exit(net);
	plat_bh_enable();
	plat_free(net);
}

struct net *net_create(void)
{
	struct net *net = plat_alloc(sizeof(*net));
	unsigned int n;
	int err = 0;

	if (!net)
		return NULL;
	memset(net, 0, sizeof(*net));
	plat_bh_disable();
	for (n = 0; n < ARRAY_SIZE(layers); n++) {
		err = layers[n]->init(net);
		if (err)
			break;
	}
	if (!err)
		err = dev_open(net->loopback_dev);
	plat_bh_enable();
	if (err) {
		net_exit_layers(net, n);
		return NULL;
	}
	return net;
}

void net_destroy(struct net *net)
{
	net_exit_layers(net, ARRAY_SIZE(layers));
}

void net_softirq(struct net *net, unsigned int nr)
{
	net_stretch_begin(net);
	if (unlikely(net->rcu_list))
		rcu_run(net);
	switch (nr) {
	case SOFTIRQ_TIMER:
		net_timer_action(net);
		break;
	case SOFTIRQ_NET_TX:
		net_tx_action(net);
		break;
	case SOFTIRQ_NET_RX:
		net_rx_action(net);
		break;
	}
}

long net_skbs_in_use(const struct net *net)
{
	return net->nr_skbs;
}
