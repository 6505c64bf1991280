/* SPDX-License-Identifier: MIT */
/* drivers/virtqueue.c against the device's side of a ring, honest and lying. */
#include "tests/selftest/virtio_sim.h"
#include "tests/unit/harness.h"

#define NUM 8

struct lab {
	struct virtqueue vq;
	struct sim_ring ring;
	struct virtqueue_slot slots[NUM];
	struct vring_desc tables[2 * VIRTQUEUE_MAX_SEG];
	u8 memory[4096] __aligned(16);
	char data[NUM][64];
};

static void count_notify(struct virtqueue *vq)
{
	(*(unsigned int *)vq->priv)++;
}

static unsigned int notified;

static struct lab *lab_new(bool event_idx)
{
	static struct lab lab;

	memset(&lab, 0, sizeof(lab));
	cr_assert_leq(virtqueue_ring_size(NUM), sizeof(lab.memory));
	virtqueue_init(&lab.vq, NUM, lab.memory, lab.slots, event_idx);
	sim_ring_init(&lab.ring, &lab.vq);
	notified = 0;
	lab.vq.priv = &notified;
	lab.vq.notify = count_notify;
	return &lab;
}

static u64 addr(const void *p)
{
	return (uintptr_t)p;
}

static void offer(struct lab *l, unsigned int i)
{
	cr_assert_eq(virtqueue_add_one(&l->vq, addr(l->data[i]), sizeof(l->data[i]), true,
				       l->data[i]),
		     0);
}

/* The device takes the next buffer and gives it back with len bytes. */
static void use(struct lab *l, u32 len)
{
	struct sim_buffer buf;

	cr_assert(sim_ring_pop(&l->ring, &buf));
	sim_ring_push(&l->ring, buf.id, len);
	sim_ring_publish(&l->ring);
}

WEIR_TEST(virtqueue, layout)
{
	/* virtio 1.1 s2.6: 16, 2 and 4 bytes of alignment; 16 n, 6 + 2 n and 6 + 8 n bytes. */
	for (u16 num = 1; num <= VIRTQUEUE_MAX_NUM; num *= 2)
		cr_assert_eq(virtqueue_ring_size(num), ALIGN(18U * num + 6, 4) + 8U * num + 6);
	cr_assert_eq((uintptr_t)lab_new(true)->vq.used % 4, 0);
}

WEIR_TEST(virtqueue, around_the_ring_for_ever)
{
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		struct lab *l = lab_new(event_idx);

		for (unsigned int i = 0; i < 70000; i++) {
			u32 len = 99;

			offer(l, i % NUM);
			cr_assert_null(virtqueue_get(&l->vq, &len));
			virtqueue_kick(&l->vq);
			use(l, i % 64);
			cr_assert_eq(virtqueue_get(&l->vq, &len), l->data[i % NUM]);
			cr_assert_eq(len, i % 64);
		}
		cr_assert_eq(l->vq.num_free, NUM);
		cr_assert(!virtqueue_broken(&l->vq));
	}
}

WEIR_TEST(virtqueue, full_and_out_of_order)
{
	struct lab *l = lab_new(true);
	struct sim_buffer bufs[NUM];
	u32 len;

	for (unsigned int i = 0; i < NUM; i++)
		offer(l, i);
	cr_assert_eq(virtqueue_add_one(&l->vq, addr(l->data[0]), 1, true, l->data[0]), -ENOSPC);
	virtqueue_kick(&l->vq);
	for (unsigned int i = 0; i < NUM; i++)
		cr_assert(sim_ring_pop(&l->ring, &bufs[i]));
	cr_assert_not(sim_ring_pop(&l->ring, &bufs[0]));
	for (unsigned int i = NUM; i-- > 0;)
		sim_ring_push(&l->ring, bufs[i].id, i);
	sim_ring_publish(&l->ring);
	for (unsigned int i = NUM; i-- > 0;) {
		cr_assert_eq(virtqueue_get(&l->vq, &len), l->data[i]);
		cr_assert_eq(len, i);
	}
	cr_assert_null(virtqueue_get(&l->vq, &len));
}

