/* SPDX-License-Identifier: MIT */
/* The memory map, and the way out of boot services. */
#pragma once

#include "boot/efi/uefi.h"
#include "boot/boot_info.h"

/* Fills bi's memory map and leaves. False: it did not work (boot services are of no use any more then, mostly). */
bool efi_leave_boot_services(EFI_HANDLE self, struct boot_info *bi);
