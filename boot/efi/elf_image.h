/* SPDX-License-Identifier: MIT */
/* The kernel's ELF, put into memory. */
#pragma once

#include "lib/types.h"

/* Loads elf at any 2 MiB-aligned address; returns its entry's physical address. 0: no memory, or not our ELF. */
u64 elf_image_load(const void *elf, size_t size);
