/* SPDX-License-Identifier: MIT */
/* The kernel's ELF inside the loader. KERNEL_ELF: its file, from boot.mk. */
	.data
	.balign 16
	.globl kernel_elf, kernel_elf_end
kernel_elf:
	.incbin KERNEL_ELF
kernel_elf_end:
	.section .note.GNU-stack, "", @progbits
