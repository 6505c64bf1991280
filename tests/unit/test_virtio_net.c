/* SPDX-License-Identifier: MIT */
/*
 * The virtio drivers against a simulated device: what an honest one sees, and what a lying one
 * achieves.
 */
#include "tests/selftest/virtio_liar.h"
#include "drivers/virtio_net.h"
#include "tests/selftest/virtio_sim.h"
#include "kernel/console.h"
#include "tests/unit/harness.h"
#include "tests/unit/kernel_host.h"

#define RING 64

static const u8 mac[ETH_ALEN] = {0x52, 0x54, 0, 1, 2, 3};

static struct {
	struct virtio_sim sim;
	struct kernel_host *k;
	struct net *net;
	/* The last frame sent, and commands received. */
	u8 frame[4096];
	u32 frame_len;
	unsigned int frames, parts;
	u8 commands[16][8];
	unsigned int nr_commands;
} lab;

static void sent(struct virtio_sim *sim, u16 queue, struct sim_buffer *buf)
{
	(void)sim;
	if (queue == 2) {
		sim_buffer_read(buf, 0, lab.commands[lab.nr_commands++ % 16], 8);
		return;
	}
	lab.frames++;
	lab.parts = buf->out;
	lab.frame_len = sim_buffer_read(buf, 0, lab.frame, sizeof(lab.frame));
}

static struct virtnet *nic(void)
{
	return lab.sim.vdev.priv;
}

/* A NIC on a simulated device with these features; probed, not settled, down. */
static void lab_find(u64 features)
{
	memset(&lab, 0, sizeof(lab));
	lab.k = kernel_host_begin();
	lab.net = stack_new();
	virtio_sim_init(&lab.sim, VIRTIO_ID_NET, features, RING);
	memcpy(lab.sim.config, mac, sizeof(mac));
	lab.sim.config[6] = 1; /* link up */
	lab.sim.config[10] = 1400 & 0xff;
	lab.sim.config[11] = 1400 >> 8;
	lab.sim.sent = sent;
	cr_assert_eq(virtio_probe(&lab.sim.vdev, lab.net), 0);
}

static void lab_begin(u64 features)
{
	lab_find(features);
	virtio_settle();
}

static int up(void)
{
	int err;

	plat_bh_disable();
	err = dev_open(&nic()->dev);
	plat_bh_enable();
	return err;
}

static void set_mtu(u32 mtu)
{
	plat_bh_disable();
	cr_assert_eq(dev_set_mtu(&nic()->dev, mtu), 0);
	plat_bh_enable();
}

static void down(void)
{
	plat_bh_disable();
	dev_close(&nic()->dev);
	plat_bh_enable();
}

static void lab_end(void)
{
	virtio_remove(&lab.sim.vdev);
	host_run();
	EXPECT_NO_SKBS(lab.net);
	kernel_host_end();
}

/* A frame of an EtherType that nobody wants. */
static bool receive(u32 len, int num_buffers)
{
	static u8 frame[65536] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x88, 0xb5};
	bool ok;

	plat_bh_disable();
	ok = virtio_sim_receive(&lab.sim, frame, len, num_buffers);
	plat_bh_enable();
	host_run();
	return ok;
}

static struct sk_buff *skb_of(u32 headroom, u32 len)
{
	struct sk_buff *skb = alloc_skb(lab.net, headroom + len);

	cr_assert(skb);
	skb_reserve(skb, headroom);
	for (u32 i = 0; i < len; i++)
		*(u8 *)skb_put(skb, 1) = i;
	return skb;
}

static enum netdev_tx xmit(struct sk_buff *skb, bool more)
{
	enum netdev_tx ret;

	plat_bh_disable();
	ret = virtnet_start_xmit(&nic()->dev, skb, more);
	plat_bh_enable();
	return ret;
}

#define F(bit) VIRTIO_FEATURE(bit)
#define RINGS  (F(VIRTIO_F_EVENT_IDX) | F(VIRTIO_F_INDIRECT_DESC))

WEIR_TEST(virtio_net, reads_mac_mtu_and_link)
{
	lab_begin(F(VIRTIO_NET_F_MAC) | F(VIRTIO_NET_F_MTU) | F(VIRTIO_NET_F_STATUS));
	cr_assert_arr_eq(nic()->dev.dev_addr, mac, ETH_ALEN);
	cr_assert_eq(nic()->dev.mtu, 1400);
	cr_assert_eq(nic()->dev.max_mtu, 1400);
	cr_assert(nic()->dev.carrier);
	cr_assert_eq(lab.sim.status, 0, "a NIC that is down owns nothing");
	cr_assert_eq(up(), 0);
	lab.sim.config[6] = 0;
	plat_bh_disable();
	virtio_sim_config_interrupt(&lab.sim);
	plat_bh_enable();
	host_run();
	cr_assert_not(nic()->dev.carrier, "the link went down");
	lab_end();
}

