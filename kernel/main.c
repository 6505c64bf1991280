/* SPDX-License-Identifier: MIT */
/* The composition root: what comes up, in which order. Everything else is called from here or by what is. */
#include "boot/boot_info.h"
#include "drivers/drivers.h"
#include "init/init.h"
#include "kernel/acpi.h"
#include "kernel/arch.h"
#include "kernel/bootmem.h"
#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/console.h"
#include "kernel/ktimer.h"
#include "kernel/mm.h"
#include "kernel/platform_init.h"
#include "kernel/power.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/selftest.h"
#include "kernel/softirq.h"
#include "kernel/stack_canary.h"
#include "kernel/thread.h"
#include "libc/libc.h"
#include "net/net.h"

static const char *const way_names[] = {[BOOT_WAY_PVH] = "PVH", [BOOT_WAY_EFI] = "UEFI"};

/* What the loader told, in order, with what is in use already taken out. */
static void take_memory_map(struct boot_info *bi)
{
	bootmem_init(bi);
	if (bootmem_reserve(bi, arch_image_phys(), arch_image_size()) ||
	    bootmem_reserve(bi, bi->initrd, bi->initrd_size) || bi->memmap_dropped)
		pr_warn("boot: the memory map is too long (%lu entries left out): less memory is "
			"used",
			bi->memmap_dropped);
}

static void greet(const struct boot_info *bi)
{
	struct mm_stats mm;

	mm_get_stats(&mm);
	pr_info("weir, started by %s, %lu KiB free", way_names[bi->way], mm.free >> 10);
	if (bi->cmdline_cut)
		pr_warn("cmdline: longer than %d bytes, the rest is lost", BOOT_CMDLINE_MAX - 1);
}

/* What can wait until the machine answers packets: its console, its log, what is slow to find. */
static void settle(void)
{
	greet(&boot_info);
	drivers_settle();
}

void kernel_main(void)
{
	struct boot_info *bi = &boot_info;
	struct net *net;

	stack_canary_init();       /* before any function that could return checks it */
	arch_cpu_init();           /* from here on a fault is told */
	cmdline_init(bi->cmdline); /* what the user wants */
	printk_init();             /* how much of it is said */
	console_hold();            /* until there is time: a line takes a millisecond to print */
	drivers_early_init();      /* the console */
	boot_mark("console");

	take_memory_map(bi);
	arch_paging_init(bi); /* W^X, NX, guard pages, no null page */
	if (!mm_init(bi))     /* pages, caches, device mappings */
		exit_status(EXIT_FAILURE_STATUS);
	boot_mark("memory");

	clock_init(bi->entry_tsc); /* measures the time-stamp counter */
	boot_mark("clock");
	initrd_init(phys_to_virt(bi->initrd), bi->initrd_size);
	random_init();

	acpi_init(bi->rsdp); /* tables: interrupt controllers, PCI, power */
	power_init();
	arch_irq_init();
	thread_init(); /* this is the idle thread now */
	ktimers_init();
	clock_start(bi->wall_seconds);
	softirq_init();
	arch_irq_enable();
	boot_mark("interrupts");

	net = net_create();
	if (!net)
		panic("no memory for the network stack");
	platform_init(net);
	libc_init(net); /* programs' sockets are in it */
	boot_mark("network stack");
	drivers_init(net);
	boot_mark("devices");

	if (selftest_start())
		settle();
	else
		init_start(net, settle); /* configuration, apps, console: threads of their own */
	thread_yield();                  /* until all of them wait for something */
	console_release();
	thread_idle();
}
