/* SPDX-License-Identifier: MIT */
/*
 * PCI: finding functions, their capabilities, memory windows and message interrupts.
 * Sources: PCI Local Bus 3.0 s6 (configuration space, capabilities, MSI-X), PCI Firmware 3.0 s4.1 (MCFG).
 * All: thread, at boot.
 */
#pragma once

#include "kernel/irq.h"
#include "lib/types.h"

#define PCI_VENDOR_ID      0x00
#define PCI_DEVICE_ID      0x02
#define PCI_COMMAND        0x04
#define PCI_STATUS         0x06
#define PCI_CLASS_DEVICE   0x0a
#define PCI_HEADER_TYPE    0x0e
#define PCI_BASE_ADDRESS_0 0x10
#define PCI_SECONDARY_BUS  0x19
#define PCI_SUBSYSTEM_ID   0x2e
#define PCI_CAPABILITIES   0x34

#define PCI_CAP_ID_VENDOR 0x09
#define PCI_CAP_ID_MSIX   0x11

#define PCI_NUM_BARS 6

struct pci_dev {
	u16 bdf; /* bus << 8 | slot << 3 | function */
	u16 vendor, device;
	char name[16]; /* "pci 00:02.0" */
	struct {
		bool memory;
		u64 addr, most; /* at most so many bytes from there */
	} bars[PCI_NUM_BARS];
	volatile void *msix_table;
	unsigned int msix_entries;
	u8 msix_cap;
};

u8 pci_read8(const struct pci_dev *dev, unsigned int reg);
u16 pci_read16(const struct pci_dev *dev, unsigned int reg);
u32 pci_read32(const struct pci_dev *dev, unsigned int reg);
void pci_write16(const struct pci_dev *dev, unsigned int reg, u16 value);

/* Chooses ECAM (ACPI's MCFG table) or the ports 0xcf8/0xcfc. False: there is no PCI. */
bool pci_init(void);

/*
 * Calls fn for every function, in the order of slots; what lies behind a bridge at the bridge's place. The dev is
 * fn's to copy; its bars are not known yet. Returns how many there are.
 */
unsigned int pci_for_each(void (*fn)(const struct pci_dev *dev, void *arg), void *arg);

/* The next capability of this kind after position after (0: the first); 0: none. A looping list ends. */
u8 pci_find_capability(const struct pci_dev *dev, u8 id, u8 after);

/* Learns the addresses of the memory windows, and lets the function master the bus. */
void pci_enable(struct pci_dev *dev);

/*
 * len bytes at offset of a memory window, mapped. NULL: no such window, out of its range, the firmware gave it no
 * address, or no memory; said.
 */
volatile void *pci_map_bar(const struct pci_dev *dev, unsigned int bar, u64 offset, u64 len);

/* Switches MSI-X on, all entries masked. The number of entries, or -ENODEV: it has none, or not usable. */
int pci_msix_enable(struct pci_dev *dev);

/* Entry nr calls fn(arg) from now on. 0 or -E. */
int pci_msix_request(struct pci_dev *dev, unsigned int nr, irq_handler fn, void *arg,
		     const char *name) __must_check;
