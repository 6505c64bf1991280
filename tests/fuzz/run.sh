#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzzes targets one after the other.  usage: run.sh BUILD SECONDS [NAME ...]
# The corpus grows in BUILD/corpus/NAME from the seeds; findings go to BUILD/findings/.
set -u
build=$1
seconds=$2
shift 2
passed=0 failed=0

mkdir -p "$build/findings"
for name in "$@"; do
	mkdir -p "$build/corpus/$name"
	log=$build/fuzz_$name.log
	words=
	[ -f "tests/fuzz/$name.dict" ] && words=-dict=tests/fuzz/$name.dict
	if "$build/fuzz_$name" $words -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
	   -artifact_prefix="$build/findings/$name-" "$build/corpus/$name" \
	   "tests/fuzz/seeds/$name" >"$log" 2>&1; then
		passed=$((passed + 1))
		printf '  %-12s %s\n' "$name" "$(sed -n 's/^Done //p' "$log")"
	else
		failed=$((failed + 1))
		tail -n 60 "$log"
		echo "To repeat:"
		for f in "$build/findings/$name"-*; do
			echo "  $build/fuzz_$name $f"
		done
		echo "Once it is mended the input belongs into tests/fuzz/seeds/$name."
	fi
done
echo "fuzz: $passed passed, $failed failed"
[ $failed = 0 ]
