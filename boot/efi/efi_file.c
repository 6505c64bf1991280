/* SPDX-License-Identifier: MIT */
/* Memory and files while boot services last. UEFI 2.9 s7.2, s13.4, s13.5. */
#include "boot/efi/efi_file.h"

#define EFI_PAGE    4096UL
#define BELOW_4_GIB 0xffffffffUL
#define SPLIT_READ  (1UL << 20) /* some firmware cannot read more at once */

void *efi_pages_alloc(size_t size, EFI_MEMORY_TYPE type)
{
	EFI_PHYSICAL_ADDRESS at = BELOW_4_GIB;
	size_t pages = DIV_ROUND_UP(size, EFI_PAGE);
	volatile u64 *p;

	if (EFI_ERROR(efi_bs->AllocatePages(AllocateMaxAddress, type, pages, &at)))
		return NULL;
	p = (volatile u64 *)at;
	for (size_t i = 0; i < pages * EFI_PAGE / sizeof(*p); i++)
		p[i] = 0;
	return (void *)at;
}

static EFI_FILE_HANDLE file_open(EFI_HANDLE device, const CHAR16 *name)
{
	static EFI_GUID fs_guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
	EFI_FILE_IO_INTERFACE *fs;
	EFI_FILE_HANDLE root, file;
	EFI_STATUS s;

	if (EFI_ERROR(efi_bs->HandleProtocol(device, &fs_guid, (void **)&fs)) ||
	    EFI_ERROR(fs->OpenVolume(fs, &root)))
		return NULL;
	s = root->Open(root, &file, (CHAR16 *)(uintptr_t)name, EFI_FILE_MODE_READ, 0);
	root->Close(root);
	return EFI_ERROR(s) ? NULL : file;
}

/* The size is where the end is: position "all ones" means there (UEFI 2.9 s13.5). */
static bool file_size(EFI_FILE_HANDLE file, u64 *size)
{
	return !EFI_ERROR(file->SetPosition(file, U64_MAX)) &&
	       !EFI_ERROR(file->GetPosition(file, size)) && !EFI_ERROR(file->SetPosition(file, 0));
}

const void *efi_file_read(EFI_HANDLE device, const CHAR16 *name, size_t *size)
{
	EFI_FILE_HANDLE file = file_open(device, name);
	u64 total, done = 0;
	u8 *data = NULL;

	if (!file)
		return NULL;
	if (file_size(file, &total) && total)
		data = efi_pages_alloc(total, EfiLoaderData);
	while (data && done < total) {
		UINTN n = min(total - done, SPLIT_READ);

		if (EFI_ERROR(file->Read(file, &n, data + done)) || !n)
			data = NULL;
		done += n;
	}
	file->Close(file);
	*size = total;
	return data;
}
