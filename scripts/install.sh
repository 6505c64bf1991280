#!/bin/sh
# Installs the Debian packages that weir needs and this machine lacks: scripts/install.sh run|test|bench ...
# Root, or sudo; with neither it prints the command to run and stops.
set -eu

usage() {
	cat <<'T'
usage: scripts/install.sh GROUP...      install what is missing of
  run     build and boot the image (./run.sh)
  test    run every test (./run.sh test)
  bench   measure weir beside a Linux guest (make bench)
T
}

packages_run="gcc make libc6-dev binutils xz-utils cpio newlib-source gnu-efi qemu-system-x86 ovmf mtools fdisk"
packages_test="git python3 python3-scapy python3-pytest libcriterion-dev clang clang-format clang-tidy
 libclang-rt-14-dev llvm gcovr iproute2 iputils-ping dnsmasq-base tcpdump procps net-tools iptables gdb
 iperf3 nmap traceroute curl wrk apache2-utils netcat-openbsd libnetfilter-queue-dev"
packages_bench="python3 busybox-static iproute2 iputils-ping iptables"

[ $# -gt 0 ] || { usage >&2; exit 2; }
wanted=
for group; do
	case $group in
	run) wanted="$wanted $packages_run" ;;
	test) wanted="$wanted $packages_test" ;;
	bench) wanted="$wanted $packages_bench" ;;
	-h | --help) usage; exit 0 ;;
	*) echo "install: unknown group '$group'" >&2; usage >&2; exit 2 ;;
	esac
done

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | sed -n 's/ installed$//p')
missing=
for p in $wanted; do
	printf '%s\n' "$installed" | grep -qxF "$p" || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
	sudo=sudo
else
	echo "install: packages are missing, and this user is neither root nor may use sudo. Have root run:" >&2
	echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi

echo "install: apt-get install$missing"
$sudo apt-get update -q
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
