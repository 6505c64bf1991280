/* SPDX-License-Identifier: MIT */
/* TCP's entry in the table of protocols, its sockets' operations, its settings, and what `ss` reads. */
#include "net/sysctl.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_sock.h"

const struct proto tcp_prot = {
	.name = "TCP",
	.type = SOCK_STREAM,
	.protocol = IPPROTO_TCP,
	.obj_size = sizeof(struct tcp_sock),
	.alloc = tcp_sock_alloc,
	.free = tcp_sock_free,
	.start = tcp_start,
	.close = tcp_close,
	.get_port = tcp_get_port,
	.rehash = tcp_rehash,
	.connect = tcp_connect,
	.listen = tcp_listen,
	.accept = tcp_accept,
	.shutdown = tcp_shutdown,
	.sendmsg = tcp_sendmsg,
	.recvmsg = tcp_recvmsg,
	.setsockopt = tcp_setsockopt,
	.getsockopt = tcp_getsockopt,
	.inq = tcp_inq,
	.outq = tcp_outq,
	.group_next = tcp_group_next,
	.at_mark = tcp_at_mark,
	.poll = tcp_poll,
};

static const struct net_protocol tcp_protocol = {
	.handler = tcp_v4_rcv,
	.err_handler = tcp_v4_err,
	.icmp_strict_tag_validation = true,
};

