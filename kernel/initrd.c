/* SPDX-License-Identifier: MIT */
/*
 * The files of the initrd: a cpio archive in "newc" form (cpio(5)): a header of 6 + 13 * 8 hex digits, the name with its 0,
 * padding to 4 bytes, the data, padding to 4 bytes; the last name is TRAILER!!!. Only regular files are kept.
 */
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "lib/string.h"

#define HEADER_SIZE 110
#define MAGIC_LEN   6
#define NR_FILES    256
#define NAME_MAX    255
#define S_IFMT      0170000
#define S_IFREG     0100000

/* Positions of fields, in units of 8 digits behind the magic. */
enum { FIELD_MODE = 1, FIELD_MTIME = 5, FIELD_FILESIZE = 6, FIELD_NAMESIZE = 11 };

static struct initrd_entry {
	const char *path;
	const void *data;
	size_t size;
	u32 mtime;
} files[NR_FILES];
static unsigned int nr_files;

static bool field(const u8 *header, int n, u32 *value)
{
	const u8 *p = header + MAGIC_LEN + n * 8;

	*value = 0;
	for (int i = 0; i < 8; i++) {
		u8 c = p[i] | 0x20;

		if (p[i] >= '0' && p[i] <= '9')
			*value = *value << 4 | (u32)(p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (u32)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* One member at offset *at; moves *at behind it. NULL, or what is wrong. *last: it was the trailer. */
static const char *member(const u8 *data, size_t size, size_t *at, bool *last)
{
	const u8 *h = data + *at;
	u32 mode, mtime, len, namelen;
	size_t body;
	const char *name;

	if (size - *at < HEADER_SIZE)
		return "a header is cut off";
	if (memcmp(h, "070701", MAGIC_LEN) != 0 && memcmp(h, "070702", MAGIC_LEN) != 0)
		return "not a cpio header of form newc";
	if (!field(h, FIELD_MODE, &mode) || !field(h, FIELD_MTIME, &mtime) ||
	    !field(h, FIELD_FILESIZE, &len) || !field(h, FIELD_NAMESIZE, &namelen))
		return "a header field is not a number";
	if (!namelen || namelen > NAME_MAX + 1)
		return "a name is empty or too long";
	body = ALIGN(*at + HEADER_SIZE + namelen, 4);
	if (body > size || len > size - body)
		return "a file is cut off";
	name = (const char *)h + HEADER_SIZE;
	if (name[namelen - 1])
		return "a name has no end";
	*last = !strcmp(name, "TRAILER!!!");
	*at = min(ALIGN(body + len, 4), size);
	if (*last || (mode & S_IFMT) != S_IFREG)
		return NULL;
	if (nr_files == NR_FILES)
		return "more files than are kept";
	if (name[0] == '.' && name[1] == '/')
		name += 2;
	files[nr_files++] = (struct initrd_entry){name, data + body, len, mtime};
	return NULL;
}

void initrd_init(const void *data, size_t size)
{
	size_t at = 0;
	bool last = false;

	nr_files = 0;
	if (!size)
		return;
	while (!last && at < size) {
		size_t start = at;
		const char *wrong = member(data, size, &at, &last);

		if (wrong) {
			pr_warn("initrd: offset %zu: %s; %u files in front of it are kept", start,
				wrong, nr_files);
			return;
		}
	}
	if (!last)
		pr_warn("initrd: offset %zu: the trailer is missing; %u files are kept", at,
			nr_files);
}

static const struct initrd_entry *find(const char *path)
{
	for (unsigned int i = 0; i < nr_files; i++)
		if (!strcmp(files[i].path, path))
			return &files[i];
	return NULL;
}

const void *initrd_file(const char *path, size_t *size)
{
	const struct initrd_entry *e = find(path);

	if (!e)
		return NULL;
	*size = e->size;
	return e->data;
}

u32 initrd_mtime(const char *path)
{
	const struct initrd_entry *e = find(path);

	return e ? e->mtime : 0;
}

bool initrd_nth(unsigned int n, const char **path, const void **data, size_t *size)
{
	if (n >= nr_files)
		return false;
	*path = files[n].path;
	*data = files[n].data;
	*size = files[n].size;
	return true;
}
