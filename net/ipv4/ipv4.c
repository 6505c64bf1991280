/* SPDX-License-Identifier: MIT */
/* IPv4's part of struct net: its tables in order, its settings, its place above the devices. */
#include "lib/errno.h"
#include "net/ipv4/arp.h"
#include "net/ipv4/devinet.h"
#include "net/ipv4/icmp.h"
#include "net/ipv4/igmp.h"
#include "net/ipv4/ip_path.h"
#include "net/ipv4/ip_reasm.h"
#include "net/ipv4/neigh_priv.h"
#include "net/ipv4/route_priv.h"
#include "net/sysctl.h"
#include "net/wire/eth_hdr.h"

#define IPV4(field)   offsetof(struct netns_ipv4, field)
#define ICMP_RATEMASK 0x1818 /* unreachable, source quench, time exceeded, parameter problem */

static int route_setting_changed(struct net *net, void *base, const struct ctl_table *t, int old)
{
	(void)base;
	(void)t;
	(void)old;
	rt_cache_flush(net);
	return 0;
}

static const struct ctl_table ipv4_table[] = {
	{"ip_no_pmtu_disc", IPV4(sysctl_ip_no_pmtu_disc), .min = 0, .max = 3},
	{"ip_forward_use_pmtu", IPV4(sysctl_ip_fwd_use_pmtu), .min = 0, .max = 1,
	 .changed = route_setting_changed},
	{"route.min_pmtu", IPV4(sysctl_min_pmtu), .min = 68, .max = 65535},
	{"route.mtu_expires", IPV4(sysctl_mtu_expires), .min = 0, .max = 0x7fffffff},
	{"route.gc_timeout", IPV4(sysctl_gc_timeout), .min = 0, .max = 0x7fffffff},
	{"ip_default_ttl", IPV4(sysctl_ip_default_ttl), .min = 1, .max = 255},
	{"ip_early_demux", IPV4(sysctl_ip_early_demux), .min = 0, .max = 255},
	{"udp_early_demux", IPV4(sysctl_udp_early_demux), .min = 0, .max = 255},
	{"icmp_echo_ignore_all", IPV4(sysctl_icmp_echo_ignore_all), .min = 0, .max = 1},
	{"icmp_echo_ignore_broadcasts", IPV4(sysctl_icmp_echo_ignore_broadcasts), .min = 0,
	 .max = 1},
	{"icmp_ignore_bogus_error_responses", IPV4(sysctl_icmp_ignore_bogus_error_responses),
	 .min = 0, .max = 1},
	{"icmp_errors_use_inbound_ifaddr", IPV4(sysctl_icmp_errors_use_inbound_ifaddr), .min = 0,
	 .max = 1},
	{"icmp_ratelimit", IPV4(sysctl_icmp_ratelimit), .min = 0, .max = 86400000},
	{"icmp_ratemask", IPV4(sysctl_icmp_ratemask), .min = -0x7fffffff - 1, .max = 0x7fffffff},
	{"icmp_msgs_per_sec", IPV4(sysctl_icmp_msgs_per_sec), .min = 0, .max = 0x7fffffff},
	{"icmp_msgs_burst", IPV4(sysctl_icmp_msgs_burst), .min = 0, .max = 0x7fffffff},
	{"route.error_cost", IPV4(sysctl_error_cost), .min = 0, .max = 0x7fffffff},
	{"route.error_burst", IPV4(sysctl_error_burst), .min = 0, .max = 0x7fffffff},
	{"route.redirect_number", IPV4(sysctl_redirect_number), .min = 0, .max = 32},
	{"route.redirect_load", IPV4(sysctl_redirect_load), .min = 0, .max = 0x7fffffff},
	{"route.redirect_silence", IPV4(sysctl_redirect_silence), .min = 0, .max = 0x7fffffff},
	{"igmp_max_memberships", IPV4(sysctl_igmp_max_memberships), .min = 0, .max = 0x7fffffff},
	{"igmp_max_msf", IPV4(sysctl_igmp_max_msf), .min = 0, .max = 8192},
	{"ip_nonlocal_bind", IPV4(sysctl_ip_nonlocal_bind), .min = 0, .max = 1},
	{"igmp_qrv", IPV4(sysctl_igmp_qrv), .min = 1, .max = 255},
	{"igmp_link_local_mcast_reports", IPV4(sysctl_igmp_link_local_mcast_reports), .min = 0,
	 .max = 1},
	{"fib_multipath_hash_policy", IPV4(sysctl_fib_multipath_hash_policy), .min = 0, .max = 1,
	 .changed = route_setting_changed},
	{"fib_multipath_use_neigh", IPV4(sysctl_fib_multipath_use_neigh), .min = 0, .max = 1,
	 .changed = route_setting_changed},
	{"route.max_routes", IPV4(sysctl_max_routes), .min = 64, .max = 0x7fffffff},
};

