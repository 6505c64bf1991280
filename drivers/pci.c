/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space by ECAM or by ports, buses, capabilities, windows, MSI-X.
 *
 * Firmware has numbered the buses and placed the windows; weir reads what it finds. Everything a function
 * says about itself (capability pointers, window numbers, offsets) is bounded before use.
 */
#include "drivers/pci.h"
#include "kernel/acpi.h"
#include "kernel/io.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "lib/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define PCI_COMMAND_MEMORY       0x2
#define PCI_COMMAND_MASTER       0x4
#define PCI_COMMAND_INTX_DISABLE 0x400
#define PCI_STATUS_CAP_LIST      0x10
#define PCI_HEADER_MULTI         0x80
#define PCI_HEADER_BRIDGE        1

#define PCI_BAR_IO       0x1
#define PCI_BAR_MEM_64   0x4
#define PCI_BAR_TYPE     0x6
#define PCI_BAR_MEM_MASK (~0xfULL)

#define PCI_MSIX_CONTROL     2
#define PCI_MSIX_TABLE       4
#define PCI_MSIX_ENABLE      0x8000
#define PCI_MSIX_MASK_ALL    0x4000
#define PCI_MSIX_SIZE        0x07ff
#define PCI_MSIX_ENTRY_BYTES 16

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc
#define PCI_WINDOW_MAX     (16U << 20)
#define PCI_MAX_BUSES      256
#define PCI_MAX_DEPTH      8
#define PCI_MAX_CAPS       48 /* what fits into 192 bytes */
#define ECAM_BUS_BYTES     (1U << 20)

/* ACPI's "MCFG": a header of 44 bytes, then one of these for each range of buses of a segment. */
struct mcfg_entry {
	u64 base;
	u16 segment;
	u8 first_bus, last_bus;
	u32 reserved;
} __packed;
#define MCFG_HEADER_BYTES 44

/* How to reach configuration space. There is one, as there is one PCI. */
static struct {
	u64 ecam; /* physical address of bus 0; 0: by ports */
	u8 first_bus, last_bus;
	volatile u8 *buses[PCI_MAX_BUSES]; /* mapped when first used */
} access;

static volatile u8 *ecam_bus(u8 bus)
{
	if (!access.ecam || bus < access.first_bus || bus > access.last_bus)
		return NULL;
	if (!access.buses[bus])
		access.buses[bus] =
			ioremap(access.ecam + (u64)bus * ECAM_BUS_BYTES, ECAM_BUS_BYTES);
	return access.buses[bus];
}

/* ECAM register, or NULL: use the ports. */
static volatile void *ecam_reg(const struct pci_dev *dev, unsigned int reg)
{
	volatile u8 *base = ecam_bus(dev->bdf >> 8);

	return base ? base + ((dev->bdf & 0xffU) << 12) + reg : NULL;
}

static void select_port(const struct pci_dev *dev, unsigned int reg)
{
	outl(PCI_CONFIG_ADDRESS, 0x80000000U | (u32)dev->bdf << 8 | (reg & 0xfc));
}

u8 pci_read8(const struct pci_dev *dev, unsigned int reg)
{
	volatile void *ecam = ecam_reg(dev, reg);

	if (ecam)
		return readb(ecam);
	select_port(dev, reg);
	return inb(PCI_CONFIG_DATA + (reg & 3));
}

u16 pci_read16(const struct pci_dev *dev, unsigned int reg)
{
	volatile void *ecam = ecam_reg(dev, reg);

	if (ecam)
		return readw(ecam);
	select_port(dev, reg);
	return inw(PCI_CONFIG_DATA + (reg & 2));
}

u32 pci_read32(const struct pci_dev *dev, unsigned int reg)
{
	volatile void *ecam = ecam_reg(dev, reg);

	if (ecam)
		return readl(ecam);
	select_port(dev, reg);
	return inl(PCI_CONFIG_DATA);
}

