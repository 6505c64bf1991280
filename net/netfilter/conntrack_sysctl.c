/* SPDX-License-Identifier: MIT */
/* net.netfilter.nf_conntrack_*: Linux's names and defaults. */
#include "lib/errno.h"
#include "net/netfilter/conntrack_net.h"
#include "net/sysctl.h"

#define INT_MAX 0x7fffffff

/* Room for a connection takes some 150 bytes: by default they may have a thirtieth of the memory, and Linux's number at most. */
#define BYTES_PER_CONN 4608
#define DEFAULT_MAX    262144
#define DEFAULT_MIN    1024

static int buckets_changed(struct net *net, void *base, const struct ctl_table *t, int old)
{
	struct nf_ct_net *ctn = net->ct;

	(void)base;
	(void)t;
	(void)old;
	return ctn->table.nr_main ? ct_table_resize(ctn, ctn->s.buckets) : 0;
}

#define OFF(field) offsetof(struct nf_ct_sysctl, field)
#define SECONDS(text, field)                                                                 \
	{                                                                                    \
		.name = "nf_conntrack_" text, .offset = OFF(field), .min = 0, .max = INT_MAX \
	}
#define FLAG(text, field)                                                              \
	{                                                                              \
		.name = "nf_conntrack_" text, .offset = OFF(field), .min = 0, .max = 1 \
	}

static const struct ctl_table conntrack_table[] = {
	FLAG("acct", acct),
	{.name = "nf_conntrack_buckets",
	 .offset = OFF(buckets),
	 .min = 1,
	 .max = 1 << 24,
	 .changed = buckets_changed},
	FLAG("checksum", checksum),
	{.name = "nf_conntrack_count", .offset = OFF(count), .readonly = true},
	{.name = "nf_conntrack_events", .offset = OFF(events), .min = 0, .max = 2},
	SECONDS("generic_timeout", generic_timeout),
	SECONDS("gre_timeout", gre_timeout),
	SECONDS("gre_timeout_stream", gre_timeout_stream),
	SECONDS("icmp_timeout", icmp_timeout),
	{.name = "nf_conntrack_max", .offset = OFF(max), .min = 0, .max = INT_MAX},
	FLAG("tcp_be_liberal", tcp_be_liberal),
	FLAG("tcp_ignore_invalid_rst", tcp_ignore_invalid_rst),
	FLAG("tcp_loose", tcp_loose),
	{.name = "nf_conntrack_tcp_max_retrans",
	 .offset = OFF(tcp_max_retrans),
	 .min = 0,
	 .max = 255},
	SECONDS("tcp_timeout_close", tcp_timeout[TCP_CONNTRACK_CLOSE]),
	SECONDS("tcp_timeout_close_wait", tcp_timeout[TCP_CONNTRACK_CLOSE_WAIT]),
	SECONDS("tcp_timeout_established", tcp_timeout[TCP_CONNTRACK_ESTABLISHED]),
	SECONDS("tcp_timeout_fin_wait", tcp_timeout[TCP_CONNTRACK_FIN_WAIT]),
	SECONDS("tcp_timeout_last_ack", tcp_timeout[TCP_CONNTRACK_LAST_ACK]),
	SECONDS("tcp_timeout_max_retrans", tcp_timeout[TCP_CT_RETRANS]),
	SECONDS("tcp_timeout_syn_recv", tcp_timeout[TCP_CONNTRACK_SYN_RECV]),
	SECONDS("tcp_timeout_syn_sent", tcp_timeout[TCP_CONNTRACK_SYN_SENT]),
	SECONDS("tcp_timeout_time_wait", tcp_timeout[TCP_CONNTRACK_TIME_WAIT]),
	SECONDS("tcp_timeout_unacknowledged", tcp_timeout[TCP_CT_UNACK]),
	FLAG("timestamp", timestamp),
	SECONDS("udp_timeout", udp_timeout),
	SECONDS("udp_timeout_stream", udp_timeout_stream),
};

/* The same setting by its short name. */
static const struct ctl_table short_table[] = {
	{.name = "nf_conntrack_max", .offset = OFF(max), .min = 0, .max = INT_MAX},
};

static const struct nf_ct_sysctl defaults = {
	.checksum = 1,
	.events = 2,
	.tcp_loose = 1,
	.tcp_max_retrans = 3,
	.tcp_timeout =
		{
			[TCP_CONNTRACK_SYN_SENT] = 120,
			[TCP_CONNTRACK_SYN_RECV] = 60,
			[TCP_CONNTRACK_ESTABLISHED] = 5 * 24 * 3600,
			[TCP_CONNTRACK_FIN_WAIT] = 120,
			[TCP_CONNTRACK_CLOSE_WAIT] = 60,
			[TCP_CONNTRACK_LAST_ACK] = 30,
			[TCP_CONNTRACK_TIME_WAIT] = 120,
			[TCP_CONNTRACK_CLOSE] = 10,
			[TCP_CONNTRACK_SYN_SENT2] = 120,
			[TCP_CT_RETRANS] = 300,
			[TCP_CT_UNACK] = 300,
		},
	.udp_timeout = 30,
	.udp_timeout_stream = 120,
	.gre_timeout = 30,
	.gre_timeout_stream = 180,
	.icmp_timeout = 30,
	.generic_timeout = 600,
};

int ct_sysctl_init(struct nf_ct_net *ctn)
{
	int err;

	ctn->s = defaults;
	ctn->s.max =
		(int)max(min(plat_memory() / BYTES_PER_CONN, (u64)DEFAULT_MAX), (u64)DEFAULT_MIN);
	ctn->s.buckets = ctn->s.max;
	err = sysctl_register(ctn->net, "net.netfilter", conntrack_table,
			      ARRAY_SIZE(conntrack_table), &ctn->s);
	if (!err)
		err = sysctl_register(ctn->net, "net", short_table, ARRAY_SIZE(short_table),
				      &ctn->s);
	if (err)
		ct_sysctl_exit(ctn);
	return err;
}

void ct_sysctl_exit(struct nf_ct_net *ctn)
{
	sysctl_unregister(ctn->net, &ctn->s);
}
