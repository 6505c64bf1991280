#!/bin/sh
# Builds newlib (Debian's newlib-source) for the image: scripts/build-newlib.sh PREFIX STAMP
# The flags are kept short by what weir needs; CFLAGS must match boot/boot.mk's model. What PREFIX held is replaced
# at the end, by a rename, with an empty file STAMP in it: make names it after this script's contents.
set -eu

prefix=${1:?usage: build-newlib.sh PREFIX STAMP}
stamp=${2:?usage: build-newlib.sh PREFIX STAMP}
tarball=$(ls /usr/src/newlib/newlib-*.tar.xz 2>/dev/null | head -n 1)
if [ -z "$tarball" ]; then
	echo "build-newlib: no newlib source: run scripts/install.sh (apt-get install newlib-source)" >&2
	exit 1
fi
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
work=$prefix.tmp.$$
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$work/xbin" "$work/obj"

for t in gcc cc; do ln -s "$(command -v gcc)" "$work/xbin/x86_64-elf-$t"; done
for t in ar as nm ranlib objcopy objdump strip readelf ld; do
	ln -s "$(command -v $t)" "$work/xbin/x86_64-elf-$t"
done
PATH=$work/xbin:$PATH
export PATH

cflags="-ffreestanding -Os -mno-red-zone -fno-pic -fno-pie -mcmodel=kernel -fno-stack-protector
 -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -D__DYNAMIC_REENT__
 -U__linux__ -Ulinux -U__gnu_linux__ -U__unix__ -Uunix -U__unix"
cflags=$(echo $cflags)

echo "newlib: unpacking $tarball"
tar -C "$work" -xJf "$tarball"
src=$(echo "$work"/newlib-*)
cd "$work/obj"
log=$work/log
step() {
	echo "newlib: $1"
	shift
	"$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; echo "newlib: failed" >&2; exit 1; }
}
step configuring "$src/configure" --target=x86_64-elf --prefix="$work/out" --disable-multilib \
	--disable-libgloss --disable-nls --disable-newlib-supplied-syscalls \
	--enable-newlib-retargetable-locking --enable-newlib-io-c99-formats \
	--enable-newlib-io-long-long --enable-newlib-register-fini \
	"CFLAGS_FOR_TARGET=$cflags" MAKEINFO=true
step "compiling (about a minute)" make -j"$(nproc)" all
step installing make install
rm -rf "$work/out/share"
touch "$work/out/$stamp"
rm -rf "$prefix"
mv "$work/out" "$prefix"
echo "newlib: ready in $prefix"
