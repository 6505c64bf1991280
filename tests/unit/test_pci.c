/* SPDX-License-Identifier: MIT */
/* drivers/pci.c on a configuration space made of memory. */
#include "drivers/pci.h"
#include "kernel/io.h"
#include "lib/errno.h"
#include "tests/unit/harness.h"
#include "tests/unit/kernel_host.h"

#define ECAM      0xb0000000ULL
#define BUS_BYTES (1U << 20)
#define BUSES     3
#define WINDOW    (ECAM + BUSES * BUS_BYTES) /* a device's registers, behind configuration space */

static struct {
	struct kernel_host *k;
	u8 mcfg[60];
	u16 seen[64];
	unsigned int nr_seen;
} lab;

static u8 *config(u16 bdf)
{
	return lab.k->devmem + ((size_t)bdf << 12);
}

static void put16(u16 bdf, unsigned int reg, u16 v)
{
	memcpy(config(bdf) + reg, &v, sizeof(v));
}

static void put32(u16 bdf, unsigned int reg, u32 v)
{
	memcpy(config(bdf) + reg, &v, sizeof(v));
}

static void add_function(u16 bdf, u8 header)
{
	memset(config(bdf), 0, 256);
	put16(bdf, PCI_VENDOR_ID, 0x1af4);
	put16(bdf, PCI_DEVICE_ID, 0x1041);
	config(bdf)[PCI_HEADER_TYPE] = header;
}

static void add_capability(u16 bdf, u8 at, u8 id, u8 next)
{
	put16(bdf, PCI_STATUS, 0x10);
	config(bdf)[at] = id;
	config(bdf)[at + 1] = next;
}

/* Three empty buses: all ones, as nothing answers. A host bridge at 00:00.0. */
static void lab_begin(void)
{
	u64 base = ECAM;

	memset(&lab, 0, sizeof(lab));
	lab.k = kernel_host_begin();
	lab.k->devmem_at = ECAM;
	lab.k->devmem_size = (BUSES + 1) * BUS_BYTES;
	lab.k->devmem = plat_alloc(lab.k->devmem_size);
	memset(lab.k->devmem, 0xff, BUSES * BUS_BYTES);
	memset(lab.k->devmem + BUSES * BUS_BYTES, 0, BUS_BYTES);
	memcpy(lab.mcfg + 44, &base, sizeof(base));
	lab.mcfg[55] = BUSES - 1;
	lab.k->mcfg = lab.mcfg;
	lab.k->mcfg_len = sizeof(lab.mcfg);
	add_function(0, 0);
	cr_assert(pci_init());
}

static void lab_end(void)
{
	plat_free(lab.k->devmem);
	kernel_host_end();
}

static void see(const struct pci_dev *dev, void *arg)
{
	(void)arg;
	cr_assert_lt(lab.nr_seen, ARRAY_SIZE(lab.seen));
	lab.seen[lab.nr_seen++] = dev->bdf;
}

WEIR_TEST(pci, functions_in_the_order_of_slots)
{
	static const u16 want[] = {0x000, 0x010, 0x018, 0x01a, 0x100, 0x208, 0x0f8};

	lab_begin();
	add_function(0x0f8, 0);
	add_function(0x018, 0x80); /* has siblings */
	add_function(0x01a, 0);
	add_function(0x010, 0);
	add_function(0x011, 0); /* hidden: function 0 says it has no siblings */
	add_function(0x020, 1); /* a bridge to bus 1 ... */
	config(0x020)[PCI_SECONDARY_BUS] = 1;
	add_function(0x100, 0);
	add_function(0x108, 1); /* ... with a bridge to bus 2 */
	config(0x108)[PCI_SECONDARY_BUS] = 2;
	add_function(0x208, 0);
	cr_assert_eq(pci_for_each(see, NULL), ARRAY_SIZE(want) + 2);
	cr_assert_eq(lab.nr_seen, ARRAY_SIZE(want));
	cr_assert_arr_eq(lab.seen, want, sizeof(want));
	lab_end();
}

WEIR_TEST(pci, bridges_in_a_circle_end)
{
	lab_begin();
	add_function(0x008, 1);
	config(0x008)[PCI_SECONDARY_BUS] = 0; /* to itself */
	add_function(0x010, 1);
	config(0x010)[PCI_SECONDARY_BUS] = 1;
	add_function(0x100, 1);
	config(0x100)[PCI_SECONDARY_BUS] = 1;
	add_function(0x108, 1);
	config(0x108)[PCI_SECONDARY_BUS] = 0;
	cr_assert_eq(pci_for_each(see, NULL), 5);
	lab_end();
}

