/* SPDX-License-Identifier: MIT */
/*
 * The virtio-net driver under a device that says anything: any features, any lengths, ids, numbers
 * of buffers and configuration, at any time. Whatever it says, the driver ends with nothing lost
 * and nothing kept.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/virtio_net.h"
#include "tests/selftest/virtio_sim.h"
#include "host/host.h"
#include "net/net.h"
#include "net/platform.h"
#include "tests/fuzz/kernel_shims.h"
#include "tests/fuzz/lab.h"

#define MAX_OPS       300
#define FRAME_MAX_LEN 5000

static struct virtio_sim sim;
static struct net *net;

static void take_features(struct fuzz_input *in)
{
	static const u8 some[] = {
		VIRTIO_NET_F_MAC,           VIRTIO_NET_F_MTU,        VIRTIO_NET_F_STATUS,
		VIRTIO_NET_F_MRG_RXBUF,     VIRTIO_NET_F_CTRL_VQ,    VIRTIO_NET_F_CTRL_RX,
		VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_F_EVENT_IDX,      VIRTIO_F_INDIRECT_DESC,
		VIRTIO_NET_F_CSUM,          VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_GUEST_TSO4,
		VIRTIO_NET_F_HOST_TSO4,     VIRTIO_NET_F_GUEST_ECN,  VIRTIO_NET_F_HOST_ECN};
	u16 bits = fuzz_u16(in);
	u64 features = 0;

	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		if (bits >> i & 1)
			features |= VIRTIO_FEATURE(some[i]);
	}
	virtio_sim_init(&sim, VIRTIO_ID_NET, features, 16 << fuzz_u8(in) % 4);
	memcpy(sim.config, "\x52\x54\0\1\2\3\1", 7);
	sim.config[11] = 1500 >> 8;
}

static void set_up(bool up)
{
	struct virtnet *nic = sim.vdev.priv;

	plat_bh_disable();
	if (up)
		(void)dev_open(&nic->dev);
	else
		dev_close(&nic->dev);
	plat_bh_enable();
}

static void device_gives(struct fuzz_input *in, bool honest)
{
	static u8 frame[FRAME_MAX_LEN];
	u32 len = fuzz_u16(in) % FRAME_MAX_LEN;
	size_t got;
	const uint8_t *bytes = fuzz_bytes(in, fuzz_u8(in) % 32, &got);

	memcpy(frame, bytes, got);
	memset(&sim.hdr, 0, sizeof(sim.hdr));
	if (((struct virtnet *)sim.vdev.priv)->guest_csum) /* its header is the input's, too */
		memcpy(&sim.hdr, bytes, min(got, sizeof(sim.hdr)));
	if (honest)
		virtio_sim_receive(&sim, frame, len, fuzz_u8(in) % 8 - 1);
	else
		virtio_sim_give(&sim, fuzz_u8(in) % 3, frame, len, fuzz_u16(in));
}

/* Ring entries of the device's own invention. */
static void device_invents(struct fuzz_input *in)
{
	struct sim_ring *ring = &sim.rings[fuzz_u8(in) % 3];
	struct sim_buffer buf;
	u8 how = fuzz_u8(in);

	if (!ring->num)
		return;
	if (how & 1 && !sim_ring_pop(ring, &buf))
		return;
	sim_ring_push(ring, how & 1 ? buf.id : fuzz_u16(in), fuzz_u16(in));
	if (how & 2)
		ring->used_idx += fuzz_u8(in);
	sim_ring_publish(ring);
	if (how & 4)
		ring->used->ring[fuzz_u8(in) % ring->num].id = fuzz_u16(in);
	if (how & 8)
		ring->used->flags = fuzz_u8(in);
	virtio_sim_interrupt(&sim);
}

static void driver_sends(struct fuzz_input *in)
{
	struct virtnet *nic = sim.vdev.priv;
	u32 headroom = fuzz_u8(in), len = ETH_HLEN + fuzz_u16(in) % 1500;
	struct sk_buff *skb = alloc_skb(net, headroom + len);

	if (!skb)
		return;
	skb_reserve(skb, headroom);
	memset(skb_put(skb, len), 0, len);
	skb->dev = &nic->dev;
	(void)dev_queue_xmit(skb);
}

static void one_step(struct fuzz_input *in)
{
	u8 op = fuzz_u8(in) % 10;

	if (op == 8) {
		set_up(fuzz_u8(in) & 1);
		return;
	}
	if (op == 9) {
		shim_fail_frags = fuzz_u8(in) % 8;
		host_advance(fuzz_u8(in) * NSEC_PER_MSEC);
		return;
	}
	plat_bh_disable();
	switch (op) {
	case 0:
	case 1:
		device_gives(in, true);
		break;
	case 2:
		device_gives(in, false);
		break;
	case 3:
	case 4:
		device_invents(in);
		break;
	case 5:
		driver_sends(in);
		break;
	case 6:
		sim.config[fuzz_u8(in) % VIRTIO_SIM_CONFIG] = fuzz_u8(in);
		virtio_sim_config_interrupt(&sim);
		break;
	default:
		sim.mute = fuzz_u8(in) & 1;
		sim.status |= fuzz_u8(in) & VIRTIO_S_NEEDS_RESET;
	}
	plat_bh_enable();
	host_run();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};

	host_init(1);
	host_log_level(-1);
	shim_pages = shim_frags = shim_fail_frags = 0;
	net = net_create();
	if (!net)
		abort();
	take_features(&in);
	if (!virtio_probe(&sim.vdev, net)) {
		virtio_settle();
		set_up(true);
		for (int n = 0; in.size && n < MAX_OPS; n++)
			one_step(&in);
		shim_fail_frags = 0;
		virtio_remove(&sim.vdev);
	}
	host_run();
	if (net_skbs_in_use(net) || shim_pages)
		abort();
	net_destroy(net);
	if (shim_frags)
		abort();
	if (host_live_allocs()) {
		host_print_live_allocs();
		abort();
	}
	return 0;
}
