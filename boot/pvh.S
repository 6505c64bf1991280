/* SPDX-License-Identifier: MIT */
/*
 * The PVH way in (QEMU -kernel, other VMMs): an ELF note names a 32-bit entry; from there to boot_start64.
 *
 * On entry: 32-bit protected mode, flat segments, paging off, interrupts off, EBX = physical address of struct
 * hvm_start_info (boot/pvh_info.c). The image lies where its program headers say. Xen's docs/misc/pvh.pandoc.
 */

/* kernel.ld: IMAGE_BASE and LOAD_PHYS. */
#define PHYS(sym) ((sym) - 0xffffffff80000000 + 0x200000)

	.section .note.pvh, "a", @note
	.long 4, 4, 18		/* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long PHYS(pvh_start)

	.section .text.entry, "ax"
	.code32
pvh_start:
	cld
	rdtsc
	mov %eax, %esi		/* the entry's time, kept in EDI:ESI */
	mov %edx, %edi

	/* Map the first GiB at its own address: enough to reach 64-bit code, which maps the rest. */
	mov $PHYS(boot_pdpt_low) + 3, %eax
	mov %eax, PHYS(boot_pml4)
	mov $PHYS(boot_pd) + 3, %eax
	mov %eax, PHYS(boot_pdpt_low)
	mov $PHYS(boot_pd), %ecx
	mov $0x83, %eax
1:	mov %eax, (%ecx)
	add $8, %ecx
	add $0x200000, %eax
	cmp $0x40000083, %eax
	jne 1b

	mov $PHYS(boot_pml4), %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $0x20, %eax		/* PAE */
	mov %eax, %cr4
	mov $0xc0000080, %ecx	/* EFER: LME */
	rdmsr
	or $0x100, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80000001, %eax	/* PG, PE */
	mov %eax, %cr0
	lgdt PHYS(pvh_gdtr)
	ljmp $8, $PHYS(pvh_start64)

	.code64
pvh_start64:
	mov $16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	shl $32, %rdi
	or %rsi, %rdi
	mov %rdi, pvh_entry_tsc(%rip)
	mov %ebx, %edi
	movabs $pvh_main, %rsi
	jmp boot_start64

	.balign 8
pvh_gdt:
	.quad 0
	.quad 0x00af9a000000ffff /* code, 64-bit */
	.quad 0x00cf92000000ffff /* data */
pvh_gdtr:
	.word . - pvh_gdt - 1
	.long PHYS(pvh_gdt)
	.section .note.GNU-stack, "", @progbits
