/* SPDX-License-Identifier: MIT */
/*
 * What a tool copies out of the stack while softirqs are off, to be formatted and printed
 * afterwards.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/ctl/tool.h"
#include "net/platform.h"

#define PIECE_ROOM 4000

struct ctl_rows_piece {
	struct ctl_rows_piece *next;
	size_t used;
	u8 data[PIECE_ROOM] __aligned(8);
};

/* In front of each row; keeps it aligned. */
struct row_head {
	u64 len;
};

void *ctl_rows_add(struct ctl_rows *rows, size_t len)
{
	size_t need = sizeof(struct row_head) + ALIGN(len, 8);
	struct ctl_rows_piece *piece = rows->last;
	struct row_head *head;

	if (rows->cut || need > PIECE_ROOM)
		return NULL;
	if (!piece || PIECE_ROOM - piece->used < need) {
		piece = plat_alloc(sizeof(*piece));
		if (!piece) {
			rows->cut = true;
			return NULL;
		}
		piece->next = NULL;
		piece->used = 0;
		if (rows->last)
			rows->last->next = piece;
		else
			rows->first = piece;
		rows->last = piece;
	}
	head = (struct row_head *)(piece->data + piece->used);
	head->len = len;
	piece->used += need;
	rows->count++;
	return head + 1;
}

void *ctl_rows_next(const struct ctl_rows *rows, struct ctl_rows_pos *pos)
{
	const struct row_head *head;

	if (!pos->piece) {
		pos->piece = rows->first;
		pos->offset = 0;
	} else if (pos->offset == pos->piece->used) {
		pos->piece = pos->piece->next;
		pos->offset = 0;
	}
	if (!pos->piece)
		return NULL;
	head = (const struct row_head *)(pos->piece->data + pos->offset);
	pos->offset += sizeof(*head) + ALIGN(head->len, 8);
	return (void *)(uintptr_t)(head + 1);
}

int ctl_rows_free(struct ctl *c, struct ctl_rows *rows)
{
	struct ctl_rows_piece *piece, *next;
	bool cut = rows->cut;

	for (piece = rows->first; piece; piece = next) {
		next = piece->next;
		plat_free(piece);
	}
	*rows = (struct ctl_rows){.first = NULL};
	if (!cut)
		return 0;
	ctl_complain(c, "%s\nDump terminated\n", ctl_strerror(-ENOMEM));
	return 2;
}
