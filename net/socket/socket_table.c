/* SPDX-License-Identifier: MIT */
/* The table of all sockets of a stack: its settings, and what `ss` reads. */
#include "net/sock_diag.h"
#include "net/socket/socket.h"
#include "net/sysctl.h"
#include "net/tcp/tcp.h"

#define TABLE_INT(field) offsetof(struct socket_table, field)

static int port_range_changed(struct net *net __unused, void *base,
			      const struct ctl_table *t __unused, int old __unused)
{
	const struct socket_table *table = base;

	return table->port_range[0] <= table->port_range[1] ? 0 : -EINVAL;
}

static const struct ctl_table core_settings[] = {
	{"rmem_default", TABLE_INT(rmem_default), 1, false, SK_RCVBUF_MIN, INT32_MAX / 2, NULL},
	{"rmem_max", TABLE_INT(rmem_max), 1, false, SK_RCVBUF_MIN, INT32_MAX / 2, NULL},
	{"wmem_default", TABLE_INT(wmem_default), 1, false, SK_SNDBUF_MIN, INT32_MAX / 2, NULL},
	{"wmem_max", TABLE_INT(wmem_max), 1, false, SK_SNDBUF_MIN, INT32_MAX / 2, NULL},
	{"optmem_max", TABLE_INT(optmem_max), 1, false, 0, INT32_MAX, NULL},
};

static const struct ctl_table ipv4_settings[] = {
	{"ip_local_port_range", TABLE_INT(port_range), 2, false, 1, U16_MAX, port_range_changed},
};

static int socket_net_init(struct net *net)
{
	struct socket_table *table = plat_alloc(sizeof(*table));
	int err;

	if (!table)
		return -ENOMEM;
	*table = (struct socket_table){.rmem_default = SK_MEM_DEFAULT,
				       .rmem_max = SK_MEM_DEFAULT,
				       .wmem_default = SK_MEM_DEFAULT,
				       .wmem_max = SK_MEM_DEFAULT,
				       .optmem_max = SK_OPTMEM_MAX,
				       .max = min(max(plat_memory() / 2048, (u64)SOCKETS_MIN),
						  (u64)SOCKETS_MAX),
				       .port_range = {LOCAL_PORT_FIRST, LOCAL_PORT_LAST}};
	INIT_LIST_HEAD(&table->socks);
	err = sysctl_register(net, "net.core", core_settings, ARRAY_SIZE(core_settings), table);
	if (!err)
		err = sysctl_register(net, "net.ipv4", ipv4_settings, ARRAY_SIZE(ipv4_settings),
				      table);
	if (err) {
		sysctl_unregister(net, table);
		plat_free(table);
		return err;
	}
	net->socket = table;
	return 0;
}

static void socket_net_exit(struct net *net)
{
	BUG_ON(net->socket->nr); /* net_destroy's contract: all sockets closed */
	sysctl_unregister(net, net->socket);
	plat_free(net->socket);
	net->socket = NULL;
}

const struct pernet_operations socket_net_ops = {
	.name = "socket",
	.init = socket_net_init,
	.exit = socket_net_exit,
};

void sock_for_each(struct net *net, void (*fn)(void *arg, const struct sock_info *info), void *arg)
{
	struct sock *sk;

	list_for_each_entry (sk, &net->socket->socks, list) {
		struct sock_info info;
		struct tcp_info tcp;

		sock_info_fill(sk, &info);
		if (sk->prot == &tcp_prot)
			tcp_diag_fill(sk, &info, &tcp);
		fn(arg, &info);
	}
	tcp_diag_rest(net, fn, arg);
}
