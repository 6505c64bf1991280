#!/bin/sh
# scripts/gen-symbols.sh ELF: prints the assembly of the table of function names that kernel/symbols.c reads.
# Without ELF: an empty table, for the first link.
#
# Names are made of words that come again and again (net_, virtio_, init): the 127 that save most become single
# bytes from 0x81 on.
set -eu

if [ $# -gt 0 ]; then
	nm -n "$1"
fi | awk '
	# The next word of s: letters and digits with the underscore that follows.
	function word(s) {
		match(s, /^(_+|[A-Za-z0-9.]+_?)/)
		return substr(s, 1, RLENGTH)
	}
	$2 == "t" || $2 == "T" {
		if ($1 == last || $3 ~ /^[.$]/ || $3 ~ /^image_/)
			next
		last = $1
		start[n + 0] = $1
		name[n++] = $3
		for (s = $3; s != ""; s = substr(s, length(w) + 1)) {
			w = word(s)
			count[w]++
		}
	}
	function best(w, max, m) {
		max = 0
		for (w in count)
			if ((s = (length(w) - 1) * count[w] - length(w) - 1) > max || (s == max && s && w < m)) {
				max = s
				m = w
			}
		delete count[m]
		return m
	}
	END {
		print "\t.section .symbols, \"a\"\n\t.balign 4"
		print "\t.globl symbols_count, symbols_start, symbols_words, symbols_names"
		print "symbols_count:\t.long " n + 0
		print "symbols_start:"
		for (i = 0; i < n; i++)
			print "\t.long 0x" start[i] " - 0xffffffff80000000"
		print "symbols_words:"
		for (i = 1; i <= 127 && (w = best()) != ""; i++) {
			code[w] = sprintf("\\%03o", 128 + i)
			print "\t.asciz \"" w "\""
		}
		print "symbols_names:"
		for (i = 0; i < n; i++) {
			coded = ""
			for (s = name[i]; s != ""; s = substr(s, length(w) + 1)) {
				w = word(s)
				coded = coded (w in code ? code[w] : w)
			}
			print "\t.asciz \"" coded "\""
		}
		print "\t.section .note.GNU-stack, \"\", @progbits"
	}'
