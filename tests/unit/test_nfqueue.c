/* SPDX-License-Identifier: MIT */
/* Packets that wait for a program: who gets them, what each verdict does, and that none is left behind. */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "lib/errno.h"
#include "net/core/net_namespace.h"
#include "net/netfilter.h"
#include "net/nfnetlink_queue.h"
#include "net/nf_conntrack.h"
#include "net/wire/ipv4_hdr.h"
#include "net/wire/tcp_hdr.h"
#include "tests/unit/harness.h"

#define PEER   IP4(10, 0, 1, 2)
#define ROUTER IP4(10, 0, 1, 1)
#define FAR    IP4(10, 0, 2, 2)
#define BUF    70000

/* What was received last. */
struct got {
	struct nfqnl_message m;
	u8 packet[BUF];
};

static struct net *net;
static struct nic *near, *far;
static struct nfqnl_listener *l;
static struct got got;

/* Forwards between both; rule goes behind "iptables -A FORWARD". */
static void router(const char *rule)
{
	net = stack_new();
	near = nic_new(net, "10.0.1.1/24");
	far = nic_new(net, "10.0.2.1/24");
	CTL(net, "sysctl -w net.ipv4.ip_forward=1");
	nic_inject(near, &UDP4(PEER, 999, FAR, 53));
	nic_inject(far, &UDP4(FAR, 999, PEER, 53));
	nic_forget(near);
	nic_forget(far);
	if (rule)
		CTL(net, "iptables -A FORWARD %s", rule);
}

static void listen_to(u16 num)
{
	l = l ? l : nfqnl_open(net, 77);
	cr_assert_not_null(l);
	cr_assert_eq(nfqnl_bind(l, num), 0);
	cr_assert_eq(nfqnl_set_mode(l, num, NFQNL_COPY_PACKET, 0), 0);
}

static void stop_listening(void)
{
	nfqnl_close(l);
	l = NULL;
	EXPECT_NO_SKBS(net);
}

static void forward(u16 id)
{
	nic_inject(near, &UDP4(PEER, 5, FAR, 6, .ip.id = id, .len = 8));
}

static const struct pkt *receive(void)
{
	static u8 frame[14 + BUF];
	static struct pkt p;
	long n = nfqnl_recv(l, &got, sizeof(got), true);

	cr_assert_eq(n, (long)(sizeof(got.m) + got.m.copied), "%ld", n);
	memset(frame, 0, 12);
	memcpy(frame + 12, (u8[]){8, 0}, 2);
	memcpy(frame + 14, got.packet, got.m.copied);
	cr_assert_null(pkt_parse(&p, frame, 14 + got.m.copied));
	return &p;
}

static bool nothing_to_read(void)
{
	return nfqnl_recv(l, &got, sizeof(got), true) == -EAGAIN;
}

static int verdict(u16 num, u32 id, u32 what)
{
	int err = nfqnl_verdict(l, num, id, what, NULL, NULL, 0);

	host_run();
	return err;
}

static struct nfqnl_state state(u16 num)
{
	struct nfqnl_state s = {.num = 0};

	plat_bh_disable();
	cr_assert(nfqnl_next(net, num, &s));
	plat_bh_enable();
	return s;
}

WEIR_TEST(nfqueue, a_program_sees_the_packet_and_lets_it_pass)
{
	const struct pkt *p;

	router("-j NFQUEUE --queue-num 5");
	CTL(net, "iptables -t mangle -A PREROUTING -j MARK --set-mark 9");
	listen_to(5);
	cr_assert(nothing_to_read());
	forward(1);
	forward(2);
	EXPECT_NOTHING(far);
	p = receive();
	cr_assert_eq(got.m.id, 1);
	cr_assert_eq(got.m.queue, 5);
	cr_assert_eq(got.m.hook, NF_INET_FORWARD);
	cr_assert_eq(got.m.mark, 9);
	cr_assert_eq(got.m.indev, near->dev->ifindex);
	cr_assert_eq(got.m.outdev, far->dev->ifindex);
	cr_assert_eq(got.m.length, 36);
	cr_assert_null(pkt_compare(&UDP4(PEER, 5, FAR, 6, .ip.id = 1, .ip.ttl = 63, .len = 8), p));
	cr_assert_eq(state(5).total, 2);
	cr_assert_eq(verdict(5, 2, NF_ACCEPT), 0, "not in order, and not read yet");
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6, .ip.id = 2, .ip.ttl = 63));
	cr_assert(nothing_to_read());
	cr_assert_eq(verdict(5, 2, NF_ACCEPT), -ENOENT, "it has gone");
	cr_assert_eq(verdict(5, 1, NF_DROP), 0);
	EXPECT_NOTHING(far);
	EXPECT_DROPS(net, NF_QUEUE_VERDICT, 1);
	cr_assert_eq(state(5).total, 0);
	cr_assert_eq(state(0).id_sequence, 2);
	stop_listening();
}

