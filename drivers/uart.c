/* SPDX-License-Identifier: MIT */
/*
 * 16550 serial ports. Output is polled, 16 bytes for each look at the status; input comes by interrupt.
 *
 * Interrupts of ISA devices are edges: the handler must leave the line low, or no edge follows. It therefore reads until
 * the port is empty, and when it stops early (no room above it) it switches the port's interrupt off; switching it
 * on again makes the edge.
 * Source: National Semiconductor PC16550D data sheet, s8 (registers).
 */
#include "drivers/uart.h"
#include "kernel/console.h"
#include "kernel/io.h"
#include "kernel/irq.h"
#include "kernel/printk.h"
#include "lib/string.h"

enum { REG_DATA = 0, REG_IER = 1, REG_FCR = 2, REG_LCR = 3, REG_MCR = 4, REG_LSR = 5, REG_SCR = 7 };

#define IER_RECEIVE   0x01
#define FCR_ENABLE    0x01
#define FCR_CLEAR     0x06
#define LCR_8N1       0x03
#define LCR_DIVISOR   0x80
#define MCR_ON        0x0b /* DTR, RTS, and OUT2, which lets the interrupt out */
#define LSR_DATA      0x01
#define LSR_THR_EMPTY 0x20
#define LSR_ABSENT    0xff

#define FIFO_BYTES 16
#define DIVISOR    1 /* 115200 baud */
#define WAIT_LOOKS \
	200000 /* at the status, before a port counts as stuck: some 10 ms in QEMU, more on a PC */
#define INPUT_BYTES 64

struct uart {
	struct chardev chardev;
	u16 port;
	u8 gsi;
	bool present;
	bool stuck;  /* did not take output; it is tried once per call until it does */
	bool paused; /* no room for input above: its interrupt is off */
	u64 lost;    /* bytes not sent */
};

static struct uart *to_uart(struct chardev *dev)
{
	return container_of(dev, struct uart, chardev);
}

static bool wait_empty(struct uart *u)
{
	unsigned int looks = u->stuck ? 1 : WAIT_LOOKS;

	while (looks--) {
		if (inb(u->port + REG_LSR) & LSR_THR_EMPTY) {
			u->stuck = false;
			return true;
		}
	}
	u->stuck = true;
	return false;
}

static void uart_write(struct chardev *dev, const char *text, size_t len)
{
	struct uart *u = to_uart(dev);

	while (len) {
		/* An interrupt that writes between the look and the bytes would overrun the FIFO. */
		unsigned long flags = local_irq_save();
		size_t n = min(len, (size_t)FIFO_BYTES);

		if (wait_empty(u)) {
			for (size_t i = 0; i < n; i++)
				outb(u->port + REG_DATA, text[i]);
		} else {
			u->lost += n;
		}
		local_irq_restore(flags);
		text += n;
		len -= n;
	}
}

/* Reads what arrived. Interrupts off. */
static void take_input(struct uart *u)
{
	size_t room = chardev_room(&u->chardev);
	char bytes[INPUT_BYTES];
	size_t n = 0;

	while (room && (inb(u->port + REG_LSR) & LSR_DATA)) {
		bytes[n++] = inb(u->port + REG_DATA);
		room--;
		if (n == sizeof(bytes)) {
			chardev_input(&u->chardev, bytes, n);
			n = 0;
		}
	}
	if (n)
		chardev_input(&u->chardev, bytes, n);
	u->paused = !room;
	if (u->paused)
		outb(u->port + REG_IER, 0);
}

static void uart_irq(void *arg)
{
	struct uart *u = arg;

	if (!u->paused)
		take_input(u);
}

static void uart_resume(struct chardev *dev)
{
	struct uart *u = to_uart(dev);
	unsigned long flags = local_irq_save();

	if (u->paused) {
		u->paused = false;
		outb(u->port + REG_IER, IER_RECEIVE);
	}
	local_irq_restore(flags);
}

static const struct chardev_ops uart_ops = {.write = uart_write, .resume = uart_resume};

static struct uart uarts[] = {
	{.chardev = {.name = "ttyS0", .ops = &uart_ops}, .port = 0x3f8, .gsi = 4},
	{.chardev = {.name = "ttyS1", .ops = &uart_ops}, .port = 0x2f8, .gsi = 3},
};

/* An empty place on the bus reads as all ones; the scratch register tells a port from something else. */
static bool uart_present(u16 port)
{
	if (inb(port + REG_LSR) == LSR_ABSENT)
		return false;
	outb(port + REG_SCR, 0x5a);
	return inb(port + REG_SCR) == 0x5a;
}

static void uart_setup(u16 port)
{
	outb(port + REG_IER, 0);
	outb(port + REG_LCR, LCR_DIVISOR);
	outb(port + REG_DATA, DIVISOR & 0xff);
	outb(port + REG_IER, DIVISOR >> 8);
	outb(port + REG_LCR, LCR_8N1);
	outb(port + REG_FCR, FCR_ENABLE | FCR_CLEAR);
	outb(port + REG_MCR, MCR_ON);
}

void uart_init(const char *console)
{
	for (size_t i = 0; i < ARRAY_SIZE(uarts); i++) {
		struct uart *u = &uarts[i];

		u->present = uart_present(u->port);
		if (!u->present)
			continue;
		uart_setup(u->port);
		if (chardev_register(&u->chardev))
			u->present = false;
		else if (!strcmp(u->chardev.name, console ? console : "ttyS0"))
			console_register(&u->chardev);
	}
}

void uart_start_input(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(uarts); i++) {
		struct uart *u = &uarts[i];
		int err;

		if (!u->present)
			continue;
		err = irq_request(u->gsi, IRQ_EDGE_HIGH, uart_irq, u, u->chardev.name);
		if (err)
			pr_warn("%s: interrupt line %u cannot be used (error %d): output only",
				u->chardev.name, u->gsi, -err);
		else
			outb(u->port + REG_IER, IER_RECEIVE);
	}
}