static void ipv4_defaults(struct netns_ipv4 *ipv4)
{
	ipv4->sysctl_ip_default_ttl = 64;
	ipv4->sysctl_ip_early_demux = 1;
	ipv4->sysctl_udp_early_demux = 1;
	ipv4->sysctl_icmp_echo_ignore_broadcasts = 1;
	ipv4->sysctl_icmp_ignore_bogus_error_responses = 1;
	ipv4->sysctl_icmp_ratelimit = 1000;
	ipv4->sysctl_icmp_ratemask = ICMP_RATEMASK;
	ipv4->sysctl_icmp_msgs_per_sec = 1000;
	ipv4->sysctl_icmp_msgs_burst = 50;
	ipv4->sysctl_max_routes = FIB_MAX_ROUTES;
	ipv4->sysctl_min_pmtu = 552;
	ipv4->sysctl_mtu_expires = 600;
	ipv4->sysctl_gc_timeout = 300;
	ipv4->rt_genid = RT_GENID_NONE + 1;
	ipv4->sysctl_error_cost = 250;
	ipv4->sysctl_error_burst = 5 * 250;
	ipv4->sysctl_redirect_number = 9;
	ipv4->sysctl_redirect_load = 250 / 50;
	ipv4->sysctl_redirect_silence = 250 / 50 << 10;
	ipv4->sysctl_igmp_max_memberships = 20;
	ipv4->sysctl_igmp_max_msf = 10;
	ipv4->sysctl_igmp_qrv = 2;
	ipv4->sysctl_igmp_link_local_mcast_reports = 1;
	ipv4->icmp_global.stamp = -NSEC_PER_SEC; /* full when first asked */
	plat_random(&ipv4->ip_id_key, sizeof(ipv4->ip_id_key));
}

static int ipv4_tables_init(struct net *net)
{
	int err = neigh_init(net);

	if (!err)
		err = neigh_sysctl_init(net);
	if (!err)
		err = devconf_init(net);
	if (!err)
		err = fib_init(net);
	if (!err)
		err = ip_frags_init(net);
	if (!err)
		err = icmp_init(net);
	if (!err)
		err = igmp_init(net);
	if (!err)
		err = sysctl_register(net, "net.ipv4", ipv4_table, ARRAY_SIZE(ipv4_table),
				      net_ipv4(net));
	return err;
}

static void ipv4_tables_exit(struct net *net)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);

	if (ipv4->arp) {
		sysctl_unregister(net, &ipv4->arp->parms);
		sysctl_unregister(net, ipv4->arp);
	}
	sysctl_unregister(net, &ipv4->devconf_all);
	sysctl_unregister(net, &ipv4->devconf_dflt);
	sysctl_unregister(net, ipv4);
	net_del_timer(net, &ipv4->addr_timer);
	icmp_exit(net);
	igmp_exit(net);
	ip_frags_exit(net);
	rt_cache_drop_all(net);
	if (ipv4->fib)
		fib_exit(net);
	if (ipv4->arp)
		neigh_exit(net);
	rcu_run(net);
	plat_free(ipv4);
	net->ipv4 = NULL;
}

static int ipv4_init(struct net *net)
{
	struct netns_ipv4 *ipv4 = plat_alloc(sizeof(*ipv4));
	int err;

	if (!ipv4)
		return -ENOMEM;
	memset(ipv4, 0, sizeof(*ipv4));
	ipv4->net = net;
	net->ipv4 = ipv4;
	ipv4_defaults(ipv4);
	devinet_init(net);
	err = ipv4_tables_init(net);
	if (!err) {
		ipv4->notifier.fn = inetdev_event;
		err = register_netdevice_notifier(net, &ipv4->notifier);
	}
	if (err) {
		ipv4_tables_exit(net);
		return err;
	}
	ipv4->ip_packet_type = (struct packet_type){
		.type = CPU_TO_BE16(ETH_P_IP), .func = ip_rcv, .list_func = ip_list_rcv};
	ipv4->arp_packet_type =
		(struct packet_type){.type = CPU_TO_BE16(ETH_P_ARP), .func = arp_rcv};
	dev_add_pack(net, &ipv4->ip_packet_type);
	dev_add_pack(net, &ipv4->arp_packet_type);
	return 0;
}

static void ipv4_exit(struct net *net)
{
	struct netns_ipv4 *ipv4 = net_ipv4(net);

	dev_remove_pack(net, &ipv4->ip_packet_type);
	dev_remove_pack(net, &ipv4->arp_packet_type);
	unregister_netdevice_notifier(net, &ipv4->notifier);
	skb_queue_purge(&net->backlog, SKB_DROP_REASON_DEV_UNREGISTERED);
	ipv4_tables_exit(net);
}

const struct pernet_operations ipv4_net_ops = {"ipv4", ipv4_init, ipv4_exit};
