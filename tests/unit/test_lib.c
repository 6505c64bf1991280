/* SPDX-License-Identifier: MIT */
/* The small headers of lib/: list, hlist, bits, ring, byteorder. */
#include <string.h>

#include "lib/bits.h"
#include "lib/ring.h"
#include "tests/unit/harness.h"

struct item {
	struct list_head list;
	struct hlist_node node;
	int value;
};

static void expect_list(struct list_head *head, const char *want)
{
	struct item *it;
	char got[16] = "";
	size_t n = 0;

	list_for_each_entry (it, head, list)
		got[n++] = '0' + it->value;
	cr_assert_str_eq(got, want);
	n = 0;
	for (struct list_head *p = head->prev; p != head; p = p->prev)
		n++;
	cr_assert_eq(n, strlen(want), "backwards");
}

WEIR_TEST(list, add_remove_splice)
{
	struct list_head a = LIST_HEAD_INIT(a), b = LIST_HEAD_INIT(b);
	struct item items[5], *it, *tmp;

	for (int i = 0; i < 5; i++)
		items[i].value = i;
	list_splice_tail_init(&a, &b);
	expect_list(&b, "");
	list_add_tail(&items[0].list, &a);
	list_add_tail(&items[1].list, &a);
	list_add(&items[2].list, &a);
	expect_list(&a, "201");
	list_add_tail(&items[3].list, &b);
	list_add_tail(&items[4].list, &b);
	list_splice_tail_init(&a, &b);
	expect_list(&a, "");
	expect_list(&b, "34201");
	list_for_each_entry_safe (it, tmp, &b, list) {
		if (it->value % 2 == 0)
			list_del_init(&it->list);
	}
	expect_list(&b, "31");
	cr_assert(list_empty(&items[0].list));
	cr_assert_eq(list_first_entry(&b, struct item, list), &items[3]);
	cr_assert_eq(list_last_entry(&b, struct item, list), &items[1]);
	list_del(&items[3].list);
	list_del(&items[1].list);
	cr_assert(list_empty(&b));
}

WEIR_TEST(list, hlist_removal_while_walking)
{
	struct hlist_head head = {NULL};
	struct item items[6] = {0}, *it;
	struct hlist_node *n;
	int seen = 0;

	for (int i = 0; i < 6; i++) {
		items[i].value = i;
		cr_assert_not(hlist_hashed(&items[i].node));
		hlist_add_head(&items[i].node, &head);
		cr_assert(hlist_hashed(&items[i].node));
	}
	hlist_for_each_entry_safe (it, n, &head, node) {
		if (it->value != 2)
			hlist_del(&it->node);
		seen++;
	}
	cr_assert_eq(seen, 6);
	cr_assert_not(hlist_hashed(&items[5].node));
	hlist_for_each_entry (it, &head, node)
		cr_assert_eq(it->value, 2);
	hlist_del(&items[2].node);
	cr_assert_null(head.first);
}

WEIR_TEST(bits, against_loops)
{
	for (int i = 0; i < 1000; i++) {
		u64 v = (rnd() >> rnd_below(64)) | 1ULL << rnd_below(64);
		unsigned int first = 64, last = 0, count = 0, n = rnd_below(200);

		for (unsigned int b = 0; b < 64; b++) {
			if (!(v >> b & 1))
				continue;
			first = min(first, b);
			last = b;
			count++;
		}
		cr_assert_eq(ffs64(v), first);
		cr_assert_eq(fls64(v), last);
		cr_assert_eq(hweight64(v), count);
		cr_assert_eq(is_power_of_2(v), count == 1);
		cr_assert_eq(ror64(rol64(v, n), n), v);
		cr_assert_eq(rol64(v, n) >> (n & 63) << (n & 63), v << (n & 63));
		cr_assert_eq(rol32(v, 64 + 8), (u32)v << 8 | (u32)v >> 24);
		if (v <= 1ULL << 63) {
			u64 p = roundup_pow_of_two(v);

			cr_assert(is_power_of_2(p) && p >= v && (p == 1 || p / 2 < v));
		}
	}
	cr_assert_not(is_power_of_2(0));
}

/* Random writes, reads and looks; the bytes that come out are those that went in, in order. */
WEIR_TEST(ring, against_counters)
{
	u8 buf[64], data[100];
	u32 in = 0, out = 0;
	struct ring r;

	ring_init(&r, buf, sizeof(buf));
	r.head = r.tail = U32_MAX - 70; /* the indices wrap soon */
	for (int i = 0; i < 20000; i++) {
		u32 n = rnd_below(sizeof(data)), offset = rnd_below(80), got;

		switch (rnd_below(4)) {
		case 0:
			for (u32 k = 0; k < n; k++)
				data[k] = in + k;
			got = ring_write(&r, data, n);
			cr_assert_eq(got, min(n, 64 - (in - out)));
			in += got;
			break;
		case 1:
			got = ring_read(&r, data, n);
			cr_assert_eq(got, min(n, in - out));
			for (u32 k = 0; k < got; k++)
				cr_assert_eq(data[k], (u8)(out + k));
			out += got;
			break;
		case 2:
			got = ring_peek(&r, offset, data, n);
			cr_assert_eq(got, offset >= in - out ? 0 : min(n, in - out - offset));
			for (u32 k = 0; k < got; k++)
				cr_assert_eq(data[k], (u8)(out + offset + k));
			break;
		case 3:
			ring_skip(&r, offset);
			out += min(offset, in - out);
			break;
		}
		cr_assert_eq(ring_used(&r), in - out);
		cr_assert_eq(ring_room(&r), 64 - (in - out));
	}
}

WEIR_TEST(byteorder, network_order_in_memory)
{
	u8 b[9] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8};
	be32 v;

	memcpy(&v, b + 1, 4);
	cr_assert_eq(be32_to_cpu(v), 0x01020304);
	cr_assert_eq(cpu_to_be32(0x01020304), v);
	cr_assert_eq(get_unaligned_be16(b + 1), 0x0102);
	cr_assert_eq(get_unaligned_be32(b + 1), 0x01020304);
	put_unaligned_be32(0xa1b2c3d4, b + 3);
	cr_assert_eq(memcmp(b + 3, "\xa1\xb2\xc3\xd4", 4), 0);
	put_unaligned_be16(0xe5f6, b + 1);
	cr_assert_eq(memcmp(b + 1, "\xe5\xf6", 2), 0);
	cr_assert_eq(be64_to_cpu(cpu_to_be64(0x0102030405060708ULL)), 0x0102030405060708ULL);
	cr_assert_eq(CPU_TO_BE16(0x0102), cpu_to_be16(0x0102));
	cr_assert_eq(CPU_TO_BE32(0x01020304), cpu_to_be32(0x01020304));
}
