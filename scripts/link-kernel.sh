#!/bin/sh
# scripts/link-kernel.sh OUT "LINK COMMAND" "OBJECTS" "LIBRARIES": links the image twice, the second time with the
# table of function names of the first. The table is the last thing among the constants, so no code moves;
# should it move all the same, the build fails.
set -eu

out=$1 link=$2 objects=$3 libs=$4
tmp=$out.link
mkdir -p "$tmp"

text_of() {
	nm -n "$1" | awk '$2 == "t" || $2 == "T"'
}

gcc -std=gnu11 -O1 -o "$tmp/gen-symbols" scripts/gen-symbols.c
"$tmp/gen-symbols" </dev/null >"$tmp/symbols.S"
gcc -c "$tmp/symbols.S" -o "$tmp/symbols.o"
# shellcheck disable=SC2086
$link $objects "$tmp/symbols.o" $libs -o "$tmp/first.elf"

nm -n "$tmp/first.elf" | "$tmp/gen-symbols" >"$tmp/symbols.S"
gcc -c "$tmp/symbols.S" -o "$tmp/symbols.o"
# shellcheck disable=SC2086
$link $objects "$tmp/symbols.o" $libs -o "$tmp/second.elf" -Wl,-Map,"$out.map"

text_of "$tmp/first.elf" >"$tmp/first.text"
text_of "$tmp/second.elf" >"$tmp/second.text"
cmp -s "$tmp/first.text" "$tmp/second.text" || {
	echo "link-kernel: the second link moved code" >&2
	exit 1
}
mv "$tmp/second.elf" "$out"
rm -r "$tmp"
