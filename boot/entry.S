/* SPDX-License-Identifier: MIT */
/*
 * The 64-bit way in, for every loader: early page tables, then C.
 *
 * On entry: long mode with 4-level paging, this code and RDI's memory mapped at their physical addresses,
 * interrupts off, .bss zero, RDI = physical address of a struct boot_info (boot/boot_info.h) below 4 GiB.
 * The image lies at any 2 MiB-aligned physical address below 4 GiB; everything here is addressed relative to RIP.
 *
 * Early tables: the first 4 GiB at their own address (until arch_paging_init) and at ARCH_DIRECT_MAP, 16 MiB of
 * image at ARCH_IMAGE_BASE.
 */

#define DIRECT_MAP     0xffff800000000000
#define PTE_TABLE      0x003 /* present, writable */
#define PTE_2M	       0x083 /* present, writable, large */
#define IMAGE_2M_PAGES 8

	.section .text.entry, "ax"
	.code64
	.globl _start
_start:
	movabs $boot_main, %rsi

/* RDI: physical address handed to a C function; RSI: that function's link address. */
	.globl boot_start64
boot_start64:
	cld
	lea image_start(%rip), %rbx	/* the image's physical address */
	lea boot_pml4(%rip), %rdx

	/* 4 GiB in pages of 2 MiB. */
	lea boot_pd(%rip), %rcx
	mov $PTE_2M, %eax
1:	mov %rax, (%rcx)
	add $8, %rcx
	add $0x200000, %rax
	bt $32, %rax
	jnc 1b

	lea boot_pd + PTE_TABLE(%rip), %rax
	lea boot_pdpt_low(%rip), %rcx
	mov %rax, (%rcx)
	add $0x1000, %rax
	mov %rax, 8(%rcx)
	add $0x1000, %rax
	mov %rax, 16(%rcx)
	add $0x1000, %rax
	mov %rax, 24(%rcx)
	lea PTE_TABLE(%rcx), %rax
	mov %rax, (%rdx)		/* identity */
	mov %rax, 256 * 8(%rdx)		/* DIRECT_MAP */

	/* The image. */
	lea boot_pd_image(%rip), %rcx
	lea PTE_TABLE(%rcx), %rax
	mov %rax, boot_pdpt_image + 510 * 8(%rip)
	lea boot_pdpt_image + PTE_TABLE(%rip), %rax
	mov %rax, 511 * 8(%rdx)
	lea PTE_2M(%rbx), %rax
	mov $IMAGE_2M_PAGES, %ebp
2:	mov %rax, (%rcx)
	add $8, %rcx
	add $0x200000, %rax
	dec %ebp
	jnz 2b

	mov %rdx, %cr3
	movabs $3f, %rax
	jmp *%rax

3:	mov $boot_stack_top, %rsp
	xor %ebp, %ebp
	movabs $DIRECT_MAP, %rax
	add %rax, %rdi
	push %rbp
	push %rbp
	call *%rsi
4:	hlt
	jmp 4b

	.section .bss_pages, "aw", @nobits
	.balign 4096
	.globl boot_pml4, boot_pdpt_low, boot_pd
boot_pml4:	 .skip 4096
boot_pdpt_low:	 .skip 4096
boot_pd:	 .skip 4 * 4096
boot_pdpt_image: .skip 4096
boot_pd_image:	 .skip 4096
	.section .note.GNU-stack, "", @progbits