WEIR_TEST(nfqueue, queue_is_number_0)
{
	router("-j QUEUE");
	listen_to(0);
	forward(1);
	receive();
	cr_assert_eq(got.m.queue, 0);
	cr_assert_eq(verdict(0, 1, NF_ACCEPT), 0);
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6));
	stop_listening();
}

WEIR_TEST(nfqueue, without_a_listener)
{
	router("-p udp -j NFQUEUE --queue-num 5");
	forward(1);
	EXPECT_DROPS(net, NF_QUEUE_NONE, 1);
	listen_to(6);
	forward(2);
	EXPECT_DROPS(net, NF_QUEUE_NONE, 2);
	CTL(net, "iptables -R FORWARD 1 -j NFQUEUE --queue-num 5 --queue-bypass");
	forward(3);
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6, .ip.id = 3));
	cr_assert_eq(nfqnl_bind(l, 5), 0);
	forward(4); /* bound, but it has not said what it wants */
	EXPECT_DROPS(net, NF_QUEUE_FULL, 1);
	cr_assert_eq(nfqnl_unbind(l, 5), 0);
	forward(5);
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6, .ip.id = 5));
	EXPECT_NOTHING(far);
	stop_listening();
	forward(6);
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6, .ip.id = 6));
}

WEIR_TEST(nfqueue, a_full_queue_drops_or_lets_pass)
{
	router("-j NFQUEUE --queue-num 5 --queue-bypass");
	listen_to(5);
	for (u16 i = 0; i < NFQNL_QMAX_DEFAULT + 3; i++)
		forward(i);
	EXPECT_DROPS(net, NF_QUEUE_FULL, 3);
	cr_assert_eq(state(5).dropped, 3);
	cr_assert_eq(state(5).total, NFQNL_QMAX_DEFAULT);
	cr_assert_eq(nfqnl_set_maxlen(l, 5, NFQNL_QMAX_DEFAULT + 1), 0);
	forward(7);
	EXPECT_DROPS(net, NF_QUEUE_FULL, 3);
	EXPECT_NOTHING(far);
	cr_assert_eq(nfqnl_set_flags(l, 5, NFQA_CFG_F_FAIL_OPEN, NFQA_CFG_F_FAIL_OPEN), 0);
	cr_assert_eq(nfqnl_set_flags(l, 5, 4, 4), -EOPNOTSUPP);
	forward(8);
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6, .ip.id = 8));
	cr_assert_eq(nfqnl_set_flags(l, 5, NFQA_CFG_F_FAIL_OPEN, 0), 0);
	forward(9);
	EXPECT_DROPS(net, NF_QUEUE_FULL, 4);
	stop_listening();
	EXPECT_DROPS(net, NF_QUEUE_GONE, NFQNL_QMAX_DEFAULT + 1);
}

WEIR_TEST(nfqueue, repeat_goes_through_the_rules_again)
{
	u32 mark = 3;

	router("-m mark ! --mark 3 -j NFQUEUE --queue-num 5");
	listen_to(5);
	forward(1);
	receive();
	cr_assert_eq(verdict(5, 1, NF_REPEAT), 0);
	receive();
	cr_assert_eq(got.m.id, 2, "it came again");
	cr_assert_eq(nfqnl_verdict(l, 5, 2, NF_REPEAT, &mark, NULL, 0), 0);
	host_run();
	cr_assert(nothing_to_read());
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6));
	stop_listening();
}

