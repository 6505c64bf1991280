/* SPDX-License-Identifier: MIT */
/*
 * The control channel's server. Protocol: docs/CONTROL-CHANNEL.md, frames: lib/ctl_frame.h.
 *
 * Overview: one thread reads frames and never waits for anything else; another runs requests. A
 * request's output waits for credit from the host, its input is asked for by giving credit, so that
 * no queue can overflow on the way.
 *
 * Sessions: HELLO begins one. Whatever still runs for the one before is interrupted, its output
 * thrown away; the next request starts when it has ended.
 *
 * Context: the state is shared by both threads and changed with softirqs disabled; frames are sent
 * under tx_lock.
 */
#include "init/ctl_channel.h"

#include "init/command.h"
#include "init/command_io.h"
#include "kernel/console.h"
#include "kernel/mm.h"
#include "kernel/printk.h"
#include "kernel/softirq.h"
#include "lib/byteorder.h"
#include "lib/ctl_frame.h"
#include "lib/errno.h"
#include "lib/ring.h"
#include "lib/string.h"
#include "net/sockopt.h"

/* Bytes of standard input that may be on their way: half of what a device's queue holds. */
#define INPUT_WINDOW 2048

/*
 * Where the channel may be, first choice first, and how much output may be on its way there. A port
 * that writes byte by byte fills a Unix socket's buffer with some 270 of them (each is charged with
 * a whole packet's overhead), and a 16550 drops what its other end does not take in time.
 */
static const struct channel_device {
	const char *name;
	u32 window;
} channel_devices[] = {
	{"hvc0", CTL_OUTPUT_WINDOW},
	{"ttyS1", 192},
};

struct request {
	u32 session;
	size_t len;
	char words[CTL_ARGS_MAX];
};

struct channel {
	struct chardev *dev;
	u32 window;
	struct mutex tx_lock;
	u8 tx[CTL_FRAME_MAX];
	struct ctl_parser parser;
	struct ctl_frame frame; /* the reader's */

	u32 session; /* counts HELLOs */
	u16 tag;
	struct request next; /* being received */
	bool next_ready, next_interrupted, args_overflow;

	struct request current; /* the worker's */
	struct job job;
	u32 out_credit;
	struct wait_queue wait; /* for everything: a request, credit, input */

	struct ring input;
	bool input_asked, input_ended;
	u8 input_bytes[INPUT_WINDOW];

	struct stream in, out, err;
};

/* ---- sending */

static void send_frame(struct channel *ch, enum ctl_frame_type type, u16 tag, const void *data,
		       size_t len)
{
	size_t n;

	mutex_lock(&ch->tx_lock);
	n = ctl_frame_build(ch->tx, type, tag, data, len);
	ch->dev->ops->write(ch->dev, (const char *)ch->tx, n);
	mutex_unlock(&ch->tx_lock);
}

static void send_credit(struct channel *ch, u16 tag, u32 bytes)
{
	u8 data[4];

	put_unaligned_be32(bytes, data);
	send_frame(ch, CTL_CREDIT, tag, data, sizeof(data));
}

/* ---- the streams of a request */

/* Softirqs disabled. */
static bool request_over(const struct channel *ch)
{
	return ch->current.session != ch->session;
}

/*
 * How much of want the credit lets go now: a frame as large as it can ever be, or what half the
 * window holds. Less waits: credit that came back in crumbs would else go out in crumbs for ever.
 */
static size_t payload_allowed(const struct channel *ch, size_t want)
{
	size_t whole = min(want, (size_t)CTL_FRAME_PAYLOAD);

	whole = min(whole, (size_t)ch->window - CTL_FRAME_HEADER);
	if (ch->out_credit >= CTL_FRAME_HEADER + whole)
		return whole;
	return ch->out_credit >= ch->window / 2 ? ch->out_credit - CTL_FRAME_HEADER : 0;
}

/* Takes credit for a frame; waits for it. Its payload, or -EPIPE: nobody listens any more. */
static long take_credit(struct channel *ch, size_t want, bool nonblock, u16 *tag)
{
	long n = 0;

	local_bh_disable();
	while (!n) {
		n = request_over(ch) ? -EPIPE : (long)payload_allowed(ch, want);
		if (n > 0)
			ch->out_credit -= CTL_FRAME_HEADER + n;
		else if (!n && nonblock)
			n = -EAGAIN;
		else if (!n && wait_queue_sleep(&ch->wait, U64_MAX))
			n = -EINTR;
	}
	*tag = ch->tag;
	local_bh_enable();
	return n;
}