WEIR_TEST(virtio_net, a_failed_device_is_switched_off)
{
	lab_begin(F(VIRTIO_NET_F_MAC));
	cr_assert_eq(up(), 0);
	lab.sim.status |= VIRTIO_S_NEEDS_RESET;
	plat_bh_disable();
	virtio_sim_config_interrupt(&lab.sim);
	plat_bh_enable();
	host_run();
	cr_assert_not(nic()->up);
	cr_assert_not(nic()->dev.carrier);
	cr_assert_eq(lab.sim.status, 0);
	cr_assert_eq(xmit(skb_of(NET_SKB_PAD, 60), false), NETDEV_TX_OK, "dropped, not kept");
	down();
	cr_assert_eq(up(), 0);
	cr_assert(nic()->dev.carrier);
	lab_end();
}

WEIR_TEST(virtio_net, frames_beyond_the_mtu_are_dropped)
{
	lab_begin(RINGS | F(VIRTIO_NET_F_MRG_RXBUF));
	cr_assert_eq(up(), 0);
	cr_assert(receive(1500 + 18, -1));
	cr_assert_eq(nic()->dev.stats.rx_packets, 1);
	cr_assert(receive(1500 + 19, -1));
	cr_assert_eq(nic()->dev.stats.rx_length_errors, 1);
	EXPECT_DROPS(lab.net, FRAME_TOO_LONG, 1);
	cr_assert(receive(13, -1));
	EXPECT_DROPS(lab.net, FRAME_TOO_SHORT, 1);
	set_mtu(9000);
	cr_assert(receive(9000 + 18, -1));
	cr_assert_eq(nic()->dev.stats.rx_packets, 2);
	lab_end();
}

WEIR_TEST(virtio_net, makes_up_a_mac_when_there_is_none)
{
	lab_begin(0);
	cr_assert_eq(nic()->dev.dev_addr[0] & 3, 2, "local, unicast");
	cr_assert_eq(nic()->dev.mtu, 1500);
	lab_end();
}

WEIR_TEST(virtio_net, a_device_without_virtio_1_is_refused)
{
	memset(&lab, 0, sizeof(lab));
	kernel_host_begin();
	virtio_sim_init(&lab.sim, VIRTIO_ID_NET, 0, RING);
	lab.sim.offered = F(VIRTIO_NET_F_MAC);
	cr_assert_eq(virtio_probe(&lab.sim.vdev, stack_new()), -ENOTSUP);
	cr_assert(lab.sim.status & VIRTIO_S_FAILED);
	lab.sim.offered |= F(VIRTIO_F_VERSION_1);
	lab.sim.refused = F(VIRTIO_NET_F_MAC);
	cr_assert_eq(virtio_probe(&lab.sim.vdev, stack_new()), -ENOTSUP);
	lab.sim.ignore_reset = true;
	cr_assert_eq(virtio_probe(&lab.sim.vdev, stack_new()), -ENODEV);
	virtio_sim_init(&lab.sim, 77, 0, RING);
	cr_assert_eq(virtio_probe(&lab.sim.vdev, stack_new()), -ENODEV);
	kernel_host_end();
}

WEIR_TEST(virtio_net, receives_every_size)
{
	for (int merge = 0; merge < 2; merge++) {
		u64 n = 0;

		lab_begin(RINGS | (merge ? F(VIRTIO_NET_F_MRG_RXBUF) : 0));
		set_mtu(nic()->dev.max_mtu);
		cr_assert_eq(up(), 0);
		for (u32 len = ETH_HLEN; len <= nic()->max_frame; len += 7) {
			cr_assert(receive(len, merge ? -1 : 0), "%u bytes", len);
			cr_assert_eq(nic()->dev.stats.rx_packets, ++n, "%u bytes", len);
		}
		cr_assert_eq(nic()->dev.stats.rx_errors, 0);
		cr_assert_eq(nic()->broken, 0);
		lab_end();
	}
}

