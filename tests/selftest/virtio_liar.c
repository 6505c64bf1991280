/* SPDX-License-Identifier: MIT */
/* The lies, as a table, and what must hold after each. */
#include "tests/selftest/virtio_liar.h"
#include "drivers/virtio_net.h"
#include "tests/selftest/virtio_sim.h"
#include "kernel/mm.h"
#include "net/platform.h"

#define RING        64
#define FUZZ_ROUNDS 64
#define FRAME_BYTES 60
#define OFFLOADS                                                                             \
	(VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_CSUM) | VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_TSO4) | \
	 VIRTIO_FEATURE(VIRTIO_NET_F_GUEST_ECN))

struct liar {
	struct virtio_sim sim;
	struct net *net;
};

static struct virtnet *nic_of(struct liar *l)
{
	return l->sim.vdev.priv;
}

/* A frame that no protocol wants: EtherType 0x88b5 is for experiments (IEEE 802). */
static const u8 frame[FRAME_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
				      0,    0,    0,    0,    9,    0x88, 0xb5};

static void publish(struct liar *l, u16 queue)
{
	sim_ring_publish(&l->sim.rings[queue]);
	virtio_sim_interrupt(&l->sim);
}

/* Takes one receive buffer, writes a sound header, and hands it back as id with len bytes. */
static void give_back(struct liar *l, u32 id_xor, u32 len)
{
	const struct virtio_net_hdr hdr = {.num_buffers = 1};
	struct sim_ring *rx = &l->sim.rings[0];
	struct sim_buffer buf;

	if (sim_ring_pop(rx, &buf)) {
		sim_buffer_write(&buf, 0, &hdr, sizeof(hdr));
		sim_ring_push(rx, buf.id ^ id_xor, len);
	}
	publish(l, 0);
}

static void header(struct liar *l, u8 flags, u8 gso_type, u16 num_buffers)
{
	const struct virtio_net_hdr hdr = {
		.flags = flags, .gso_type = gso_type, .num_buffers = num_buffers};
	struct sim_ring *rx = &l->sim.rings[0];
	struct sim_buffer buf;

	if (sim_ring_pop(rx, &buf)) {
		sim_buffer_write(&buf, 0, &hdr, sizeof(hdr));
		sim_ring_push(rx, buf.id, sizeof(hdr) + FRAME_BYTES);
	}
	publish(l, 0);
}

static void index_one_too_far(struct liar *l)
{
	l->sim.rings[0].used_idx += l->sim.rings[0].num + 1;
	publish(l, 0);
}

static void index_far(struct liar *l)
{
	l->sim.rings[0].used_idx += 0x8000;
	publish(l, 0);
}

static void index_back(struct liar *l)
{
	l->sim.rings[0].used_idx--;
	publish(l, 0);
}

static void id_too_big(struct liar *l)
{
	give_back(l, 0x8000, 100);
}

static void id_huge(struct liar *l)
{
	give_back(l, 0xffff0000, 100);
}

static void id_twice(struct liar *l)
{
	const struct virtio_net_hdr hdr = {.num_buffers = 1};
	struct sim_ring *rx = &l->sim.rings[0];
	struct sim_buffer buf;

	if (!sim_ring_pop(rx, &buf))
		return;
	sim_buffer_write(&buf, 0, &hdr, sizeof(hdr));
	sim_ring_push(rx, buf.id, sizeof(hdr) + FRAME_BYTES);
	sim_ring_push(rx, buf.id, sizeof(hdr) + FRAME_BYTES);
	publish(l, 0);
}

static void length_huge(struct liar *l)
{
	give_back(l, 0, 0xffffffff);
}

static void length_one_too_long(struct liar *l)
{
	give_back(l, 0, nic_of(l)->rx_size - VIRTNET_RX_OFFSET - SKB_SHINFO_SIZE + 1);
}

static void length_zero(struct liar *l)
{
	give_back(l, 0, 0);
}

static void length_below_header(struct liar *l)
{
	give_back(l, 0, sizeof(struct virtio_net_hdr) - 1);
}

static void no_buffers(struct liar *l)
{
	header(l, 0, 0, 0);
}

static void all_buffers(struct liar *l)
{
	header(l, 0, 0, 0xffff);
}

static void one_buffer_missing(struct liar *l)
{
	header(l, 0, 0, 2);
}

static void checksum_not_agreed(struct liar *l)
{
	header(l, VIRTIO_NET_HDR_F_NEEDS_CSUM, 0, 1);
}