static long channel_write(struct channel *ch, enum ctl_frame_type type, const char *buf, size_t len,
			  bool nonblock)
{
	size_t done = 0;

	while (done < len) {
		u16 tag;
		long n = take_credit(ch, len - done, nonblock, &tag);

		if (n < 0)
			return done ? (long)done : n;
		send_frame(ch, type, tag, buf + done, n);
		done += n;
	}
	return done;
}

static long out_write(struct stream *s, const char *buf, size_t len, bool nonblock)
{
	return channel_write(container_of(s, struct channel, out), CTL_OUT, buf, len, nonblock);
}

static long err_write(struct stream *s, const char *buf, size_t len, bool nonblock)
{
	return channel_write(container_of(s, struct channel, err), CTL_ERR, buf, len, nonblock);
}

static u32 out_poll_of(const struct channel *ch)
{
	return ch->out_credit >= ch->window / 2 || request_over(ch) ? POLLOUT : 0;
}

static u32 out_poll(struct stream *s)
{
	return out_poll_of(container_of(s, struct channel, out));
}

static u32 err_poll(struct stream *s)
{
	return out_poll_of(container_of(s, struct channel, err));
}

/* The first look at standard input tells the host that somebody wants it. */
static void ask_for_input(struct channel *ch)
{
	bool first;
	u16 tag;

	local_bh_disable();
	first = !ch->input_asked && !request_over(ch);
	ch->input_asked = true;
	tag = ch->tag;
	local_bh_enable();
	if (first)
		send_credit(ch, tag, INPUT_WINDOW);
}

static long in_read(struct stream *s, char *buf, size_t len, bool nonblock)
{
	struct channel *ch = container_of(s, struct channel, in);
	bool ended = false;
	int err = 0;
	u32 n;
	u16 tag;

	ask_for_input(ch);
	local_bh_disable();
	while (!(n = ring_read(&ch->input, buf, min(len, (size_t)INPUT_WINDOW))) && !err) {
		ended = ch->input_ended || request_over(ch);
		if (ended)
			break;
		if (nonblock)
			err = -EAGAIN;
		else if (ch->job.interrupted || wait_queue_sleep(&ch->wait, U64_MAX))
			err = -EINTR;
	}
	tag = ch->tag;
	ended |= request_over(ch);
	local_bh_enable();
	if (n && !ended)
		send_credit(ch, tag, n);
	return n ? (long)n : err;
}

static void in_want(struct stream *s)
{
	ask_for_input(container_of(s, struct channel, in));
}

static u32 in_poll(struct stream *s)
{
	struct channel *ch = container_of(s, struct channel, in);

	return ring_used(&ch->input) || ch->input_ended || request_over(ch) ? POLLIN : 0;
}

static void init_streams(struct channel *ch)
{
	static const struct stream_ops in_ops = {.read = in_read, .poll = in_poll, .want = in_want};
	static const struct stream_ops out_ops = {.write = out_write, .poll = out_poll};
	static const struct stream_ops err_ops = {.write = err_write, .poll = err_poll};

	stream_init(&ch->in, &in_ops, false);
	/*
	 * As if to a terminal: lines come as they are written, also of an app that runs for long.
	 */
	stream_init(&ch->out, &out_ops, true);
	stream_init(&ch->err, &err_ops, true);
}

/* Everybody looks again. */
static void wake_all(struct channel *ch)
{
	wake_up_all(&ch->wait);
	stream_notify(&ch->in);
	stream_notify(&ch->out);
	stream_notify(&ch->err);
}

/* ---- running requests */

/* Words, each with its 0, into argv. False: too many, or the last has no end. */
static bool split_words(struct request *req, char *argv[APP_ARGS_MAX + 1], int *argc)
{
	size_t at = 0;

	*argc = 0;
	while (at < req->len) {
		size_t len = strnlen(req->words + at, req->len - at);

		if (*argc == APP_ARGS_MAX || at + len == req->len)
			return false;
		argv[(*argc)++] = req->words + at;
		at += len + 1;
	}
	argv[*argc] = NULL;
	return *argc;
}

static int run_request(struct channel *ch)
{
	static const char bad[] = "weir: no command, too many words, or words that are too long\n";
	struct app_stdio io = {.in = &ch->in, .out = &ch->out, .err = &ch->err};
	char *argv[APP_ARGS_MAX + 1];
	int argc;

	if (split_words(&ch->current, argv, &argc))
		return command_run_words(argc, argv, &io, &ch->job);
	(void)stream_write(&ch->err, bad, sizeof(bad) - 1, false);
	return STATUS_USAGE;
}

