/* SPDX-License-Identifier: MIT */
/* The kernel's struct boot_info, and how one that a loader filled gets there. */
#include "boot/boot_info.h"
#include "lib/string.h"

struct boot_info boot_info;

void boot_main(const struct boot_info *handed)
{
	/* A wrong magic leaves an empty map, which kernel_main reports once it can. */
	if (handed->magic == BOOT_INFO_MAGIC)
		memcpy(&boot_info, handed, sizeof(boot_info));
	kernel_main();
}
