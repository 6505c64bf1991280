#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a Criterion program, and looks for what Criterion does not count as failure: sanitizer reports.
# usage: run.sh PROGRAM [FILTER]
set -u
program=$1
filter=${2:-}
log=$program.log

UBSAN_OPTIONS=print_stacktrace=1 "$program" ${filter:+--filter "$filter"} >"$log" 2>&1
status=$?

if grep -qE 'Sanitizer|runtime error' "$log"; then
	status=1
fi
if [ $status -ne 0 ]; then
	cat "$log"
	echo
	echo "To repeat:"
	# Criterion says "[FAIL] suite::test: (...)", and [----] with the same form for crashes.
	sed -nE 's/^\[[^]]*\] .*\b([a-z0-9_]+)::([a-z0-9_]+): (CRASH|\().*/\1\/\2/p; s/^\[(FAIL)\] ([a-z0-9_]+)::([a-z0-9_]+).*/\2\/\3/p' \
		"$log" | sort -u | sed 's/^/  make unit UNIT_FILTER=/'
fi
grep -a 'Synthesis' "$log" || { status=1; echo "$program did not finish"; }
exit $status
