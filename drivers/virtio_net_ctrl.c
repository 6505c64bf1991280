/* SPDX-License-Identifier: MIT */
/*
 * virtio-net's control queue: receive mode and MAC address. One command at a time; the device answers within
 * microseconds, and one that does not gets no further commands until it is brought up again.
 * Source: virtio 1.1 s5.1.6.5.
 */
#include "drivers/virtio_net.h"
#include "kernel/clock.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/string.h"

#define ANSWER_TIMEOUT_NS NSEC_PER_SEC /* of wall time: QEMU may wait for a busy host */

enum { CTRL_RX = 0, CTRL_MAC = 1 };
enum { CTRL_RX_PROMISC = 0, CTRL_RX_ALLMULTI = 1 };
enum { CTRL_MAC_ADDR_SET = 1 };
#define CTRL_OK 0

static bool await_answer(struct virtqueue *vq)
{
	u64 deadline = clock_ns() + ANSWER_TIMEOUT_NS;
	u32 len;

	while (!virtqueue_get(vq, &len)) {
		if (virtqueue_broken(vq) || clock_ns() > deadline)
			return false;
		udelay(1);
	}
	return true;
}

static int send_command(struct virtnet *vn, u8 class, u8 command, const void *data, u32 len)
{
	struct virtnet_command *c = &vn->command;
	u64 at = virt_to_phys(c);
	const struct virtqueue_seg segs[] = {
		{at, 2},
		{at + offsetof(struct virtnet_command, data), len},
		{at + offsetof(struct virtnet_command, ack), 1},
	};
	int err;

	if (!vn->ctrl)
		return -EOPNOTSUPP;
	*c = (struct virtnet_command){.class = class, .command = command, .ack = 0xff};
	memcpy(c->data, data, len);
	err = virtqueue_add(vn->ctrl, segs, 2, 1, c);
	if (err)
		return err;
	virtqueue_kick(vn->ctrl);
	if (!await_answer(vn->ctrl)) {
		pr_warn("%s: no answer to command %u.%u; no more commands", vn->dev.name, class,
			command);
		vn->ctrl = NULL;
		return -ETIMEDOUT;
	}
	return READ_ONCE(c->ack) == CTRL_OK ? 0 : -EIO;
}

static void set_mode(struct virtnet *vn, u8 command, u8 on)
{
	int err = send_command(vn, CTRL_RX, command, &on, sizeof(on));

	if (err)
		pr_warn("%s: receive mode not set (error %d)", vn->dev.name, -err);
}

/*
 * The device is not told the stack's list of groups: one that may receive multicast receives all. Until it is
 * settled it is as reset left it: promiscuous, and frames for others are dropped here.
 */
void virtnet_set_rx_mode(struct net_device *dev)
{
	struct virtnet *vn = container_of(dev, struct virtnet, dev);

	if (!vn->up || !vn->settled || !vn->ctrl ||
	    !virtio_has_feature(vn->vdev, VIRTIO_NET_F_CTRL_RX))
		return;
	set_mode(vn, CTRL_RX_PROMISC, dev->flags & IFF_PROMISC || dev->uc_promisc);
	if (vn->ctrl)
		set_mode(vn, CTRL_RX_ALLMULTI, !!(dev->flags & (IFF_ALLMULTI | IFF_MULTICAST)));
}

int virtnet_set_mac_address(struct net_device *dev, const u8 addr[ETH_ALEN])
{
	struct virtnet *vn = container_of(dev, struct virtnet, dev);

	if (!virtio_has_feature(vn->vdev, VIRTIO_NET_F_CTRL_MAC_ADDR))
		return -EOPNOTSUPP;
	if (!vn->up)
		return 0; /* told to the device when it comes up */
	return send_command(vn, CTRL_MAC, CTRL_MAC_ADDR_SET, addr, ETH_ALEN);
}