WEIR_TEST(nfqueue, from_queue_to_queue)
{
	router("-j NFQUEUE --queue-num 5");
	listen_to(5);
	listen_to(6);
	forward(1);
	forward(2);
	cr_assert_eq(verdict(5, 1, NF_QUEUE_NR(6)), 0);
	receive();
	cr_assert_eq(got.m.queue, 5);
	receive();
	cr_assert_eq(got.m.queue, 6);
	cr_assert_eq(verdict(6, 1, NF_ACCEPT), 0);
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6, .ip.id = 1));
	cr_assert_eq(verdict(5, 2, NF_QUEUE_NR(9)), 0);
	EXPECT_DROPS(net, NF_QUEUE_NONE, 1);
	stop_listening();
}

WEIR_TEST(nfqueue, what_goes_takes_its_packets_along)
{
	router("-j NFQUEUE --queue-num 5");
	listen_to(5);
	forward(1);
	CTL(net, "ip link set %s down", far->dev->name);
	EXPECT_DROPS(net, NF_QUEUE_GONE, 1);
	cr_assert(nothing_to_read());
	CTL(net, "ip link set %s up", far->dev->name);
	nic_inject(near, &UDP4(PEER, 5, FAR, 6));
	nic_inject(far, &UDP4(FAR, 6, PEER, 5));
	CTL(net, "iptables -F");
	cr_assert_eq(state(5).total, 2, "rules may go");
	CTL(net, "ip link add link %s name v type vlan id 7", near->dev->name);
	CTL(net, "ip link del v");
	cr_assert_eq(state(5).total, 2, "it has not come by this one");
	CTL(net, "ip link set %s down", near->dev->name);
	EXPECT_DROPS(net, NF_QUEUE_GONE, 3);
	stop_listening();
}

/* ---- changed packets ---- */

/* A verdict with p in the packet's place; patch_at: a byte that is wrong then (0: none). */
static int change(u32 id, const struct pkt *p, u32 patch_at)
{
	static u8 frame[PKT_MAX];
	u32 len = pkt_build(p, frame);
	int err;

	if (patch_at)
		frame[14 + patch_at] ^= 1;
	err = nfqnl_verdict(l, 5, id, NF_ACCEPT, NULL, frame + 14, len - 14);
	host_run();
	return err;
}

WEIR_TEST(nfqueue, a_changed_packet_goes_on_as_it_is_now)
{
	static const u8 nops[4] = {1, 1, 1, 0}, others[4] = {1, 1, 0, 0};

	router("-j NFQUEUE --queue-num 5");
	listen_to(5);
	for (u32 i = 0; i < 5; i++)
		forward(i);
	cr_assert_eq(change(1, &UDP4(PEER, 7, FAR, 8, .len = 1400), 0), 0);
	EXPECT_PKT(far, &UDP4(PEER, 7, FAR, 8, .len = 1400));
	cr_assert_eq(change(2, &UDP4(PEER, 7, FAR, 8, .len = 1), 0), 0);
	EXPECT_PKT(far, &UDP4(PEER, 7, FAR, 8, .len = 1));
	cr_assert_eq(change(3, &UDP4(PEER, 7, FAR, 8, .len = 1), 3), -EBADMSG, "its length");
	cr_assert_eq(change(4, &UDP4(PEER, 7, FAR, 8, .ip.opt = nops, .ip.optlen = 4), 0),
		     -EBADMSG);
	cr_assert_eq(nfqnl_verdict(l, 5, 5, NF_ACCEPT, NULL, "E", 1), -EBADMSG);
	EXPECT_DROPS(net, IP_INHDR, 3);
	nic_inject(near, &UDP4(PEER, 5, FAR, 6, .ip.opt = nops, .ip.optlen = 4));
	nic_inject(near, &UDP4(PEER, 5, FAR, 6, .ip.opt = nops, .ip.optlen = 4));
	cr_assert_eq(change(6, &UDP4(PEER, 7, FAR, 8, .ip.opt = others, .ip.optlen = 4), 0),
		     -EBADMSG);
	cr_assert_eq(change(7, &UDP4(PEER, 7, FAR, 8, .ip.opt = nops, .ip.optlen = 4), 0), 0);
	EXPECT_PKT(far, &UDP4(PEER, 7, FAR, 8));
	EXPECT_NOTHING(far);
	stop_listening();
}

static void inject_piece(const u8 *data, u16 offset, u16 len, bool more)
{
	nic_inject(near, &(struct pkt){.ip = {.saddr = PEER,
					      .daddr = FAR,
					      .proto = 253,
					      .id = 3,
					      .frag_off = offset / 8 | (more ? 0x2000 : 0)},
				       .data = data + offset,
				       .len = len});
}