void pci_write16(const struct pci_dev *dev, unsigned int reg, u16 value)
{
	volatile void *ecam = ecam_reg(dev, reg);

	if (ecam) {
		writew(value, ecam);
		return;
	}
	select_port(dev, reg);
	outw(PCI_CONFIG_DATA + (reg & 2), value);
}

static void find_ecam(void)
{
	size_t len;
	const u8 *table = acpi_find_table("MCFG", &len);

	if (!table)
		return;
	for (size_t at = MCFG_HEADER_BYTES; at + sizeof(struct mcfg_entry) <= len;
	     at += sizeof(struct mcfg_entry)) {
		struct mcfg_entry e;

		memcpy(&e, table + at, sizeof(e));
		if (e.segment || e.first_bus > e.last_bus)
			continue;
		access.ecam = e.base;
		access.first_bus = e.first_bus;
		access.last_bus = e.last_bus;
		return;
	}
}

bool pci_init(void)
{
	struct pci_dev host = {.bdf = 0};

	find_ecam();
	if (pci_read16(&host, PCI_VENDOR_ID) == 0xffff)
		return false;
	pr_info("pci: configuration space by %s", ecam_bus(0) ? "ECAM" : "ports");
	return true;
}

struct pci_walk {
	void (*fn)(const struct pci_dev *dev, void *arg);
	void *arg;
	unsigned int count;
};

static void scan_bus(struct pci_walk *walk, u8 bus, unsigned int depth);

/* Returns whether there is a function; *multi: whether function 0 has siblings. */
static bool scan_function(struct pci_walk *walk, u16 bdf, unsigned int depth, bool *multi)
{
	struct pci_dev dev = {.bdf = bdf};
	u8 type;

	dev.vendor = pci_read16(&dev, PCI_VENDOR_ID);
	if (dev.vendor == 0xffff)
		return false;
	dev.device = pci_read16(&dev, PCI_DEVICE_ID);
	scnprintf(dev.name, sizeof(dev.name), "pci %02x:%02x.%u", bdf >> 8, bdf >> 3 & 0x1f,
		  bdf & 7U);
	type = pci_read8(&dev, PCI_HEADER_TYPE);
	*multi = type & PCI_HEADER_MULTI;
	walk->count++;
	if ((type & ~PCI_HEADER_MULTI) == PCI_HEADER_BRIDGE) {
		u8 below = pci_read8(&dev, PCI_SECONDARY_BUS);

		if (below > bdf >> 8)
			scan_bus(walk, below, depth + 1);
	} else {
		walk->fn(&dev, walk->arg);
	}
	return true;
}

static void scan_bus(struct pci_walk *walk, u8 bus, unsigned int depth)
{
	if (depth > PCI_MAX_DEPTH)
		return;
	for (unsigned int slot = 0; slot < 32; slot++) {
		bool multi = false, ignored;
		u16 bdf = bus << 8 | slot << 3;

		if (!scan_function(walk, bdf, depth, &multi) || !multi)
			continue;
		for (unsigned int fn = 1; fn < 8; fn++)
			scan_function(walk, bdf | fn, depth, &ignored);
	}
}

unsigned int pci_for_each(void (*fn)(const struct pci_dev *dev, void *arg), void *arg)
{
	struct pci_walk walk = {.fn = fn, .arg = arg};

	scan_bus(&walk, 0, 0);
	return walk.count;
}

