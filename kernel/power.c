/* SPDX-License-Identifier: MIT */
/*
 * Power off, reset, exit status. What ACPI says about them is looked up at boot, so that a dying machine has only
 * registers to write. ACPI 6.4 s4.8.3 (PM1, sleep control), s5.2.9 (FADT), s7.4.2 (_S5).
 */
#include "kernel/acpi.h"
#include "kernel/arch.h"
#include "kernel/console.h"
#include "kernel/io.h"
#include "kernel/mm.h"
#include "kernel/power.h"
#include "lib/string.h"

#define DEBUG_EXIT_PORT 0xf4

/* Offsets in the FADT. */
#define FADT_DSDT          40
#define FADT_PM1A_CNT      64
#define FADT_FLAGS         112
#define FADT_RESET_REG     116
#define FADT_RESET_VALUE   128
#define FADT_SLEEP_CONTROL 244
#define FADT_SLEEP_END     256
#define FLAG_RESET         BIT(10)
#define FLAG_HW_REDUCED    BIT(20)
#define GAS_SPACE          0 /* of a generic address: 0 memory, 1 I/O */
#define GAS_ADDR           4
#define GAS_MEMORY         0
#define GAS_IO             1

#define PM1_SLP_TYP(t)   ((u16)((t) << 10))
#define PM1_SLP_EN       0x2000
#define SLEEP_SLP_TYP(t) ((u8)((t) << 2))
#define SLEEP_SLP_EN     0x20

#define RESET_CONTROL_PORT 0xcf9
#define RESET_FULL         0x0e

/* One register of one byte, in either space. */
struct reg8 {
	volatile u8 *memory;
	u16 port;
	u8 value;
};

static u16 pm1a_port, pm1a_value;
static struct reg8 sleep_control, reset_reg;

static u32 fadt_u32(const u8 *fadt, size_t at)
{
	u32 v;

	memcpy(&v, fadt + at, sizeof(v));
	return v;
}

static void write_reg(const struct reg8 *r)
{
	if (r->memory)
		writeb(r->value, r->memory);
	else if (r->port)
		outb(r->port, r->value);
}

static void take_reg(struct reg8 *r, const u8 *gas, u8 value)
{
	u64 addr;

	memcpy(&addr, gas + GAS_ADDR, sizeof(addr));
	if (!addr)
		return;
	if (gas[GAS_SPACE] == GAS_MEMORY)
		r->memory = ioremap(addr, 1);
	else if (gas[GAS_SPACE] == GAS_IO)
		r->port = (u16)addr;
	r->value = value;
}

/* The sleep type for "off": the first number of the package \_S5, found by its bytes in the DSDT. -1: none. */
static int sleep_type_s5(const u8 *dsdt, size_t len)
{
	for (size_t i = 36; i + 8 < len; i++) {
		const u8 *p = dsdt + i;

		/* NameSeg, PackageOp, a length of one byte, the number of elements, then ByteConst or 0 or 1. */
		if (memcmp(p, "_S5_", 4) || p[4] != 0x12)
			continue;
		return p[7] == 0x0a ? p[8] : p[7] <= 1 ? p[7] : -1;
	}
	return -1;
}

static void find_off(const u8 *fadt, size_t len)
{
	size_t dsdt_len;
	const u8 *dsdt = acpi_map_table(fadt_u32(fadt, FADT_DSDT), &dsdt_len);
	int type = dsdt ? sleep_type_s5(dsdt, dsdt_len) : -1;

	if (type < 0)
		return;
	if (!(fadt_u32(fadt, FADT_FLAGS) & FLAG_HW_REDUCED)) {
		pm1a_port = (u16)fadt_u32(fadt, FADT_PM1A_CNT);
		pm1a_value = PM1_SLP_TYP(type) | PM1_SLP_EN;
	} else if (len >= FADT_SLEEP_END) {
		take_reg(&sleep_control, fadt + FADT_SLEEP_CONTROL,
			 SLEEP_SLP_TYP(type) | SLEEP_SLP_EN);
	}
}

void power_init(void)
{
	size_t len;
	const u8 *fadt = acpi_find_table("FACP", &len);

	if (!fadt || len < FADT_FLAGS + 4)
		return;
	find_off(fadt, len);
	if (fadt_u32(fadt, FADT_FLAGS) & FLAG_RESET && len > FADT_RESET_VALUE)
		take_reg(&reset_reg, fadt + FADT_RESET_REG, fadt[FADT_RESET_VALUE]);
}

/* What the console did not get yet. Once: a fault on the way ends here again. */
static void say_last_words(void)
{
	static bool said;

	arch_irq_disable();
	if (said)
		return;
	said = true;
	console_release();
}

void exit_status(int status)
{
	say_last_words();
	outl(DEBUG_EXIT_PORT, (u32)status);
	arch_halt();
}

void power_off(void)
{
	say_last_words();
	outl(DEBUG_EXIT_PORT, EXIT_SUCCESS_STATUS);
	if (pm1a_port)
		outw(pm1a_port, pm1a_value);
	write_reg(&sleep_control);
	arch_halt();
}

void power_reset(void)
{
	say_last_words();
	write_reg(&reset_reg);
	outb(RESET_CONTROL_PORT, RESET_FULL);
	arch_reset();
}