WEIR_TEST(virtio_net, without_memory_packets_are_lost_and_buffers_are_not)
{
	lab_begin(RINGS | F(VIRTIO_NET_F_MRG_RXBUF));
	cr_assert_eq(up(), 0);
	set_mtu(4000);
	lab.k->fail_frags = 1;
	cr_assert(receive(60, -1));
	cr_assert_eq(nic()->dev.stats.rx_dropped, 1);
	for (unsigned int nth = 1; nth <= 3; nth++) {
		u64 before = nic()->dev.stats.rx_packets;

		lab.k->fail_frags = nth;
		cr_assert(receive(4000, -1));
		cr_assert_eq(nic()->dev.stats.rx_packets, before);
		lab.k->fail_frags = 0;
		cr_assert(receive(4000, -1));
		cr_assert_eq(nic()->dev.stats.rx_packets, before + 1);
	}
	cr_assert_eq(virtqueue_in_flight(nic()->rx), nic()->rx->num, "the ring is full again");
	lab_end();
}

WEIR_TEST(virtio_net, ring_follows_memory)
{
	static const struct {
		u64 free;
		u16 num;
	} rows[] = {{256 << 10, 16}, {4 << 20, 128}, {1 << 30, 256}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		lab_begin(RINGS);
		lab.sim.queue_size[0] = 1024;
		lab.k->free_memory = rows[i].free;
		cr_assert_eq(up(), 0);
		cr_assert_eq(nic()->rx->num, rows[i].num, "row %zu: %u", i, nic()->rx->num);
		lab_end();
	}
}

WEIR_TEST(virtio_net, no_receive_buffers_no_open)
{
	lab_begin(RINGS);
	lab.k->fail_frags = 1000;
	cr_assert_eq(up(), -ENOMEM);
	lab.k->fail_frags = 0;
	cr_assert_eq(up(), 0);
	lab_end();
}

WEIR_TEST(virtio_net, sends_in_one_part_or_many)
{
	struct sk_buff *skb, *clone;

	lab_begin(RINGS | F(VIRTIO_NET_F_MRG_RXBUF));
	cr_assert_eq(up(), 0);
	cr_assert_eq(xmit(skb_of(NET_SKB_PAD, 100), false), NETDEV_TX_OK);
	cr_assert_eq(lab.frames, 1);
	cr_assert_eq(lab.parts, 1, "header and frame together");
	cr_assert_eq(lab.frame_len, 112);
	cr_assert_eq(lab.frame[11], 0);
	cr_assert_eq(lab.frame[12], 0);
	cr_assert_eq(lab.frame[13], 1);

	cr_assert_eq(xmit(skb_of(0, 100), false), NETDEV_TX_OK);
	cr_assert_eq(lab.parts, 2, "no headroom");
	cr_assert_eq(lab.frame_len, 112);

	skb = skb_of(NET_SKB_PAD, 100);
	clone = skb_clone(skb);
	cr_assert(clone);
	memset(skb->head, 0x77, NET_SKB_PAD);
	cr_assert_eq(xmit(clone, false), NETDEV_TX_OK);
	cr_assert_eq(lab.parts, 2, "the headroom is shared");
	cr_assert_eq(skb->head[NET_SKB_PAD - 1], 0x77);
	consume_skb(skb);
	cr_assert_eq(nic()->dev.stats.tx_packets, 3);
	cr_assert_eq(nic()->dev.stats.tx_bytes, 300);
	lab_end();
}

WEIR_TEST(virtio_net, one_notification_for_a_batch)
{
	u64 before;

	lab_begin(RINGS);
	cr_assert_eq(up(), 0);
	before = lab.sim.notifies;
	for (int i = 0; i < 10; i++)
		cr_assert_eq(xmit(skb_of(NET_SKB_PAD, 60), true), NETDEV_TX_OK);
	cr_assert_eq(lab.sim.notifies, before);
	virtnet_flush(&nic()->dev);
	cr_assert_eq(lab.sim.notifies, before + 1);
	cr_assert_eq(lab.frames, 10);
	cr_assert_not(virtnet_sending(&nic()->dev));
	lab_end();
}

WEIR_TEST(virtio_net, a_long_batch_is_told_in_parts)
{
	lab_begin(RINGS);
	cr_assert_eq(up(), 0);
	for (int i = 0; i < 40; i++)
		cr_assert_eq(xmit(skb_of(NET_SKB_PAD, 60), true), NETDEV_TX_OK);
	cr_assert_eq(lab.frames, 32);
	virtnet_flush(&nic()->dev);
	cr_assert_eq(lab.frames, 40);
	lab_end();
}

