/* SPDX-License-Identifier: MIT */
/* virtio-console and virtio-rng against a simulated device. */
#include "tests/selftest/virtio_sim.h"
#include "kernel/console.h"
#include "kernel/mm.h"
#include "tests/unit/harness.h"
#include "tests/unit/kernel_host.h"

#define RING    16
#define BUFFERS 4 /* the console's, each way */
#define BYTES   512

static struct {
	struct virtio_sim sim;
	struct kernel_host *k;
	char text[16384]; /* sent by the console */
	size_t len;
} lab;

static void sent(struct virtio_sim *sim, u16 queue, struct sim_buffer *buf)
{
	(void)sim;
	if (queue == 1)
		lab.len += sim_buffer_read(buf, 0, lab.text + lab.len, sizeof(lab.text) - lab.len);
}

static struct chardev *lab_begin(u32 id, u64 features)
{
	memset(&lab, 0, sizeof(lab));
	lab.k = kernel_host_begin();
	lab.k->input_room = sizeof(lab.k->input);
	virtio_sim_init(&lab.sim, id, features, RING);
	lab.sim.sent = sent;
	cr_assert_eq(virtio_probe(&lab.sim.vdev, NULL), 0);
	virtio_settle();
	return lab.k->chardev;
}

static void lab_end(void)
{
	cr_assert(virtio_reset(&lab.sim.vdev));
	kfree(lab.sim.vdev.priv);
	virtio_free_queues(&lab.sim.vdev);
	kernel_host_end();
}

static bool type(const char *text)
{
	return virtio_sim_give(&lab.sim, 0, text, strlen(text), strlen(text));
}

static void expect_input(const char *want)
{
	cr_assert_eq(lab.k->input_len, strlen(want), "%zu bytes", lab.k->input_len);
	cr_assert_arr_eq(lab.k->input, want, strlen(want));
}

WEIR_TEST(virtio_console, input_arrives_for_ever)
{
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		struct chardev *dev =
			lab_begin(VIRTIO_ID_CONSOLE, event_idx ? BIT(VIRTIO_F_EVENT_IDX) : 0);

		cr_assert_str_eq(dev->name, "hvc0");
		for (int i = 0; i < 1000; i++)
			cr_assert(type("some text\n"), "line %d", i);
		cr_assert_eq(lab.k->input_len, 10000);
		lab_end();
	}
}

WEIR_TEST(virtio_console, a_sender_is_held_back_and_nothing_is_lost)
{
	struct chardev *dev = lab_begin(VIRTIO_ID_CONSOLE, BIT(VIRTIO_F_EVENT_IDX));

	lab.k->input_room = 3;
	for (int i = 0; i < BUFFERS; i++)
		cr_assert(type("abcd"), "buffer %d", i);
	cr_assert_not(type("efgh"), "no buffer comes back before there is room");
	expect_input("abc");
	lab.k->input_room = 2;
	dev->ops->resume(dev);
	expect_input("abcda");
	lab.k->input_room = 100;
	dev->ops->resume(dev);
	expect_input("abcdabcdabcdabcd");
	cr_assert(type("efgh"));
	expect_input("abcdabcdabcdabcdefgh");
	lab_end();
}