static const struct ctl_table settings[] = {
#define TCP_SYSCTL_ROW(name, dflt, lo, hi) \
	{#name, offsetof(struct tcp_table, name), 1, false, lo, hi, NULL},
	TCP_SYSCTLS(TCP_SYSCTL_ROW)
#undef TCP_SYSCTL_ROW
		{"tcp_rmem", offsetof(struct tcp_table, tcp_rmem), 3, false, 1, INT32_MAX / 2,
		 NULL},
	{"tcp_wmem", offsetof(struct tcp_table, tcp_wmem), 3, false, 1, INT32_MAX / 2, NULL},
	{"tcp_mem", offsetof(struct tcp_table, tcp_mem), 3, false, 0, INT32_MAX, NULL},
	{"tcp_congestion_control", offsetof(struct tcp_table, ca_default), SYSCTL_TEXT, false, 0, 0,
	 NULL},
	{"tcp_available_congestion_control", offsetof(struct tcp_table, ca_available), SYSCTL_TEXT,
	 true, 0, 0, NULL},
	{"tcp_allowed_congestion_control", offsetof(struct tcp_table, ca_available), SYSCTL_TEXT,
	 true, 0, 0, NULL},
};

static const struct ctl_table core_settings[] = {
	{"somaxconn", offsetof(struct tcp_table, somaxconn), 1, false, 0, INT32_MAX, NULL},
};

static int tcp_net_init(struct net *net)
{
	struct tcp_table *t = plat_alloc(sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	memset(t, 0, sizeof(*t));
#define TCP_SYSCTL_INIT(name, dflt, lo, hi) t->name = dflt;
	TCP_SYSCTLS(TCP_SYSCTL_INIT)
#undef TCP_SYSCTL_INIT
	t->tcp_rmem[0] = t->tcp_wmem[0] = 4096;
	t->tcp_rmem[1] = 131072;
	t->tcp_wmem[1] = 16384;
	t->tcp_rmem[2] = min(plat_memory() / 16, 33554432UL);
	t->tcp_wmem[2] = min(plat_memory() / 16, 4194304UL);
	t->tcp_mem[1] = plat_memory() >> (TCP_MEM_PAGE_SHIFT + 3); /* an eighth */
	t->tcp_mem[0] = t->tcp_mem[1] / 4 * 3;
	t->tcp_mem[2] = t->tcp_mem[0] * 2;
	t->somaxconn = 4096;
	t->ca = &tcp_cubic;
	t->ca_default = &tcp_ca_default;
	t->ca_available = &tcp_ca_available;
	err = sysctl_register(net, "net.ipv4", settings, ARRAY_SIZE(settings), t);
	if (!err)
		err = sysctl_register(net, "net.core", core_settings, ARRAY_SIZE(core_settings), t);
	if (!err)
		err = inet_add_protocol(net, &tcp_protocol, IPPROTO_TCP);
	if (err) {
		sysctl_unregister(net, t);
		plat_free(t);
		return err;
	}
	net->tcp = t;
	return 0;
}

/* What no program has any more: TIME-WAIT, and sockets that are still closing. */
static void drop_rest(struct net *net)
{
	struct tcp_table *t = tcp_table(net);

	if (!t->bucket_cache)
		return;
	while (!list_empty(&t->timewaits))
		tcp_timewait_free(container_of(t->timewaits.next, struct tcp_timewait, list));
	for (u32 i = 0; i < t->hash_size; i++)
		while (t->hash[i].first) {
			struct tcp_end *end = container_of(t->hash[i].first, struct tcp_end, node);

			BUG_ON(end->kind != TCP_END_SOCK); /* requests die with their listener */
			tcp_done(container_of(end, struct tcp_sock, end));
		}
}

static void tcp_net_exit(struct net *net)
{
	inet_del_protocol(net, IPPROTO_TCP);
	drop_rest(net);
	BUG_ON(tcp_table(net)->mem);
	tcp_table_free(net);
	sysctl_unregister(net, net->tcp);
	plat_free(net->tcp);
	net->tcp = NULL;
}

const struct pernet_operations tcp_net_ops = {
	.name = "tcp",
	.init = tcp_net_init,
	.exit = tcp_net_exit,
};

/* ---- ss ---- */

static u32 ms_until(u64 at)
{
	u64 now = plat_now();

	return at > now ? (at - now) / NSEC_PER_MSEC : 0;
}

static void fill_timer(const struct tcp_sock *tp, struct sock_info *info)
{
	if (tp->rto_at) {
		info->timer = tp->probing ? SOCK_TIMER_PERSIST : SOCK_TIMER_ON;
		info->timer_ms = ms_until(tp->rto_at);
		info->retransmits = tp->probing ? tp->probes_out : tp->retransmits;
	} else if (tp->keep_at) {
		info->timer = SOCK_TIMER_KEEPALIVE;
		info->timer_ms = ms_until(tp->keep_at);
		info->retransmits = tp->keep_probes;
	}
}

void tcp_diag_fill(struct sock *sk, struct sock_info *info, struct tcp_info *tcp)
{
	struct tcp_sock *tp = tcp_sk(sk);

	info->state = sk->state;
	if (sk->state == TCP_LISTEN) {
		info->recvq = tp->ack_backlog;
		info->sendq = tp->max_ack_backlog;
		info->congestion = tp->ca->name;
		*tcp = (struct tcp_info){.tcpi_snd_cwnd = TCP_INIT_CWND};
		info->tcp = tcp;
		return;
	}
	info->recvq = tp->rcv_nxt - tp->copied_seq - tp->fin_received;
	info->sendq = tp->write_seq - tp->snd_una;
	if (sk->state == TCP_CLOSE)
		return;
	fill_timer(tp, info);
	tcp_get_info(tp, tcp);
	info->tcp = tcp;
	info->congestion = tp->ca->name;
}

static void info_of_end(const struct tcp_end *end, struct sock_info *info)
{
	*info = (struct sock_info){.name = tcp_prot.name,
				   .type = SOCK_STREAM,
				   .protocol = IPPROTO_TCP,
				   .cookie = end->addrs >> 32 ^ end->ports,
				   .local = {(u32)end->addrs, end->ports},
				   .peer = {end->addrs >> 32, end->ports >> 16}};
}

static void diag_request(const struct tcp_request *req, struct sock_info *info)
{
	info->state = TCP_SYN_RECV;
	info->timer = SOCK_TIMER_ON;
	info->timer_ms = ms_until(req->timer.expires);
	info->retransmits = req->retrans;
}

static void diag_timewait(const struct tcp_timewait *tw, struct sock_info *info)
{
	info->state = tw->substate;
	info->timer = SOCK_TIMER_TIMEWAIT;
	info->timer_ms = ms_until(tw->timer.expires);
}

static void diag_orphan(struct tcp_sock *tp, struct sock_info *info, struct tcp_info *tcp)
{
	sock_info_fill(&tp->sk, info);
	tcp_diag_fill(&tp->sk, info, tcp);
	info->ino = 0; /* as Linux: it belongs to no file any more */
	info->orphan = true;
}

void tcp_diag_rest(struct net *net, void (*fn)(void *arg, const struct sock_info *info), void *arg)
{
	struct tcp_table *t = tcp_table(net);
	struct tcp_end *end;

	for (u32 i = 0; t->nr && i < t->hash_size; i++)
		hlist_for_each_entry (end, &t->hash[i], node) {
			struct sock_info info;
			struct tcp_info tcp;
			struct tcp_sock *tp = container_of(end, struct tcp_sock, end);

			info_of_end(end, &info);
			if (end->kind == TCP_END_REQUEST)
				diag_request(container_of(end, struct tcp_request, end), &info);
			else if (end->kind == TCP_END_TIMEWAIT)
				diag_timewait(container_of(end, struct tcp_timewait, end), &info);
			else if (tp->orphan)
				diag_orphan(tp, &info, &tcp);
			else
				continue;
			fn(arg, &info);
		}
}
