/* SPDX-License-Identifier: MIT */
/*
 * Virtio over PCI, modern interface: capabilities point to windows of registers, interrupts are MSI-X
 * (entry 0 configuration, entry 1 all queues).
 * Source: virtio 1.1 s4.1.
 */
#include "drivers/pci.h"
#include "drivers/virtio.h"
#include "drivers/virtio_regs.h"
#include "kernel/io.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/fmt.h"

#define VIRTIO_VENDOR        0x1af4
#define VIRTIO_DEVICE_MIN    0x1000
#define VIRTIO_DEVICE_MODERN 0x1040
#define VIRTIO_DEVICE_MAX    0x107f
#define VIRTIO_MSI_NO_VECTOR 0xffff
#define VIRTIO_CONFIG_MAX    4096 /* bytes of device configuration that are mapped at most */

enum { MSIX_CONFIG, MSIX_QUEUES, MSIX_NEEDED };

/* Kinds of capability, virtio 1.1 s4.1.4. */
enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4 };

/* Offsets in the vendor capability. */
#define CAP_TYPE         3
#define CAP_BAR          4
#define CAP_OFFSET       8
#define CAP_LENGTH       12
#define CAP_NOTIFY_SHIFT 16

/* Offsets in the common configuration, virtio 1.1 s4.1.4.3. */
enum {
	COMMON_DFSELECT = 0x00,
	COMMON_DF = 0x04,
	COMMON_GFSELECT = 0x08,
	COMMON_GF = 0x0c,
	COMMON_MSIX = 0x10,
	COMMON_STATUS = 0x14,
	COMMON_GENERATION = 0x15,
	COMMON_Q_SELECT = 0x16,
	COMMON_Q_SIZE = 0x18,
	COMMON_Q_MSIX = 0x1a,
	COMMON_Q_ENABLE = 0x1c,
	COMMON_Q_NOTIFY_OFF = 0x1e,
	COMMON_Q_DESC = 0x20,
	COMMON_Q_AVAIL = 0x28,
	COMMON_Q_USED = 0x30,
	COMMON_BYTES = 0x38,
};

struct virtio_pci {
	struct virtio_device vdev;
	struct pci_dev pci;
	volatile u8 *common, *device, *notify;
	u32 notify_len, notify_multiplier;
};

/* Where one kind of registers is. len 0: nowhere. */
struct window {
	u8 bar, cap;
	u32 offset, len;
};

static struct virtio_pci *to_pci(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_pci, vdev);
}

static u8 get_status(struct virtio_device *vdev)
{
	return readb(to_pci(vdev)->common + COMMON_STATUS);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	volatile u8 *common = to_pci(vdev)->common;

	/* The mapping of vectors dies with a reset; it is set again on the way up. */
	if (status == VIRTIO_S_ACKNOWLEDGE)
		writew(MSIX_CONFIG, common + COMMON_MSIX);
	writeb(status, common + COMMON_STATUS);
}

static u64 get_features(struct virtio_device *vdev)
{
	volatile u8 *common = to_pci(vdev)->common;
	u64 features;

	writel(1, common + COMMON_DFSELECT);
	features = (u64)readl(common + COMMON_DF) << 32;
	writel(0, common + COMMON_DFSELECT);
	return features | readl(common + COMMON_DF);
}

static void set_features(struct virtio_device *vdev, u64 features)
{
	volatile u8 *common = to_pci(vdev)->common;

	writel(0, common + COMMON_GFSELECT);
	writel((u32)features, common + COMMON_GF);
	writel(1, common + COMMON_GFSELECT);
	writel(features >> 32, common + COMMON_GF);
}

static u32 config_generation(struct virtio_device *vdev)
{
	return readb(to_pci(vdev)->common + COMMON_GENERATION);
}

static void read_config(struct virtio_device *vdev, u32 offset, void *buf, u32 len)
{
	virtio_read_mapped(to_pci(vdev)->device + offset, buf, len);
}

static u16 queue_max(struct virtio_device *vdev, u16 index)
{
	volatile u8 *common = to_pci(vdev)->common;

	writew(index, common + COMMON_Q_SELECT);
	return readw(common + COMMON_Q_SIZE);
}

static void pci_notify(struct virtqueue *vq)
{
	writew(vq->index, vq->notify_addr);
}

static int queue_enable(struct virtio_device *vdev, struct virtqueue *vq)
{
	struct virtio_pci *vp = to_pci(vdev);
	volatile u8 *common = vp->common;
	u64 notify_at;

	writew(vq->index, common + COMMON_Q_SELECT);
	notify_at = (u64)readw(common + COMMON_Q_NOTIFY_OFF) * vp->notify_multiplier;
	if (notify_at + sizeof(u16) > vp->notify_len)
		return -ERANGE;
	writew(vq->num, common + COMMON_Q_SIZE);
	writew(vq->callback ? MSIX_QUEUES : VIRTIO_MSI_NO_VECTOR, common + COMMON_Q_MSIX);
	if (vq->callback && readw(common + COMMON_Q_MSIX) != MSIX_QUEUES)
		return -ENOSPC; /* the device has no room for the mapping */
	virtio_write_address(common + COMMON_Q_DESC, vq->desc);
	virtio_write_address(common + COMMON_Q_AVAIL, vq->avail);
	virtio_write_address(common + COMMON_Q_USED, vq->used);
	vq->notify_addr = vp->notify + notify_at;
	vq->notify = pci_notify;
	writew(1, common + COMMON_Q_ENABLE);
	return 0;
}