WEIR_TEST(virtqueue, parts_by_chain_and_by_table)
{
	for (unsigned int tables = 0; tables < 2; tables++) {
		struct lab *l = lab_new(true);
		struct virtqueue_seg segs[4] = {{addr("head"), 4}, {addr("-body"), 5}};
		char text[16] = "";
		struct sim_buffer buf;
		u32 len;

		virtqueue_set_indirect(&l->vq, l->tables, addr(l->tables), tables);
		segs[2] = (struct virtqueue_seg){addr(l->data[0]), 3};
		segs[3] = (struct virtqueue_seg){addr(l->data[1]), 60};
		for (int round = 0; round < 3 * NUM; round++) {
			cr_assert_eq(virtqueue_add(&l->vq, segs, 2, 2, l), 0);
			cr_assert_eq(l->vq.num_free, tables ? NUM - 1 : NUM - 4);
			virtqueue_kick(&l->vq);
			cr_assert(sim_ring_pop(&l->ring, &buf));
			cr_assert_eq(buf.out, 2);
			cr_assert_eq(buf.in, 2);
			cr_assert_eq(sim_buffer_read(&buf, 0, text, sizeof(text)), 9);
			cr_assert_str_eq(text, "head-body");
			cr_assert_eq(sim_buffer_room(&buf), 63);
			cr_assert_eq(sim_buffer_write(&buf, 1, "answer", 6), 6);
			sim_ring_push(&l->ring, buf.id, 7);
			sim_ring_publish(&l->ring);
			cr_assert_eq(virtqueue_get(&l->vq, &len), l);
			cr_assert_eq(len, 7);
			cr_assert_arr_eq(l->data[0] + 1, "an", 2);
			cr_assert_arr_eq(l->data[1], "swer", 4);
			cr_assert_eq(l->vq.num_free, NUM);
		}
	}
}

WEIR_TEST(virtqueue, without_a_table_parts_need_descriptors)
{
	struct lab *l = lab_new(true);
	struct virtqueue_seg segs[VIRTQUEUE_MAX_SEG + 1] = {{addr(l), 1}};

	virtqueue_set_indirect(&l->vq, l->tables, addr(l->tables), 1);
	cr_assert_eq(virtqueue_add(&l->vq, segs, NUM + 1, 0, l), 0, "the table");
	cr_assert_eq(virtqueue_add(&l->vq, segs, NUM, 0, l), -ENOSPC);
	cr_assert_eq(virtqueue_add(&l->vq, segs, NUM - 1, 0, l), 0, "all that is left");
	cr_assert_eq(virtqueue_add(&l->vq, segs, 1, 0, l), -ENOSPC);
	cr_assert_eq(virtqueue_add(&l->vq, segs, 0, 0, l), -EINVAL);
	cr_assert_eq(virtqueue_add(&l->vq, segs, VIRTQUEUE_MAX_SEG + 1, 0, l), -EINVAL);
}

WEIR_TEST(virtqueue, notifies_once_per_batch_and_only_when_asked)
{
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		struct lab *l = lab_new(event_idx);
		struct sim_buffer buf;

		offer(l, 0);
		offer(l, 1);
		cr_assert_not(sim_ring_pop(&l->ring, &buf), "published before the kick");
		cr_assert(virtqueue_kick(&l->vq));
		cr_assert_not(virtqueue_kick(&l->vq), "nothing new");
		cr_assert_eq(notified, 1);

		sim_ring_want_notify(&l->ring, false);
		offer(l, 2);
		cr_assert_not(virtqueue_kick(&l->vq));
		for (int i = 0; i < 3; i++)
			cr_assert(sim_ring_pop(&l->ring, &buf));

		sim_ring_want_notify(&l->ring, true);
		offer(l, 3);
		offer(l, 4);
		cr_assert(virtqueue_kick(&l->vq));
		cr_assert_eq(notified, 2);
	}
}

WEIR_TEST(virtqueue, interrupts_only_when_asked)
{
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		struct lab *l = lab_new(event_idx);
		struct sim_buffer buf;
		u32 len;

		for (unsigned int i = 0; i < NUM; i++)
			offer(l, i);
		virtqueue_kick(&l->vq);
		cr_assert(sim_ring_pop(&l->ring, &buf));
		sim_ring_push(&l->ring, buf.id, 1);
		cr_assert_not(sim_ring_publish(&l->ring), "not asked yet");
		cr_assert_not(virtqueue_enable_cb(&l->vq), "there is one already");
		cr_assert(virtqueue_get(&l->vq, &len));
		cr_assert(virtqueue_enable_cb(&l->vq));

		cr_assert(sim_ring_pop(&l->ring, &buf));
		sim_ring_push(&l->ring, buf.id, 1);
		cr_assert(sim_ring_publish(&l->ring), "asked");
		virtqueue_disable_cb(&l->vq);
		cr_assert(sim_ring_pop(&l->ring, &buf));
		sim_ring_push(&l->ring, buf.id, 1);
		cr_assert_not(sim_ring_publish(&l->ring), "masked");
	}
}

WEIR_TEST(virtqueue, delayed_interrupt_comes_after_three_quarters)
{
	struct lab *l = lab_new(true);
	struct sim_buffer buf;

	for (unsigned int i = 0; i < NUM; i++)
		offer(l, i);
	virtqueue_kick(&l->vq);
	cr_assert(virtqueue_enable_cb_delayed(&l->vq));
	for (unsigned int i = 0; i < NUM; i++) {
		cr_assert(sim_ring_pop(&l->ring, &buf));
		sim_ring_push(&l->ring, buf.id, 1);
		cr_assert_eq(sim_ring_publish(&l->ring), i == NUM * 3 / 4, "buffer %u", i);
	}
	cr_assert_not(virtqueue_enable_cb_delayed(&l->vq));
}

