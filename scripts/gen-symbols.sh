#!/bin/sh
# scripts/gen-symbols.sh ELF: prints the assembly of the table of function names that kernel/symbols.c reads.
# Without ELF: an empty table, for the first link.
set -eu

if [ $# -gt 0 ]; then
	nm -n "$1"
fi | awk '
	BEGIN {
		n = 0
		print "\t.section .symbols, \"a\"\n\t.balign 4"
		print "\t.globl symbols_count, symbols_start, symbols_names"
	}
	$2 == "t" || $2 == "T" {
		if ($1 == last || $3 ~ /^[.$]/ || $3 ~ /^image_/)
			next
		last = $1
		start[n] = $1
		name[n++] = $3
	}
	END {
		print "symbols_count:\t.long " n
		print "symbols_start:"
		for (i = 0; i < n; i++)
			print "\t.long 0x" start[i] " - 0xffffffff80000000"
		print "symbols_names:"
		for (i = 0; i < n; i++)
			print "\t.asciz \"" name[i] "\""
		print "\t.section .note.GNU-stack, \"\", @progbits"
	}'
