/* SPDX-License-Identifier: MIT */
/* The processor's features: found, switched on; its random numbers; its ends. */
#include "kernel/arch.h"
#include "kernel/x86_64/cpu.h"

struct cpu_features cpu_features;

static struct cpuid cpuid_raw(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	__asm__ __volatile__("cpuid"
			     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			     : "a"(leaf), "c"(subleaf));
	return r;
}

struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	/* Above the highest leaf processors answer with another leaf's content. */
	if (cpuid_raw(leaf & 0x80000000, 0).eax < leaf)
		return (struct cpuid){0};
	return cpuid_raw(leaf, subleaf);
}

static void find_features(void)
{
	struct cpuid basic = cpuid(1, 0), more = cpuid(7, 0);

	cpu_features = (struct cpu_features){
		.rdrand = basic.ecx & BIT(30),
		.tsc_deadline = basic.ecx & BIT(24),
		.smep = more.ebx & BIT(7),
		.smap = more.ebx & BIT(20),
		.umip = more.ecx & BIT(2),
		.nx = cpuid(0x80000001, 0).edx & BIT(20),
		.invariant_tsc = cpuid(0x80000007, 0).edx & BIT(8),
	};
}

void arch_cpu_init(void)
{
	u64 cr4 = CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	find_features();
	if (cpu_features.nx)
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	if (cpu_features.smep)
		cr4 |= CR4_SMEP;
	if (cpu_features.smap)
		cr4 |= CR4_SMAP;
	if (cpu_features.umip)
		cr4 |= CR4_UMIP;
	write_cr0((read_cr0() | CR0_MP | CR0_NE | CR0_WP) & ~(CR0_EM | CR0_TS | CR0_NW | CR0_CD));
	write_cr4(read_cr4() | cr4);
	descriptors_init();
	paging_early_init();
}

bool arch_random(u64 *value)
{
	if (!cpu_features.rdrand)
		return false;
	/* Intel asks for ten tries before the generator counts as out of order. */
	for (int i = 0; i < 10; i++) {
		u64 v;
		bool ok;

		__asm__ __volatile__("rdrand %0" : "=r"(v), "=@ccc"(ok));
		if (ok) {
			*value = v;
			return true;
		}
	}
	return false;
}

void arch_halt(void)
{
	for (;;)
		__asm__ __volatile__("cli; hlt");
}

void arch_reset(void)
{
	static const struct {
		u16 limit;
		u64 base;
	} __packed no_idt;

	__asm__ __volatile__("lidt %0; int3" ::"m"(no_idt));
	arch_halt();
}
