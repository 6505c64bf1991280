#!/bin/bash
# gdb on weir, with symbols and printers, stopped at panic: scripts/debug.sh [run.sh options]
# The console goes to build/debug.console.
set -eu
cd "$(dirname "$0")/.."
case ${1-} in
-h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
esac
out=${O:-build}
command -v gdb >/dev/null || { echo "debug: no gdb: run scripts/install.sh test" >&2; exit 1; }

./run.sh --no-build --debug "$@" </dev/null >"$out/debug.console" 2>&1 &
vm=$!
trap 'kill "$vm" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
	[ ! -S "$out/gdb.sock" ] || break
	kill -0 "$vm" 2>/dev/null || { cat "$out/debug.console" >&2; exit 1; }
	sleep 0.1
done
echo "debug: the console is in $out/debug.console"
gdb -q "$out/weir.elf" -x scripts/weir-gdb.py -ex 'set pagination off' \
	-ex "target remote $out/gdb.sock" -ex 'hbreak panic' ${GDB_ARGS:+$GDB_ARGS} -ex continue