WEIR_TEST(virtio_net, a_full_ring_stops_the_stack_and_wakes_it)
{
	struct sim_buffer buf;
	unsigned int n = 0;

	for (int event_idx = 0; event_idx < 2; event_idx++) {
		lab_begin(event_idx ? RINGS : 0);
		cr_assert_eq(up(), 0);
		lab.sim.mute = true;
		for (n = 0; !nic()->dev.tx_stopped; n++) {
			cr_assert_lt(n, RING);
			cr_assert_eq(xmit(skb_of(NET_SKB_PAD, 60), true), NETDEV_TX_OK);
		}
		cr_assert(virtnet_sending(&nic()->dev));
		/* The device sends one after the other, and interrupts when it is asked to. */
		while (sim_ring_pop(&lab.sim.rings[1], &buf)) {
			n--;
			sim_ring_push(&lab.sim.rings[1], buf.id, 0);
			plat_bh_disable();
			if (sim_ring_publish(&lab.sim.rings[1]))
				virtio_sim_interrupt(&lab.sim);
			plat_bh_enable();
			host_run();
		}
		cr_assert_eq(n, 0, "all were published");
		cr_assert_not(nic()->dev.tx_stopped, "woken");
		lab_end();
	}
}

WEIR_TEST(virtio_net, tells_receive_mode_and_mac)
{
	static const u8 other[ETH_ALEN] = {0x52, 0x54, 0, 9, 9, 9};

	lab_begin(RINGS | F(VIRTIO_NET_F_MAC) | F(VIRTIO_NET_F_CTRL_VQ) | F(VIRTIO_NET_F_CTRL_RX) |
		  F(VIRTIO_NET_F_CTRL_MAC_ADDR));
	cr_assert_eq(up(), 0);
	cr_assert_eq(lab.nr_commands, 2);
	cr_assert_arr_eq(lab.commands[0], ((u8[]){0, 0, 0}), 3, "not promiscuous");
	cr_assert_arr_eq(lab.commands[1], ((u8[]){0, 1, 1}), 3, "all multicast");
	plat_bh_disable();
	cr_assert_eq(dev_set_mac_address(&nic()->dev, other), 0);
	plat_bh_enable();
	cr_assert_arr_eq(lab.commands[2], ((u8[]){1, 1, 0x52, 0x54, 0, 9, 9, 9}), 8);
	down();
	cr_assert_eq(up(), 0);
	cr_assert_arr_eq(lab.commands[3], ((u8[]){1, 1, 0x52, 0x54, 0, 9, 9, 9}), 8, "again at up");
	lab_end();
}

WEIR_TEST(virtio_net, tells_receive_mode_when_settled)
{
	lab_find(RINGS | F(VIRTIO_NET_F_CTRL_VQ) | F(VIRTIO_NET_F_CTRL_RX));
	cr_assert_eq(up(), 0);
	cr_assert_eq(lab.nr_commands, 0, "the first packets do not wait for it");
	virtio_settle();
	cr_assert_eq(lab.nr_commands, 2);
	virtio_settle();
	cr_assert_eq(lab.nr_commands, 2, "once");
	lab_end();
}

WEIR_TEST(virtio_net, a_mute_control_queue_does_not_hang)
{
	lab_begin(RINGS | F(VIRTIO_NET_F_CTRL_VQ) | F(VIRTIO_NET_F_CTRL_RX));
	lab.sim.mute = true;
	cr_assert_eq(up(), 0);
	cr_assert_null(nic()->ctrl);
	cr_assert(receive(60, 0));
	cr_assert_eq(nic()->dev.stats.rx_packets, 1);
	lab_end();
}

WEIR_TEST(virtio_net, down_takes_all_buffers_back)
{
	lab_begin(RINGS);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(up(), 0);
		lab.sim.mute = true;
		cr_assert_eq(xmit(skb_of(NET_SKB_PAD, 60), false), NETDEV_TX_OK);
		lab.sim.mute = false;
		down();
		host_run();
		cr_assert_eq(lab.k->frags, 0);
		EXPECT_NO_SKBS(lab.net);
	}
	lab_end();
}

static void report(void *arg, const char *lie, const char *why)
{
	(*(unsigned int *)arg)++;
	cr_expect_null(why, "%s: the driver %s", lie, why);
}

WEIR_TEST(virtio_net, no_lie_is_believed)
{
	unsigned int told = 0;

	kernel_host_begin();
	cr_assert_eq(virtio_liar_run(stack_new(), report, &told), 0);
	cr_assert_gt(told, 15);
	kernel_host_end();
}

WEIR_TEST(virtio_net, every_allocation_may_fail)
{
	FOR_EACH_FAILING_ALLOC
	{
		memset(&lab, 0, sizeof(lab));
		kernel_host_begin();
		lab.net = stack_new();
		if (!lab.net)
			continue;
		virtio_sim_init(&lab.sim, VIRTIO_ID_NET, RINGS | F(VIRTIO_NET_F_MRG_RXBUF), RING);
		if (!virtio_probe(&lab.sim.vdev, lab.net)) {
			if (!up())
				receive(5000, -1);
			virtio_remove(&lab.sim.vdev);
		}
		kernel_host_end();
	}
}
