/* SPDX-License-Identifier: MIT */
/*
 * The UEFI way in: one file that carries the kernel's ELF and starts it.
 *
 * It puts the image where the firmware has room (2 MiB-aligned, below 4 GiB), gathers what struct boot_info wants
 * (command line, initrd, RSDP, time, memory map), leaves boot services and jumps to the ELF's entry; boot/entry.S
 * says in what state.
 * Command line: the load options, or, when they are empty, the file cmdline.txt beside \EFI on the same volume.
 * Initrd: the file that initrd=NAME on the command line names (QEMU and boot managers add that word; it is
 * taken out again), or initrd.cpio on the same volume.
 * Source: UEFI 2.9 s4 (system table), s7.4 (images), s13.4 (files).
 */
#include "boot/efi/efi_file.h"
#include "boot/efi/efi_memmap.h"
#include "boot/efi/elf_image.h"

extern const u8 kernel_elf[], kernel_elf_end[];

EFI_BOOT_SERVICES *efi_bs;
static EFI_SYSTEM_TABLE *st;

static void say(const CHAR16 *text)
{
	st->ConOut->OutputString(st->ConOut, (CHAR16 *)(uintptr_t)text);
}

/* There is nobody to return to who could do better: says why and waits, so that it can be read. */
static EFI_STATUS give_up(const CHAR16 *why)
{
	say(L"weir.efi: ");
	say(why);
	say(L"\r\n");
	return EFI_LOAD_ERROR;
}

static bool same_guid(const EFI_GUID *a, const EFI_GUID *b)
{
	const u64 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1];
}

static u64 find_rsdp(void)
{
	static const EFI_GUID v2 = ACPI_20_TABLE_GUID, v1 = ACPI_TABLE_GUID;
	u64 found = 0;

	for (UINTN i = 0; i < st->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &st->ConfigurationTable[i];

		if (same_guid(&t->VendorGuid, &v2))
			return (u64)t->VendorTable;
		if (same_guid(&t->VendorGuid, &v1))
			found = (u64)t->VendorTable;
	}
	return found;
}

/* Seconds since 1970; 0: unknown. */
static u64 wall_seconds(void)
{
	EFI_TIME t;
	u64 y, m, days;

	if (EFI_ERROR(st->RuntimeServices->GetTime(&t, NULL)) || t.Year < 1970 || t.Month < 1 ||
	    t.Month > 12)
		return 0;
	/* Years from March on, so that the leap day comes last. */
	y = t.Month > 2 ? t.Year : t.Year - 1U;
	m = (t.Month + 9U) % 12;
	days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + t.Day - 1 - 719468;
	days = days * 86400 + t.Hour * 3600U + t.Minute * 60U + t.Second;
	if (t.TimeZone != EFI_UNSPECIFIED_TIMEZONE)
		days += (u64)(s64)t.TimeZone * 60;
	return days;
}

/* Adds one character; false when the line is full. */
static bool put(struct boot_info *bi, size_t *n, CHAR16 c)
{
	if (*n + 1 >= BOOT_CMDLINE_MAX) {
		bi->cmdline_cut = 1;
		return false;
	}
	bi->cmdline[(*n)++] = c < 0x7f ? (char)c : '?';
	return true;
}

static void cmdline_from_options(struct boot_info *bi, const EFI_LOADED_IMAGE *image)
{
	const CHAR16 *text = image->LoadOptions;
	size_t n = 0;

	for (size_t i = 0; text && i < image->LoadOptionsSize / sizeof(*text) && text[i]; i++)
		if (!put(bi, &n, text[i]))
			break;
}

static void cmdline_from_file(struct boot_info *bi, EFI_HANDLE device)
{
	size_t size, n = 0;
	const char *text = efi_file_read(device, L"\\cmdline.txt", &size);

	for (size_t i = 0; text && i < size; i++)
		if (!put(bi, &n, text[i] == '\n' || text[i] == '\r' ? ' ' : (CHAR16)(u8)text[i]))
			break;
}

/* Takes the word initrd=NAME out of line; name gets NAME. False: no such word. */
static bool take_initrd_word(char *line, CHAR16 *name, size_t name_max)
{
	static const char key[] = "initrd=";
	bool start = true, quoted = false;

	for (char *p = line; *p; p++) {
		size_t k = 0, n = 0;
		char *rest;

		while (start && !quoted && key[k] && p[k] == key[k])
			k++;
		if (start && !quoted && !key[k]) {
			for (rest = p + k; *rest && *rest != ' '; rest++)
				if (n + 1 < name_max)
					name[n++] = *rest == '/' ? L'\\' : (CHAR16)(u8)*rest;
			name[n] = 0;
			while ((*p++ = *rest++))
				;
			return true;
		}
		quoted ^= *p == '"';
		start = *p == ' ';
	}
	return false;
}

static void load_initrd(struct boot_info *bi, EFI_HANDLE device)
{
	CHAR16 name[128];
	size_t size;
	const void *data;
	bool named = take_initrd_word(bi->cmdline, name, sizeof(name) / sizeof(name[0]));

	data = efi_file_read(device, named ? name : L"\\initrd.cpio", &size);
	if (data) {
		bi->initrd = (u64)data;
		bi->initrd_size = size;
	} else if (named) {
		say(L"weir.efi: the initrd that the command line names cannot be read\r\n");
	}
}

static bool five_levels(void)
{
	u64 cr4;

	__asm__ __volatile__("mov %%cr4, %0" : "=r"(cr4));
	return cr4 & 1 << 12;
}

static void enter(u64 entry, const struct boot_info *bi) __attribute__((noreturn));
static void enter(u64 entry, const struct boot_info *bi)
{
	__asm__ __volatile__("cli; jmp *%0" ::"r"(entry), "D"(bi) : "memory");
	__builtin_unreachable();
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system_table);

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system_table)
{
	static EFI_GUID loaded_image_guid = LOADED_IMAGE_PROTOCOL;
	EFI_LOADED_IMAGE *image;
	struct boot_info *bi;
	u64 entry;

	st = system_table;
	efi_bs = st->BootServices;
	if (EFI_ERROR(efi_bs->HandleProtocol(self, &loaded_image_guid, (void **)&image)))
		return give_up(L"the firmware does not say how it was loaded");
	if (five_levels())
		return give_up(L"the firmware uses five levels of page tables; switch that off");
	bi = efi_pages_alloc(sizeof(*bi), EfiLoaderData);
	if (!bi)
		return give_up(L"no memory below 4 GiB");
	entry = elf_image_load(kernel_elf, (size_t)(kernel_elf_end - kernel_elf));
	if (!entry)
		return give_up(L"no memory below 4 GiB for the kernel");

	bi->magic = BOOT_INFO_MAGIC;
	bi->way = BOOT_WAY_EFI;
	bi->rsdp = find_rsdp();
	bi->wall_seconds = wall_seconds();
	cmdline_from_options(bi, image);
	if (!bi->cmdline[0])
		cmdline_from_file(bi, image->DeviceHandle);
	load_initrd(bi, image->DeviceHandle);
	if (!efi_leave_boot_services(self, bi))
		return give_up(L"the firmware does not let go");
	bi->entry_tsc = __builtin_ia32_rdtsc();
	enter(entry, bi);
}
