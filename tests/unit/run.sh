#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a Criterion program, and looks for what Criterion does not count as failure: reports of the
# sanitizers, leaks among them, and a filter that finds no test.
# usage: run.sh PROGRAM [FILTER]
set -u
program=$1
filter=${2:-}
log=$program.log

UBSAN_OPTIONS=print_stacktrace=1 timeout 600 "$program" --timeout 60 ${filter:+--filter "$filter"} \
	>"$log" 2>&1
status=$?
synthesis=$(grep -a 'Synthesis' "$log")

grep -qaE 'Sanitizer|runtime error' "$log" && status=1
case $synthesis in
'') echo "$program did not finish" && status=1 ;;
*'Tested: 0 '*) echo "no test matches '$filter'" && status=1 ;;
esac
if [ $status -ne 0 ]; then
	cat "$log"
	echo "To repeat:"
	sed -nE 's,^\[FAIL\] ([a-z0-9_]+)::([a-z0-9_]+).*,  make unit UNIT_FILTER=\1/\2,p' "$log" | sort -u
	# A leak names its test as SUITE_TEST_impl.
	sed -nE '/LeakSanitizer/,$s,.* in ([a-z0-9_]+)_impl .*,  (leak) \1,p' "$log" | sort -u
fi
echo "$synthesis"
exit $status