WEIR_TEST(nfqueue, a_reassembled_packet_is_one_and_may_be_changed)
{
	static const u8 data[3008] = {1, 2, 3};

	router("-j NFQUEUE --queue-num 5");
	CTL(net, "iptables -A FORWARD -m conntrack --ctstate NEW");
	listen_to(5);
	inject_piece(data, 0, 1480, true);
	inject_piece(data, 1480, 1424, true);
	cr_assert(nothing_to_read());
	inject_piece(data, 2904, 104, false);
	receive();
	cr_assert_eq(got.m.length, 3028);
	cr_assert_eq(nf_conntrack_count(net), 1);
	cr_assert_eq(change(1, &UDP4(PEER, 5, FAR, 6, .len = 100), 0), 0);
	EXPECT_PKT(far, &UDP4(PEER, 5, FAR, 6, .len = 100));
	stop_listening();
}

WEIR_TEST(nfqueue, a_packet_of_ours_leaves_where_it_now_goes)
{
	u32 mark = 1;

	router(NULL);
	CTL(net, "iptables -A OUTPUT -p icmp -j NFQUEUE --queue-num 5");
	CTL(net, "ip route add default via 10.0.2.2 table 9");
	CTL(net, "ip rule add fwmark 1 lookup 9");
	listen_to(5);
	nic_inject(near, &ECHO(PEER, ROUTER, 1, 1));
	receive();
	cr_assert_eq(got.m.hook, NF_INET_LOCAL_OUT);
	cr_assert_eq(got.m.indev, 0);
	cr_assert_eq(nfqnl_verdict(l, 5, 1, NF_ACCEPT, &mark, NULL, 0), 0);
	host_run();
	EXPECT_NOTHING(near);
	EXPECT_PKT(far, &ECHO_REPLY(ROUTER, PEER, 1, 1));
	stop_listening();
}

/* ---- several segments in one packet ---- */

static void inject_segment(u32 i, u32 len)
{
	static u8 seg[12 + 20 + 1460];
	u8 *th = seg + 12;
	u16 sum;

	memset(seg, 0, sizeof(seg));
	memcpy(seg, &(be32[]){PEER, FAR}, 8);
	seg[9] = 6;
	seg[10] = (20 + len) >> 8;
	seg[11] = 20 + len;
	memcpy(th, (u8[]){3, 232, 0, 80, 0, 0, 0, 0, 0, 0, 9, 0, 0x50, TCP_ACK, 1, 0}, 16);
	th[6] = (i * len) >> 8;
	th[7] = i * len;
	sum = csum_of(seg, 32 + len);
	th[16] = sum >> 8;
	th[17] = sum;
	nic_queue(near, &(struct pkt){.ip.saddr = PEER,
				      .ip.daddr = FAR,
				      .ip.proto = 6,
				      .ip.id = 1 + i,
				      .data = th,
				      .len = 20 + len});
}

WEIR_TEST(nfqueue, a_program_sees_segments_as_they_came)
{
	router("-j NFQUEUE --queue-num 5");
	CTL(net, "iptables -A FORWARD -m conntrack --ctstate NEW");
	near->dev->features |= NETIF_F_GRO;
	listen_to(5);
	nfqnl_set_maxlen(l, 5, 4);
	for (u32 i = 0; i < 5; i++)
		inject_segment(i, 1000);
	host_run();
	for (u32 i = 0; i < 4; i++) {
		cr_assert_eq(receive()->ip.id, 1 + i);
		cr_assert_eq(got.m.length, 1040);
		cr_assert_eq(verdict(5, i + 1, NF_ACCEPT), 0);
		cr_assert_eq(EXPECT_PKT(far, &(struct pkt){.ip.proto = 6})->ip.id, 1 + i);
	}
	EXPECT_DROPS(net, NF_QUEUE_FULL, 1);
	cr_assert_eq(nf_conntrack_count(net), 1, "the first brought it into the table");
	stop_listening();
}

WEIR_TEST(nfqueue, a_new_connection_ends_with_its_packet)
{
	router("-j NFQUEUE --queue-num 5");
	CTL(net, "iptables -A FORWARD -m conntrack --ctstate NEW");
	listen_to(5);
	forward(1);
	forward(2);
	cr_assert_eq(nf_conntrack_count(net), 2);
	cr_assert_eq(verdict(5, 1, NF_DROP), 0);
	cr_assert_eq(nf_conntrack_count(net), 1);
	stop_listening();
	cr_assert_eq(nf_conntrack_count(net), 0);
}