WEIR_TEST(pci, capabilities_are_found_and_their_list_is_bounded)
{
	struct pci_dev dev = {.bdf = 0x010};

	lab_begin();
	add_function(0x010, 0);
	cr_assert_eq(pci_find_capability(&dev, PCI_CAP_ID_VENDOR, 0), 0, "none");
	config(0x010)[PCI_CAPABILITIES] = 0x40;
	add_capability(0x010, 0x40, PCI_CAP_ID_VENDOR, 0x50);
	add_capability(0x010, 0x50, PCI_CAP_ID_MSIX, 0x63); /* the low bits mean nothing */
	add_capability(0x010, 0x60, PCI_CAP_ID_VENDOR, 0);
	cr_assert_eq(pci_find_capability(&dev, PCI_CAP_ID_VENDOR, 0), 0x40);
	cr_assert_eq(pci_find_capability(&dev, PCI_CAP_ID_VENDOR, 0x40), 0x60);
	cr_assert_eq(pci_find_capability(&dev, PCI_CAP_ID_VENDOR, 0x60), 0);
	cr_assert_eq(pci_find_capability(&dev, PCI_CAP_ID_MSIX, 0), 0x50);
	config(0x010)[0x61] = 0x40; /* a circle */
	cr_assert_eq(pci_find_capability(&dev, 0x05, 0), 0);
	config(0x010)[0x61] = 0x10; /* into the header */
	cr_assert_eq(pci_find_capability(&dev, 0x05, 0), 0);
	lab_end();
}

WEIR_TEST(pci, windows_are_bounded)
{
	struct pci_dev dev = {.bdf = 0x010, .name = "pci 00:02.0"};

	lab_begin();
	add_function(0x010, 0);
	put32(0x010, PCI_BASE_ADDRESS_0, 0xc001);                /* ports */
	put32(0x010, PCI_BASE_ADDRESS_0 + 4, (u32)WINDOW);       /* 32 bits */
	put32(0x010, PCI_BASE_ADDRESS_0 + 8, (u32)WINDOW | 0x4); /* 64 bits */
	put32(0x010, PCI_BASE_ADDRESS_0 + 16, 0x4);              /* not assigned */
	pci_enable(&dev);
	cr_assert_eq(pci_read16(&dev, PCI_COMMAND), 0x406, "memory, bus master, no INTx");
	cr_assert_null(pci_map_bar(&dev, 0, 0, 4), "ports");
	cr_assert_eq(pci_map_bar(&dev, 1, 16, 4), lab.k->devmem + (WINDOW - ECAM) + 16);
	cr_assert_eq(pci_map_bar(&dev, 2, 0, 4096), lab.k->devmem + (WINDOW - ECAM));
	cr_assert_null(pci_map_bar(&dev, 3, 0, 4), "the upper half of BAR 2");
	cr_assert_null(pci_map_bar(&dev, 4, 0, 4), "not assigned");
	cr_assert_null(pci_map_bar(&dev, 6, 0, 4), "there are six");
	cr_assert_null(pci_map_bar(&dev, 1, 0, 2 * BUS_BYTES), "beyond its alignment");
	cr_assert_null(pci_map_bar(&dev, 1, U64_MAX - 2, 4), "wraps");
	cr_assert_null(pci_map_bar(&dev, 1, 4, U64_MAX - 2), "wraps");
	lab_end();
}

WEIR_TEST(pci, message_interrupts)
{
	struct pci_dev dev = {.bdf = 0x010, .name = "pci 00:02.0"};
	u8 *table;

	lab_begin();
	table = lab.k->devmem + (WINDOW - ECAM) + 0x800;
	add_function(0x010, 0);
	cr_assert_eq(pci_msix_enable(&dev), -ENODEV, "none");
	config(0x010)[PCI_CAPABILITIES] = 0x40;
	add_capability(0x010, 0x40, PCI_CAP_ID_MSIX, 0);
	put16(0x010, 0x42, 3);         /* four entries */
	put32(0x010, 0x44, 0x800 | 1); /* in BAR 1 */
	put32(0x010, PCI_BASE_ADDRESS_0 + 4, (u32)WINDOW);
	pci_enable(&dev);
	cr_assert_eq(pci_msix_enable(&dev), 4);
	cr_assert_eq(pci_read16(&dev, 0x42), 0x8003);
	cr_assert_eq(readl(table + 3 * 16 + 12), 1, "masked");
	cr_assert_eq(pci_msix_request(&dev, 4, NULL, NULL, "x"), -EINVAL);
	cr_assert_eq(pci_msix_request(&dev, 2, NULL, NULL, "x"), 0);
	cr_assert_eq(readl(table + 2 * 16), 0xfee00000);
	cr_assert_eq(readl(table + 2 * 16 + 8), 0x51);
	cr_assert_eq(readl(table + 2 * 16 + 12), 0, "unmasked");
	put32(0x010, 0x44, 0x800 | 7); /* in a window that cannot be */
	cr_assert_eq(pci_msix_enable(&dev), -ENODEV);
	lab_end();
}