WEIR_TEST(virtio_console, output_arrives_whole_and_in_order)
{
	struct chardev *dev = lab_begin(VIRTIO_ID_CONSOLE, 0);
	char text[5000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = rnd();
	dev->ops->write(dev, text, sizeof(text));
	cr_assert_eq(lab.len, sizeof(text));
	cr_assert_arr_eq(lab.text, text, sizeof(text));
	lab_end();
}

WEIR_TEST(virtio_console, a_host_that_does_not_read_stops_nobody)
{
	struct chardev *dev = lab_begin(VIRTIO_ID_CONSOLE, 0);
	struct sim_ring *ring = &lab.sim.rings[1];
	char text[5000] = {0};
	struct sim_buffer buf;
	unsigned int n = 0;
	u64 before;

	lab.sim.mute = true;
	dev->ops->write(dev, text, sizeof(text));
	cr_assert_geq(lab.k->clock, 100 * NSEC_PER_MSEC, "it was given time");
	cr_assert_leq(lab.k->clock, 200 * NSEC_PER_MSEC);
	before = lab.k->clock;
	dev->ops->write(dev, text, sizeof(text));
	cr_assert_eq(lab.k->clock, before, "but not twice");

	for (; sim_ring_pop(ring, &buf); n++)
		sim_ring_push(ring, buf.id, 0);
	cr_assert_eq(n, BUFFERS);
	sim_ring_publish(ring);
	lab.sim.mute = false;
	dev->ops->write(dev, "back", 4);
	cr_assert_eq(lab.len, 4);
	cr_assert_arr_eq(lab.text, "back", 4);
	lab_end();
}

/* The host has not come by for a second. */
static void comes_late(void)
{
	struct sim_buffer buf;

	if (lab.k->clock < NSEC_PER_SEC)
		return;
	lab.sim.mute = false;
	while (sim_ring_pop(&lab.sim.rings[1], &buf)) {
		sent(&lab.sim, 1, &buf);
		sim_ring_push(&lab.sim.rings[1], buf.id, 0);
	}
	sim_ring_publish(&lab.sim.rings[1]);
}

WEIR_TEST(virtio_console, a_thread_waits_for_a_host_that_is_late)
{
	struct chardev *dev = lab_begin(VIRTIO_ID_CONSOLE, 0);
	char text[5000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = rnd();
	lab.sim.mute = true;
	lab.k->may_sleep = true;
	lab.k->paused = comes_late;
	dev->ops->write(dev, text, sizeof(text));
	cr_assert_geq(lab.k->clock, NSEC_PER_SEC);
	cr_assert_eq(lab.len, sizeof(text));
	cr_assert_arr_eq(lab.text, text, sizeof(text));
	lab_end();
}

WEIR_TEST(virtio_console, a_thread_does_not_wait_for_ever)
{
	struct chardev *dev = lab_begin(VIRTIO_ID_CONSOLE, 0);
	char text[5000] = {0};
	u64 before;

	lab.sim.mute = true;
	dev->ops->write(dev, text, sizeof(text));
	cr_assert_leq(lab.k->clock, 200 * NSEC_PER_MSEC);
	lab.k->may_sleep = true;
	dev->ops->write(dev, text, sizeof(text));
	cr_assert_geq(lab.k->clock, 30 * NSEC_PER_SEC, "longer than who may not sleep");
	cr_assert_leq(lab.k->clock, 31 * NSEC_PER_SEC);
	before = lab.k->clock;
	dev->ops->write(dev, text, sizeof(text));
	lab.k->may_sleep = false;
	dev->ops->write(dev, text, sizeof(text));
	cr_assert_eq(lab.k->clock, before, "but not twice");
	lab_end();
}

WEIR_TEST(virtio_console, lies_end_its_input_and_output)
{
	struct chardev *dev = lab_begin(VIRTIO_ID_CONSOLE, 0);

	cr_assert(virtio_sim_give(&lab.sim, 0, "x", 1, BYTES + 1));
	cr_assert_eq(lab.k->input_len, 0);
	type("more");
	dev->ops->resume(dev);
	cr_assert_eq(lab.k->input_len, 0);
	dev->ops->write(dev, "still", 5);
	cr_assert_eq(lab.len, 5, "the other queue is another matter");
	lab.sim.mute = true;
	sim_ring_push(&lab.sim.rings[1], 77, 0);
	sim_ring_publish(&lab.sim.rings[1]);
	dev->ops->write(dev, "lost", 4);
	dev->ops->write(dev, "lost", 4);
	cr_assert_eq(lab.k->clock, 0, "nobody waits for a liar");
	lab_end();
}

WEIR_TEST(virtio_rng, answers_when_it_can)
{
	u8 data[64] = {1};

	for (int event_idx = 0; event_idx < 2; event_idx++) {
		lab_begin(VIRTIO_ID_RNG, event_idx ? BIT(VIRTIO_F_EVENT_IDX) : 0);
		cr_assert_eq(lab.k->entropy_bytes, 0, "probe does not wait");
		for (unsigned int i = 1; i <= 10; i++) {
			cr_assert(virtio_sim_give(&lab.sim, 0, data, sizeof(data), sizeof(data)));
			cr_assert_eq(lab.k->entropy_bytes, 64 * i);
			cr_assert_eq(lab.k->entropy_bits, 256 * i);
			cr_assert_not(virtio_sim_give(&lab.sim, 0, data, 1, 1), "asked once");
			lab.k->request(lab.k->request_arg);
			lab.k->request(lab.k->request_arg);
		}
		lab_end();
	}
}

WEIR_TEST(virtio_rng, a_lie_brings_nothing)
{
	lab_begin(VIRTIO_ID_RNG, 0);
	cr_assert(virtio_sim_give(&lab.sim, 0, "x", 1, 65));
	cr_assert_eq(lab.k->entropy_bytes, 0);
	lab.k->request(lab.k->request_arg);
	cr_assert_eq(lab.k->entropy_bytes, 0);
	lab_end();
}