/* ---- listeners ---- */

static u32 woken;

static void woke(struct sock_waiter *w, u32 changed)
{
	(void)w;
	cr_assert(changed & POLLIN);
	woken++;
}

static u32 polled(void)
{
	u32 events;

	plat_bh_disable();
	events = nfqnl_poll(l);
	plat_bh_enable();
	return events;
}

WEIR_TEST(nfqueue, a_listener_hears_of_packets)
{
	struct sock_waiter w = {.wake = woke};

	router("-j NFQUEUE --queue-balance 5:6");
	listen_to(5);
	listen_to(6);
	nfqnl_waiter_add(l, &w);
	cr_assert_not(polled() & POLLIN);
	forward(1);
	cr_assert(polled() & POLLIN);
	cr_assert_eq(woken, 1);
	cr_assert_eq(nfqnl_recv(l, &got, 4, true), -EINVAL);
	cr_assert_eq(nfqnl_recv(l, &got, sizeof(got.m) + 10, true), (long)sizeof(got.m) + 10);
	cr_assert_eq(got.m.length, 36);
	cr_assert_eq(nfqnl_set_mode(l, got.m.queue, NFQNL_COPY_META, 0), 0);
	forward(2);
	cr_assert_eq(nfqnl_recv(l, &got, sizeof(got), true), (long)sizeof(got.m));
	nfqnl_waiter_del(&w);
	stop_listening();
}

WEIR_TEST(nfqueue, who_may_bind)
{
	struct nfqnl_listener *other;

	router(NULL);
	cr_assert_str_eq(CTL(net, "iptables -S FORWARD"), "-P FORWARD ACCEPT\n");
	listen_to(7);
	listen_to(3);
	other = nfqnl_open(net, 78);
	cr_assert_eq(nfqnl_bind(l, 7), -EBUSY);
	cr_assert_eq(nfqnl_bind(other, 7), -EPERM);
	cr_assert_eq(nfqnl_unbind(other, 7), -ENODEV);
	cr_assert_eq(nfqnl_set_mode(other, 7, NFQNL_COPY_META, 0), -ENODEV);
	cr_assert_eq(nfqnl_set_mode(l, 7, 3, 0), -EINVAL);
	cr_assert_eq(nfqnl_set_maxlen(l, 8, 1), -ENODEV);
	cr_assert_eq(nfqnl_verdict(other, 7, 1, NF_ACCEPT, NULL, NULL, 0), -ENODEV);
	cr_assert_eq(nfqnl_verdict(l, 7, 1, NF_STOLEN, NULL, NULL, 0), -EINVAL);
	cr_assert_eq(nfqnl_verdict(l, 7, 1, 5, NULL, NULL, 0), -EINVAL);
	cr_assert_eq(state(0).num, 3);
	cr_assert_eq(state(4).num, 7);
	for (u32 i = 0; i < NFQNL_QUEUES_MAX - 2; i++)
		cr_assert_eq(nfqnl_bind(other, 1000 + i), 0);
	cr_assert_eq(nfqnl_bind(other, 999), -ENFILE);
	nfqnl_close(other);
	cr_assert_eq(nfqnl_bind(l, 999), 0);
	stop_listening();
}

WEIR_TEST(nfqueue, no_memory)
{
	FOR_EACH_FAILING_ALLOC
	{
		net = stack_new();
		near = net ? nic_new(net, "10.0.1.1/24") : NULL;
		if (!near || ctl(net, NULL, "iptables -A INPUT -j NFQUEUE"))
			continue;
		l = nfqnl_open(net, 1);
		if (l && !nfqnl_bind(l, 0) && !nfqnl_set_mode(l, 0, NFQNL_COPY_PACKET, 0)) {
			for (u32 i = 0; i < 3; i++)
				nic_inject(near, &UDP4(PEER, 1, ROUTER, 2, .len = 2000));
			while (nfqnl_recv(l, &got, sizeof(got), true) > 0)
				change(got.m.id, &UDP4(PEER, 7, ROUTER, 8, .len = 1900), 0);
		}
		if (l)
			nfqnl_close(l);
		l = NULL;
		nic_forget(near);
	}
}