static void offload_not_agreed(struct liar *l)
{
	header(l, 0, 1, 1);
}

static void checksum_and_segments_of_ipv6(struct liar *l)
{
	header(l, VIRTIO_NET_HDR_F_NEEDS_CSUM, 4, 1);
}

static void only_ecn(struct liar *l)
{
	header(l, VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_ECN, 1);
}

static void ecn_not_agreed(struct liar *l)
{
	header(l, VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
	       1);
}

static void sent_what_was_not_offered(struct liar *l)
{
	sim_ring_push(&l->sim.rings[1], 0, 0);
	publish(l, 1);
}

static void offer_frame(struct liar *l)
{
	struct virtnet *vn = nic_of(l);
	struct sk_buff *skb = alloc_skb(l->net, NET_SKB_PAD + FRAME_BYTES);

	if (!skb)
		return;
	skb_reserve(skb, NET_SKB_PAD);
	memcpy(skb_put(skb, FRAME_BYTES), frame, FRAME_BYTES);
	virtnet_start_xmit(&vn->dev, skb, false);
}

static void wrote_into_what_it_reads(struct liar *l)
{
	struct sim_buffer buf;

	l->sim.mute = true;
	offer_frame(l);
	if (sim_ring_pop(&l->sim.rings[1], &buf))
		sim_ring_push(&l->sim.rings[1], buf.id, 1);
	publish(l, 1);
}

static void sent_twice(struct liar *l)
{
	struct sim_buffer buf;

	l->sim.mute = true;
	offer_frame(l);
	offer_frame(l);
	if (sim_ring_pop(&l->sim.rings[1], &buf)) {
		sim_ring_push(&l->sim.rings[1], buf.id, 0);
		sim_ring_push(&l->sim.rings[1], buf.id, 0);
	}
	publish(l, 1);
}

static const struct {
	const char *name;
	void (*tell)(struct liar *l);
} lies[] = {
	{"used index one beyond the ring", index_one_too_far},
	{"used index 32768 ahead", index_far},
	{"used index backwards", index_back},
	{"id beyond the ring", id_too_big},
	{"id beyond 16 bits", id_huge},
	{"the same id twice", id_twice},
	{"length 4 GB", length_huge},
	{"length one beyond the buffer", length_one_too_long},
	{"length 0", length_zero},
	{"length below the header's", length_below_header},
	{"frame of 0 buffers", no_buffers},
	{"frame of 65535 buffers", all_buffers},
	{"frame of 2 buffers, 1 given", one_buffer_missing},
	{"checksum offload nobody agreed on", checksum_not_agreed},
	{"segmentation offload nobody agreed on", offload_not_agreed},
	{"segments of IPv6", checksum_and_segments_of_ipv6},
	{"ECN of no segments", only_ecn},
	{"ECN nobody agreed on", ecn_not_agreed},
	{"sent a frame that was never offered", sent_what_was_not_offered},
	{"wrote into a frame to send", wrote_into_what_it_reads},
	{"sent one frame twice", sent_twice},
};

/* Runs what the interrupt raised: softirqs run when they are enabled again. */
static void let_it_run(void)
{
	plat_bh_enable();
	plat_bh_disable();
}

/* An honest frame must arrive. */
static bool receives(struct liar *l)
{
	u64 before = nic_of(l)->dev.stats.rx_packets;

	if (!virtio_sim_receive(&l->sim, frame, sizeof(frame), -1))
		return false;
	let_it_run();
	return nic_of(l)->dev.stats.rx_packets == before + 1;
}

static bool restart(struct liar *l)
{
	struct net_device *dev = &nic_of(l)->dev;

	l->sim.mute = false;
	dev_close(dev);
	return !dev_open(dev);
}

/* What the driver did wrong; NULL: nothing. */
static const char *try_lie(struct liar *l, void (*tell)(struct liar *l))
{
	struct virtnet *vn = nic_of(l);
	u64 broken, packets, resets;

	if (!restart(l) || !receives(l))
		return "does not receive";
	broken = vn->broken;
	packets = vn->dev.stats.rx_packets;
	resets = l->sim.resets;
	tell(l);
	let_it_run();
	if (vn->broken != broken + 1)
		return "was believed";
	if (vn->up || vn->dev.carrier || l->sim.resets != resets + 1)
		return "left the device on";
	if (vn->dev.stats.rx_packets > packets + 1)
		return "made packets of it";
	return NULL;
}

