/* SPDX-License-Identifier: MIT */
/*
 * Virtio over memory-mapped registers, version 2.
 *
 * Where they are: the command line's virtio_mmio.device=SIZE@ADDRESS:IRQ words, which QEMU's microvm (acpi=off)
 * and Firecracker append in the order of their devices. A microvm with ACPI tells it in AML alone, which
 * weir does not read: there the slots are probed at the place where QEMU 4.2 and later have them.
 * Source: virtio 1.1 s4.2.
 */
#include "drivers/virtio.h"
#include "drivers/virtio_regs.h"
#include "kernel/acpi.h"
#include "kernel/cmdline.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define MMIO_MAGIC     0x74726976 /* "virt" */
#define MMIO_VERSION   2
#define MMIO_SLOT_SIZE 512

/* QEMU's microvm with ACPI: 24 slots on the second interrupt controller. */
#define MICROVM_BASE     0xfeb00000
#define MICROVM_SLOTS    24
#define MICROVM_GSI_BASE 24

/* ACPI 6.4 s5.2.9 */
#define ACPI_OEM_ID     10
#define FADT_FLAGS      112
#define FADT_HW_REDUCED BIT(20)

enum {
	REG_MAGIC = 0x000,
	REG_VERSION = 0x004,
	REG_DEVICE_ID = 0x008,
	REG_DEVICE_FEATURES = 0x010,
	REG_DEVICE_FEATURES_SEL = 0x014,
	REG_DRIVER_FEATURES = 0x020,
	REG_DRIVER_FEATURES_SEL = 0x024,
	REG_QUEUE_SEL = 0x030,
	REG_QUEUE_NUM_MAX = 0x034,
	REG_QUEUE_NUM = 0x038,
	REG_QUEUE_READY = 0x044,
	REG_QUEUE_NOTIFY = 0x050,
	REG_INTERRUPT_STATUS = 0x060,
	REG_INTERRUPT_ACK = 0x064,
	REG_STATUS = 0x070,
	REG_QUEUE_DESC = 0x080,
	REG_QUEUE_AVAIL = 0x090,
	REG_QUEUE_USED = 0x0a0,
	REG_CONFIG_GENERATION = 0x0fc,
	REG_CONFIG = 0x100,
};

#define INTERRUPT_QUEUES 1
#define INTERRUPT_CONFIG 2

struct virtio_mmio {
	struct virtio_device vdev;
	u64 addr;
	struct virtio_mmio *next; /* in struct scan */
	volatile u8 *regs;
};

static volatile u8 *regs_of(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_mmio, vdev)->regs;
}

static u8 get_status(struct virtio_device *vdev)
{
	return readl(regs_of(vdev) + REG_STATUS);
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	writel(status, regs_of(vdev) + REG_STATUS);
}

static u64 get_features(struct virtio_device *vdev)
{
	volatile u8 *regs = regs_of(vdev);
	u64 features;

	writel(1, regs + REG_DEVICE_FEATURES_SEL);
	features = (u64)readl(regs + REG_DEVICE_FEATURES) << 32;
	writel(0, regs + REG_DEVICE_FEATURES_SEL);
	return features | readl(regs + REG_DEVICE_FEATURES);
}

static void set_features(struct virtio_device *vdev, u64 features)
{
	volatile u8 *regs = regs_of(vdev);

	writel(1, regs + REG_DRIVER_FEATURES_SEL);
	writel(features >> 32, regs + REG_DRIVER_FEATURES);
	writel(0, regs + REG_DRIVER_FEATURES_SEL);
	writel((u32)features, regs + REG_DRIVER_FEATURES);
}

static u32 config_generation(struct virtio_device *vdev)
{
	return readl(regs_of(vdev) + REG_CONFIG_GENERATION);
}

static void read_config(struct virtio_device *vdev, u32 offset, void *buf, u32 len)
{
	virtio_read_mapped(regs_of(vdev) + REG_CONFIG + offset, buf, len);
}

static u16 queue_max(struct virtio_device *vdev, u16 index)
{
	volatile u8 *regs = regs_of(vdev);
	u32 most;

	writel(index, regs + REG_QUEUE_SEL);
	most = readl(regs + REG_QUEUE_NUM_MAX);
	return min(most, (u32)32768);
}

static void mmio_notify(struct virtqueue *vq)
{
	writel(vq->index, vq->notify_addr);
}

static int queue_enable(struct virtio_device *vdev, struct virtqueue *vq)
{
	volatile u8 *regs = regs_of(vdev);

	writel(vq->index, regs + REG_QUEUE_SEL);
	if (readl(regs + REG_QUEUE_READY))
		return -EBUSY;
	writel(vq->num, regs + REG_QUEUE_NUM);
	virtio_write_address(regs + REG_QUEUE_DESC, vq->desc);
	virtio_write_address(regs + REG_QUEUE_AVAIL, vq->avail);
	virtio_write_address(regs + REG_QUEUE_USED, vq->used);
	vq->notify_addr = regs + REG_QUEUE_NOTIFY;
	vq->notify = mmio_notify;
	writel(1, regs + REG_QUEUE_READY);
	return 0;
}

static const struct virtio_transport_ops mmio_ops = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.config_generation = config_generation,
	.read_config = read_config,
	.queue_max = queue_max,
	.queue_enable = queue_enable,
};