u8 pci_find_capability(const struct pci_dev *dev, u8 id, u8 after)
{
	u8 at;

	if (!(pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = pci_read8(dev, after ? after + 1U : PCI_CAPABILITIES) & ~3;
	for (int i = 0; i < PCI_MAX_CAPS && at >= 0x40; i++) {
		if (pci_read8(dev, at) == id)
			return at;
		at = pci_read8(dev, at + 1U) & ~3;
	}
	return 0;
}

/*
 * Reads window bar; returns how many registers it takes. Its size is not asked for: that would move the window away and
 * back, half a millisecond in QEMU. A window is aligned to its size, which bounds it well enough.
 */
static unsigned int read_bar(struct pci_dev *dev, unsigned int bar)
{
	unsigned int reg = PCI_BASE_ADDRESS_0 + 4 * bar;
	u32 low = pci_read32(dev, reg);
	bool wide = (low & PCI_BAR_TYPE) == PCI_BAR_MEM_64 && bar + 1 < PCI_NUM_BARS;
	u64 addr = low & PCI_BAR_MEM_MASK;

	if (low & PCI_BAR_IO)
		return 1;
	if (wide)
		addr |= (u64)pci_read32(dev, reg + 4) << 32;
	dev->bars[bar].memory = true;
	dev->bars[bar].addr = addr;
	dev->bars[bar].most = min(addr & -addr, (u64)PCI_WINDOW_MAX);
	return wide ? 2 : 1;
}

void pci_enable(struct pci_dev *dev)
{
	u16 command = pci_read16(dev, PCI_COMMAND);

	for (unsigned int bar = 0; bar < PCI_NUM_BARS;)
		bar += read_bar(dev, bar);
	pci_write16(dev, PCI_COMMAND,
		    command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
}

volatile void *pci_map_bar(const struct pci_dev *dev, unsigned int bar, u64 offset, u64 len)
{
	volatile void *regs;

	if (bar < PCI_NUM_BARS && dev->bars[bar].memory && !dev->bars[bar].addr) {
		pr_err("%s: BAR %u has no address: the firmware assigned none (QEMU's q35 needs "
		       "SeaBIOS or OVMF)",
		       dev->name, bar);
		return NULL;
	}
	if (bar >= PCI_NUM_BARS || offset > dev->bars[bar].most ||
	    len > dev->bars[bar].most - offset) {
		pr_err("%s: no %llu bytes at 0x%llx of BAR %u", dev->name, (unsigned long long)len,
		       (unsigned long long)offset, bar);
		return NULL;
	}
	regs = ioremap(dev->bars[bar].addr + offset, len);
	if (!regs)
		pr_err("%s: no memory to map BAR %u", dev->name, bar);
	return regs;
}

int pci_msix_enable(struct pci_dev *dev)
{
	u8 cap = pci_find_capability(dev, PCI_CAP_ID_MSIX, 0);
	unsigned int entries;
	u32 table;
	u16 control;

	if (!cap)
		return -ENODEV;
	control = pci_read16(dev, cap + PCI_MSIX_CONTROL);
	table = pci_read32(dev, cap + PCI_MSIX_TABLE);
	entries = (control & PCI_MSIX_SIZE) + 1U;
	dev->msix_table =
		pci_map_bar(dev, table & 7, table & ~7U, (u64)entries * PCI_MSIX_ENTRY_BYTES);
	if (!dev->msix_table)
		return -ENODEV;
	for (unsigned int i = 0; i < entries; i++)
		writel(1, (volatile u8 *)dev->msix_table + i * PCI_MSIX_ENTRY_BYTES + 12);
	pci_write16(dev, cap + PCI_MSIX_CONTROL, (control & ~PCI_MSIX_MASK_ALL) | PCI_MSIX_ENABLE);
	dev->msix_entries = entries;
	dev->msix_cap = cap;
	return entries;
}

int pci_msix_request(struct pci_dev *dev, unsigned int nr, irq_handler fn, void *arg,
		     const char *name)
{
	volatile u8 *entry;
	struct msi_msg msg;
	int err;

	if (nr >= dev->msix_entries)
		return -EINVAL;
	err = msi_request(fn, arg, name, &msg);
	if (err)
		return err;
	entry = (volatile u8 *)dev->msix_table + nr * PCI_MSIX_ENTRY_BYTES;
	writel((u32)msg.addr, entry);
	writel(msg.addr >> 32, entry + 4);
	writel(msg.data, entry + 8);
	writel(0, entry + 12);
	return 0;
}