static const struct virtio_transport_ops pci_ops = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.config_generation = config_generation,
	.read_config = read_config,
	.queue_max = queue_max,
	.queue_enable = queue_enable,
};

static void queues_irq(void *arg)
{
	virtio_queue_interrupt(arg);
}

static void config_irq(void *arg)
{
	virtio_config_interrupt(arg);
}

/* The first capability of this kind that has a valid window number (s4.1.4.1: the first that fits). */
static struct window find_window(const struct pci_dev *pci, u8 kind)
{
	u8 cap = 0;

	while ((cap = pci_find_capability(pci, PCI_CAP_ID_VENDOR, cap))) {
		u8 bar = pci_read8(pci, cap + CAP_BAR);

		if (pci_read8(pci, cap + CAP_TYPE) == kind && bar < PCI_NUM_BARS)
			return (struct window){.bar = bar,
					       .cap = cap,
					       .offset = pci_read32(pci, cap + CAP_OFFSET),
					       .len = pci_read32(pci, cap + CAP_LENGTH)};
	}
	return (struct window){0};
}

static volatile u8 *map_window(const struct pci_dev *pci, const struct window *w, u32 len)
{
	return pci_map_bar(pci, w->bar, w->offset, len);
}

static int map_registers(struct virtio_pci *vp)
{
	const struct pci_dev *pci = &vp->pci;
	struct window common = find_window(pci, CAP_COMMON);
	struct window notify = find_window(pci, CAP_NOTIFY);
	struct window device = find_window(pci, CAP_DEVICE);

	if (common.len < COMMON_BYTES || !notify.len) {
		pr_err("%s: legacy virtio only; weir needs virtio 1 (QEMU: disable-modern=off)",
		       pci->name);
		return -ENODEV;
	}
	vp->common = map_window(pci, &common, common.len);
	vp->notify = map_window(pci, &notify, notify.len);
	if (!vp->common || !vp->notify)
		return -ENODEV;
	vp->notify_len = notify.len;
	vp->notify_multiplier = pci_read32(pci, notify.cap + CAP_NOTIFY_SHIFT);
	vp->vdev.config_size = min(device.len, (u32)VIRTIO_CONFIG_MAX);
	if (vp->vdev.config_size) {
		vp->device = map_window(pci, &device, vp->vdev.config_size);
		if (!vp->device)
			return -ENODEV;
	}
	return 0;
}

static int request_vectors(struct virtio_pci *vp)
{
	struct pci_dev *pci = &vp->pci;
	int err = pci_msix_enable(pci);

	if (err < MSIX_NEEDED) {
		pr_err("%s: %d MSI-X vectors, weir needs %d (QEMU: leave vectors= out)", pci->name,
		       max(err, 0), MSIX_NEEDED);
		return -ENODEV;
	}
	err = pci_msix_request(pci, MSIX_CONFIG, config_irq, &vp->vdev, vp->vdev.name);
	if (!err)
		err = pci_msix_request(pci, MSIX_QUEUES, queues_irq, &vp->vdev, vp->vdev.name);
	if (err)
		pr_err("%s: no interrupt vector (error %d)", pci->name, -err);
	return err;
}

/* Transitional functions carry the virtio id as their subsystem (s4.1.2.1). */
static u32 virtio_id(const struct pci_dev *pci)
{
	if (pci->device >= VIRTIO_DEVICE_MODERN)
		return pci->device - VIRTIO_DEVICE_MODERN;
	return pci_read16(pci, PCI_SUBSYSTEM_ID);
}

struct scan {
	struct net *net;
	unsigned int count;
};

static void probe_function(const struct pci_dev *pci, void *arg)
{
	struct scan *scan = arg;
	struct virtio_pci *vp;

	if (pci->vendor != VIRTIO_VENDOR || pci->device < VIRTIO_DEVICE_MIN ||
	    pci->device > VIRTIO_DEVICE_MAX)
		return;
	vp = kzalloc(sizeof(*vp));
	if (!vp) {
		pr_err("%s: no memory", pci->name);
		return;
	}
	vp->pci = *pci;
	vp->vdev.ops = &pci_ops;
	vp->vdev.id = virtio_id(pci);
	scnprintf(vp->vdev.name, sizeof(vp->vdev.name), "%s", pci->name);
	pci_enable(&vp->pci);
	/* Once interrupts know vp it stays, whatever the driver says: there is no way to take a vector back. */
	if (map_registers(vp)) {
		kfree(vp);
		return;
	}
	if (!request_vectors(vp) && !virtio_probe(&vp->vdev, scan->net))
		scan->count++;
}

unsigned int virtio_pci_scan(struct net *net)
{
	struct scan scan = {.net = net};

	if (pci_init())
		pci_for_each(probe_function, &scan);
	return scan.count;
}