static void mmio_irq(void *arg)
{
	struct virtio_device *vdev = arg;
	volatile u8 *regs = regs_of(vdev);
	u32 status = readl(regs + REG_INTERRUPT_STATUS);

	if (!status)
		return;
	writel(status, regs + REG_INTERRUPT_ACK);
	if (status & INTERRUPT_QUEUES)
		virtio_queue_interrupt(vdev);
	if (status & INTERRUPT_CONFIG)
		virtio_config_interrupt(vdev);
}

struct scan {
	struct net *net;
	unsigned int count;
	struct virtio_mmio *found;
};

static bool found_before(const struct scan *scan, u64 addr)
{
	const struct virtio_mmio *vm = scan->found;

	while (vm && vm->addr != addr)
		vm = vm->next;
	return vm;
}

/* One slot. Empty slots (device id 0) are passed over without a word. */
static void probe_slot(struct scan *scan, u64 addr, u64 size, u32 gsi)
{
	struct virtio_mmio *vm;
	volatile u8 *regs;

	if (found_before(scan, addr)) {
		pr_warn("mmio %llx: named twice", (unsigned long long)addr);
		return;
	}
	regs = ioremap(addr, size);
	if (!regs || readl(regs + REG_MAGIC) != MMIO_MAGIC || !readl(regs + REG_DEVICE_ID))
		return;
	if (readl(regs + REG_VERSION) != MMIO_VERSION) {
		pr_err("mmio %llx: virtio-mmio version %u, weir needs 2: microvm needs -global "
		       "virtio-mmio.force-legacy=false",
		       (unsigned long long)addr, readl(regs + REG_VERSION));
		return;
	}
	vm = kzalloc(sizeof(*vm));
	if (!vm) {
		pr_err("mmio %llx: no memory", (unsigned long long)addr);
		return;
	}
	vm->regs = regs;
	vm->addr = addr;
	vm->vdev.ops = &mmio_ops;
	vm->vdev.id = readl(regs + REG_DEVICE_ID);
	vm->vdev.config_size = size - REG_CONFIG;
	fmt_number(vm->vdev.name + strscpy(vm->vdev.name, "mmio ", sizeof(vm->vdev.name)), addr,
		   16);
	/* The line stays high until the device is acknowledged, so it is a level. */
	if (irq_request(gsi, IRQ_LEVEL_HIGH, mmio_irq, &vm->vdev, vm->vdev.name)) {
		pr_err("%s: interrupt line %u cannot be used", vm->vdev.name, gsi);
		kfree(vm);
		return;
	}
	vm->next = scan->found;
	scan->found = vm;
	if (!virtio_probe(&vm->vdev, scan->net))
		scan->count++;
}

/* Reads a number, decimal or 0x..., with K or M behind it, and moves *text behind it. */
static bool parse_number(const char **text, u64 *value)
{
	const char *at = *text;
	unsigned int base = 10;
	u64 v = 0;

	if (at[0] == '0' && (at[1] | 0x20) == 'x') {
		base = 16;
		at += 2;
	}
	for (const char *start = at;; at++) {
		unsigned int digit = *at - '0';

		if (digit > 9)
			digit = (*at | 0x20) >= 'a' ? (*at | 0x20) - 'a' + 10U : 99;
		if (digit >= base) {
			if (at == start)
				return false;
			break;
		}
		if (v > U64_MAX / base - 1)
			return false;
		v = v * base + digit;
	}
	if (*at == 'K' || *at == 'M')
		v <<= *at++ == 'K' ? 10 : 20;
	*text = at;
	*value = v;
	return true;
}

/* SIZE@ADDRESS:IRQ[:ID] */
static bool parse_device(const char *word, u64 *size, u64 *addr, u64 *irq)
{
	return parse_number(&word, size) && *word++ == '@' && parse_number(&word, addr) &&
	       *word++ == ':' && parse_number(&word, irq) && (!*word || *word == ':') &&
	       *size >= MMIO_SLOT_SIZE && *size <= (1U << 20) && *irq < 1024 && !(*addr & 3);
}

/* ACPI without the classic hardware, from QEMU: of its machines for PCs that is microvm alone. */
static bool is_acpi_microvm(void)
{
	size_t len;
	const u8 *fadt = acpi_find_table("FACP", &len);
	u32 flags;

	if (!fadt || len < FADT_FLAGS + sizeof(flags) ||
	    memcmp(fadt + ACPI_OEM_ID, "BOCHS ", 6) != 0)
		return false;
	memcpy(&flags, fadt + FADT_FLAGS, sizeof(flags));
	return flags & FADT_HW_REDUCED;
}

/* QEMU fills the slots from the last one. */
static void probe_microvm(struct scan *scan)
{
	for (u32 slot = MICROVM_SLOTS; slot-- > 0;)
		probe_slot(scan, MICROVM_BASE + (u64)slot * MMIO_SLOT_SIZE, MMIO_SLOT_SIZE,
			   MICROVM_GSI_BASE + slot);
}

unsigned int virtio_mmio_scan(struct net *net)
{
	struct scan scan = {.net = net};
	const char *word;
	unsigned int n = 0;

	while ((word = cmdline_get("virtio_mmio.device", n))) {
		u64 size, addr, irq;

		n++;
		if (parse_device(word, &size, &addr, &irq))
			probe_slot(&scan, addr, size, irq);
		else
			pr_err("virtio_mmio.device=%s: not SIZE@ADDRESS:IRQ", word);
	}
	if (!n && is_acpi_microvm())
		probe_microvm(&scan);
	return scan.count;
}
