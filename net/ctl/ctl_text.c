/* SPDX-License-Identifier: MIT */
/* Text collected in memory, and the names of errors. */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/tool.h"
#include "net/platform.h"

#define PIECE_SIZE 2000

struct ctl_text_piece {
	struct ctl_text_piece *next;
	size_t len;
	char text[PIECE_SIZE];
};

static bool text_add_piece(struct ctl_text *text)
{
	struct ctl_text_piece *piece = plat_alloc(sizeof(*piece));

	if (!piece) {
		text->cut = true;
		return false;
	}
	piece->next = NULL;
	piece->len = 0;
	if (text->last)
		text->last->next = piece;
	else
		text->first = piece;
	text->last = piece;
	return true;
}

static void text_write(struct ctl_out *out, const char *data, size_t len)
{
	struct ctl_text *text = container_of(out, struct ctl_text, out);

	while (len && !text->cut) {
		struct ctl_text_piece *piece = text->last;
		size_t n = piece ? min(len, PIECE_SIZE - piece->len) : 0;

		if (!n) {
			text_add_piece(text);
			continue;
		}
		memcpy(piece->text + piece->len, data, n);
		piece->len += n;
		data += n;
		len -= n;
	}
}

void ctl_text_init(struct ctl_text *text)
{
	*text = (struct ctl_text){.out.write = text_write};
}

int ctl_text_print(struct ctl *c, struct ctl_text *text)
{
	struct ctl_text_piece *piece, *next;

	for (piece = text->first; piece; piece = next) {
		next = piece->next;
		c->out->write(c->out, piece->text, piece->len);
		plat_free(piece);
	}
	text->first = text->last = NULL;
	if (!text->cut)
		return 0;
	ctl_complain(c, "Dump terminated: %s\n", ctl_strerror(-ENOMEM));
	return -ENOMEM;
}

const char *ctl_strerror(int err)
{
	static const struct {
		int err;
		const char *text;
	} texts[] = {
		{EPERM, "Operation not permitted"},
		{ENOENT, "No such file or directory"},
		{ESRCH, "No such process"},
		{EINTR, "Interrupted system call"},
		{EIO, "Input/output error"},
		{E2BIG, "Argument list too long"},
		{EAGAIN, "Resource temporarily unavailable"},
		{ENOMEM, "Cannot allocate memory"},
		{EACCES, "Permission denied"},
		{EFAULT, "Bad address"},
		{EBUSY, "Device or resource busy"},
		{EEXIST, "File exists"},
		{ENODEV, "No such device"},
		{EINVAL, "Invalid argument"},
		{ENFILE, "Too many open files in system"},
		{ENOSPC, "No space left on device"},
		{ERANGE, "Numerical result out of range"},
		{ENOBUFS, "No buffer space available"},
		{EOPNOTSUPP, "Operation not supported"},
		{EADDRINUSE, "Address already in use"},
		{EADDRNOTAVAIL, "Cannot assign requested address"},
		{ENETDOWN, "Network is down"},
		{ENETUNREACH, "Network is unreachable"},
		{EHOSTUNREACH, "No route to host"},
		{ETIMEDOUT, "Connection timed out"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].err == -err)
			return texts[i].text;
	}
	return "Unknown error";
}
