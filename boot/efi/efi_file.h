/* SPDX-License-Identifier: MIT */
/* Memory and files while boot services last. */
#pragma once

#include "boot/efi/uefi.h"

extern EFI_BOOT_SERVICES *efi_bs;

/* Cleared pages below 4 GiB; NULL: none. */
void *efi_pages_alloc(size_t size, EFI_MEMORY_TYPE type);

/* The whole file in pages of its own, its size in *size. NULL: no such file, or no memory. */
const void *efi_file_read(EFI_HANDLE device, const CHAR16 *name, size_t *size);