static void wait_for_request(struct channel *ch)
{
	local_bh_disable();
	while (!ch->next_ready)
		(void)wait_queue_sleep(&ch->wait, U64_MAX);
	ch->next_ready = false;
	memcpy(&ch->current, &ch->next, offsetof(struct request, words) + ch->next.len);
	ch->next.len = 0;
	job_init(&ch->job);
	ch->job.interrupted = ch->next_interrupted;
	ch->next_interrupted = false;
	ring_skip(&ch->input, INPUT_WINDOW);
	ch->input_asked = ch->input_ended = false;
	local_bh_enable();
}

static void worker_thread(void *arg)
{
	struct channel *ch = arg;

	for (;;) {
		u8 status;
		bool over;
		u16 tag;

		wait_for_request(ch);
		status = run_request(ch);
		local_bh_disable();
		over = request_over(ch);
		tag = ch->tag;
		local_bh_enable();
		if (!over)
			send_frame(ch, CTL_EXIT, tag, &status, 1);
	}
}

/* ---- receiving */

static void begin_session(struct channel *ch, u16 tag)
{
	static const char who[] = "weir control channel 1";

	local_bh_disable();
	ch->session++;
	ch->tag = tag;
	ch->next.len = 0;
	ch->next_ready = false;
	ch->args_overflow = false;
	ch->next_interrupted = false;
	ch->out_credit = ch->window;
	local_bh_enable();
	job_interrupt(&ch->job);
	wake_all(ch);
	send_frame(ch, CTL_WELCOME, tag, who, sizeof(who) - 1);
}

static void take_args(struct channel *ch, const struct ctl_frame *frame)
{
	struct request *req = &ch->next;

	if (ch->next_ready || frame->len > sizeof(req->words) - req->len) {
		ch->args_overflow = true;
		return;
	}
	memcpy(req->words + req->len, frame->data, frame->len);
	req->len += frame->len;
}

/* Softirqs disabled. The worker says what is wrong with an empty request. */
static void take_run(struct channel *ch)
{
	if (ch->next_ready)
		return;
	if (ch->args_overflow)
		ch->next.len = 0;
	ch->args_overflow = false;
	ch->next.session = ch->session;
	ch->next_ready = true;
}

static void handle_frame(struct channel *ch, const struct ctl_frame *frame)
{
	bool interrupt = false;

	if (frame->type == CTL_HELLO) {
		begin_session(ch, frame->tag);
		return;
	}
	if (frame->tag != ch->tag)
		return; /* of a session that is over */
	local_bh_disable();
	switch (frame->type) {
	case CTL_ARGS:
		take_args(ch, frame);
		break;
	case CTL_RUN:
		take_run(ch);
		break;
	case CTL_INPUT:
		/* More than there was credit for does not fit, and is the sender's loss. */
		(void)ring_write(&ch->input, frame->data, frame->len);
		break;
	case CTL_INPUT_END:
		ch->input_ended = true;
		break;
	case CTL_CREDIT:
		if (frame->len == 4)
			ch->out_credit = min((u64)ch->out_credit + get_unaligned_be32(frame->data),
					     (u64)ch->window);
		break;
	case CTL_INTERRUPT:
		ch->next_interrupted = ch->next_ready;
		interrupt = !ch->next_ready;
		break;
	}
	local_bh_enable();
	if (interrupt)
		job_interrupt(&ch->job);
	wake_all(ch);
}

static void reader_thread(void *arg)
{
	struct channel *ch = arg;
	char buf[256];
	long n;

	thread_without_fpu();
	while ((n = chardev_read(ch->dev, buf, sizeof(buf), false)) > 0) {
		const u8 *data = (const u8 *)buf;
		size_t len = n;

		while (ctl_parser_feed(&ch->parser, &data, &len, &ch->frame))
			handle_frame(ch, &ch->frame);
	}
}

static struct chardev *find_device(u32 *window)
{
	for (size_t i = 0; i < ARRAY_SIZE(channel_devices); i++) {
		struct chardev *dev = chardev_find(channel_devices[i].name);

		*window = channel_devices[i].window;
		if (dev && dev != console_get())
			return dev;
	}
	return NULL;
}

void ctl_channel_start(void)
{
	u32 window;
	struct chardev *dev = find_device(&window);
	struct channel *ch;

	if (!dev)
		return;
	ch = kzalloc(sizeof(*ch));
	if (!ch) {
		pr_err("control channel: out of memory");
		return;
	}
	ch->dev = dev;
	ch->window = window;
	mutex_init(&ch->tx_lock);
	ctl_parser_init(&ch->parser);
	job_init(&ch->job);
	wait_queue_init(&ch->wait);
	ring_init(&ch->input, ch->input_bytes, INPUT_WINDOW);
	init_streams(ch);
	if (thread_create("ctl", reader_thread, ch, 0, NULL) ||
	    thread_create("ctl-run", worker_thread, ch, 0, NULL))
		pr_err("control channel: no thread for it");
}