WEIR_TEST(virtqueue, detach_gives_back_all_that_is_in_flight)
{
	struct lab *l = lab_new(true);
	struct virtqueue_seg segs[3] = {{addr(l->data), 1}, {addr(l->data), 1}, {addr(l->data), 1}};
	unsigned int n = 0;
	u32 len;

	for (unsigned int i = 0; i < 4; i++)
		offer(l, i);
	cr_assert_eq(virtqueue_add(&l->vq, segs, 3, 0, l), 0);
	virtqueue_kick(&l->vq);
	use(l, 1);
	cr_assert(virtqueue_get(&l->vq, &len));
	while (virtqueue_detach(&l->vq))
		n++;
	cr_assert_eq(n, 4);
	cr_assert_eq(l->vq.num_free, NUM);
}

/* What the device says with one buffer of 64 bytes on offer, and what becomes of it. */
static const struct {
	const char *name;
	u32 id, len;
	s16 advance;
	enum virtqueue_fault fault;
} answers[] = {
	{"nothing", 0, 0, 0, VQ_FAULT_NONE},
	{"the truth", 0, 64, 1, VQ_FAULT_NONE},
	{"one byte too many", 0, 65, 1, VQ_FAULT_LENGTH},
	{"all ones as length", 0, U32_MAX, 1, VQ_FAULT_LENGTH},
	{"a descriptor that is free", 1, 0, 1, VQ_FAULT_ID},
	{"the first id beyond", NUM, 0, 1, VQ_FAULT_ID},
	{"an id that is right in its lower half", 0x10000, 0, 1, VQ_FAULT_ID},
	{"all ones as id", U32_MAX, 0, 1, VQ_FAULT_ID},
	{"two for one", 0, 0, 2, VQ_FAULT_INDEX},
	{"a whole round", 0, 0, NUM, VQ_FAULT_INDEX},
	{"half the numbers", 0, 0, -32768, VQ_FAULT_INDEX},
	{"backwards", 0, 0, -1, VQ_FAULT_INDEX},
};

WEIR_TEST(virtqueue, every_answer_of_the_device_is_checked)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct lab *l = lab_new(true);
		bool honest = answers[i].fault == VQ_FAULT_NONE;
		u32 len = 0;
		void *token;

		offer(l, 0);
		virtqueue_kick(&l->vq);
		l->vq.used->ring[0] = (struct vring_used_elem){answers[i].id, answers[i].len};
		l->vq.used->idx += answers[i].advance;
		token = virtqueue_get(&l->vq, &len);
		cr_assert_eq(l->vq.fault, answers[i].fault, "row %zu (%s): fault %u", i,
			     answers[i].name, l->vq.fault);
		cr_assert_eq(token, honest && answers[i].advance ? l->data[0] : NULL,
			     "row %zu (%s)", i, answers[i].name);
		if (honest)
			continue;
		cr_assert_null(virtqueue_get(&l->vq, &len));
		cr_assert_eq(virtqueue_add_one(&l->vq, addr(l), 1, false, l), -EIO);
		cr_assert_not(virtqueue_kick(&l->vq));
		cr_assert(virtqueue_enable_cb(&l->vq), "a broken queue is not worth another poll");
		cr_assert_eq(virtqueue_refresh(&l->vq), 0);
		cr_assert_eq(virtqueue_detach(&l->vq), l->data[0], "row %zu: its buffer", i);
	}
}

WEIR_TEST(virtqueue, an_index_that_steps_back_is_seen)
{
	struct lab *l = lab_new(true);
	u32 len;

	for (unsigned int i = 0; i < 4; i++)
		offer(l, i);
	virtqueue_kick(&l->vq);
	for (unsigned int i = 0; i < 3; i++)
		use(l, 1);
	cr_assert_eq(virtqueue_refresh(&l->vq), 3);
	cr_assert(virtqueue_get(&l->vq, &len));
	l->vq.used->idx = 2;
	cr_assert_eq(virtqueue_refresh(&l->vq), 0);
	cr_assert_eq(l->vq.fault, VQ_FAULT_INDEX);
}

WEIR_TEST(virtqueue, the_shared_descriptor_table_is_never_read)
{
	struct lab *l = lab_new(true);
	struct virtqueue_seg segs[3] = {{addr(l->data), 1}, {addr(l->data), 1}, {addr(l->data), 1}};
	u32 len;

	for (int round = 0; round < 10; round++) {
		cr_assert_eq(virtqueue_add(&l->vq, segs, 3, 0, l), 0);
		cr_assert_eq(virtqueue_add(&l->vq, segs, 3, 0, l), 0);
		virtqueue_kick(&l->vq);
		use(l, 0);
		use(l, 0);
		memset(l->memory, 0x5a, NUM * sizeof(struct vring_desc));
		cr_assert_eq(virtqueue_get(&l->vq, &len), l);
		cr_assert_eq(virtqueue_get(&l->vq, &len), l);
		cr_assert_eq(l->vq.num_free, NUM);
	}
}