/* Garbage in all that the device can write: rings, indices, descriptors. */
static void scribble(struct liar *l)
{
	struct sim_ring *ring = &l->sim.rings[0];
	struct {
		u16 where, value;
	} spot;

	/* Caught and reset: it has no ring any more. */
	for (int i = 0; i < 8 && ring->num; i++) {
		plat_random(&spot, sizeof(spot));
		/* The ring's memory begins with the descriptors; the used ring is its last part. */
		((u16 *)(uintptr_t)ring->desc)[spot.where % (virtqueue_ring_size(ring->num) / 2)] =
			spot.value;
	}
	virtio_sim_interrupt(&l->sim);
}

static const char *try_garbage(struct liar *l)
{
	for (int i = 0; i < FUZZ_ROUNDS; i++) {
		if (!restart(l))
			return "does not start again";
		for (int j = 0; j < 4; j++) {
			scribble(l);
			let_it_run();
		}
	}
	return restart(l) && receives(l) ? NULL : "does not receive afterwards";
}

/* What a network may send is no lie: counted, dropped, and the device stays on. */
static const char *try_odd_frames(struct liar *l)
{
	static const u32 lengths[] = {0, 1, ETH_HLEN - 1, 40000};
	struct virtnet *vn = nic_of(l);
	u64 broken = vn->broken;
	u8 *big = kzalloc(40000);

	if (!big || !restart(l)) {
		kfree(big);
		return "does not start";
	}
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		u64 errors = vn->dev.stats.rx_length_errors;

		if (!virtio_sim_receive(&l->sim, big, lengths[i], -1))
			break;
		let_it_run();
		if (vn->dev.stats.rx_length_errors != errors + 1)
			break;
	}
	kfree(big);
	return vn->broken == broken && receives(l) ? NULL : "broke an honest device";
}

/* Numbers in the header that a neighbour may have sent: with what was agreed on they cost their frame and nothing else. */
static const char *try_odd_headers(struct liar *l)
{
	static const struct virtio_net_hdr odd[] = {
		{.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 0xffff, .csum_offset = 0xffff},
		{.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = FRAME_BYTES - 1},
		{.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_offset = FRAME_BYTES - 1},
		{.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000},
		{.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4},
		{.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		 .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		 .gso_size = VIRTNET_GSO_LEAST - 1},
	};
	struct virtnet *vn = nic_of(l);
	u64 broken = vn->broken;
	const char *why = NULL;

	l->sim.offered |= OFFLOADS;
	if (!restart(l) || !vn->guest_tso || !vn->guest_csum)
		return "does not start with offloads";
	for (size_t i = 0; i < ARRAY_SIZE(odd) && !why; i++) {
		u64 errors = vn->dev.stats.rx_frame_errors, packets = vn->dev.stats.rx_packets;

		l->sim.hdr = odd[i];
		virtio_sim_receive(&l->sim, frame, sizeof(frame), -1);
		let_it_run();
		if (vn->dev.stats.rx_frame_errors != errors + 1 ||
		    vn->dev.stats.rx_packets != packets)
			why = "believed an impossible header";
	}
	l->sim.hdr = (struct virtio_net_hdr){0};
	if (!why && (vn->broken != broken || !receives(l)))
		why = "broke an honest device";
	l->sim.offered &= ~OFFLOADS;
	return why;
}

static int tell_all(struct liar *l, virtio_liar_report report, void *arg)
{
	const char *why;
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		why = try_lie(l, lies[i].tell);
		report(arg, lies[i].name, why);
		failed += !!why;
	}
	why = try_garbage(l);
	report(arg, "garbage in ring and descriptors", why);
	failed += !!why;
	why = try_odd_frames(l);
	report(arg, "runts and giants from the network", why);
	failed += !!why;
	why = try_odd_headers(l);
	report(arg, "checksums and segments that do not fit", why);
	return failed + !!why;
}

int virtio_liar_run(struct net *net, virtio_liar_report report, void *arg)
{
	struct liar *l = kzalloc(sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	virtio_sim_init(&l->sim, VIRTIO_ID_NET,
			VIRTIO_FEATURE(VIRTIO_NET_F_MRG_RXBUF) |
				VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) |
				VIRTIO_FEATURE(VIRTIO_F_INDIRECT_DESC),
			RING);
	l->net = net;
	err = virtio_probe(&l->sim.vdev, net);
	if (!err) {
		virtio_settle();
		plat_bh_disable();
		err = dev_open(&nic_of(l)->dev);
		if (!err)
			err = tell_all(l, report, arg);
		plat_bh_enable();
		virtio_remove(&l->sim.vdev);
	}
	kfree(l);
	return err;
}
