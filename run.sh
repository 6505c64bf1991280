#!/bin/bash
# Boots weir in QEMU, or runs its tests. The only place that knows QEMU's command line.
set -eu

usage() {
	cat <<'T'
usage: ./run.sh [OPTION]... [-- QEMU-ARGUMENT...]   build what is missing and boot weir
       ./run.sh test                                install what is missing and run every test

Without options: user-mode networking (no root), DHCP, console on this terminal (Ctrl-A X ends QEMU),
host ports forwarded to the built-in apps: 10007 echo, 10009 sink (UDP and TCP), UDP 10010 its
counter, TCP 10019 source, TCP 10080 httpd. Try it:  curl http://127.0.0.1:10080/

network (each makes one NIC: eth0, eth1, ... in this order; up to 8)
  --tap NAME           on an existing tap of the current network namespace
  --net unix:IN,OUT    on a pair of Unix datagram sockets: QEMU binds IN and sends to OUT,
                       one datagram is one Ethernet frame; no root
  --net user           user-mode network (the default when no NIC is named)
  --net none           no NIC at all
  --pcap FILE          record eth0's frames into FILE

configuration
  --conf DIR           DIR becomes the initrd (cpio newc); its file "rc" is run at boot
  --append TEXT        kernel command line, e.g. 'rc="ip addr add 10.0.0.2/24 dev eth0"'
  --ctl SOCKET         control channel on a Unix socket, for build/weirctl

machine
  --machine q35|microvm   (q35)      --mem SIZE   (32M)
  --uefi               boot build/weir.efi under OVMF (q35)
  --disk FILE          boot a disk image made by --image under OVMF (q35)
  --test-image         boot build/test/weir.elf: it has the selftests, too (--append selftest=list), and tests' programs
  --debug              stop at reset and wait for gdb on build/gdb.sock (make debug does both)

  --image[=FILE]       write a bootable GPT/ESP disk image (build/weir.img) with --conf and --append, and stop
  --no-build           boot what is built        --dry-run   print QEMU's command and stop
  --help               this text

Exit status: 0 when the guest powered off, its own status after a panic or selftest, 3 when QEMU
ended without the guest's word (Ctrl-A X, a reset), 2 for wrong usage.
T
}

die() {
	echo "run.sh: $1" >&2
	[ $# -lt 2 ] || echo "  $2" >&2
	exit 2
}

started_in=$PWD
cd "$(dirname "$(readlink -f "$0")")"
top=$PWD
out=${O:-build}

# A path given by the user means the directory they stand in.
path_of() {
	case $1 in
	/*) printf '%s' "$1" ;;
	*) printf '%s/%s' "$started_in" "$1" ;;
	esac
}

if [ "${1-}" = test ]; then
	shift
	[ $# = 0 ] || die "test takes no arguments (got '$1')" "single parts: make help"
	scripts/install.sh run test
	exec make --no-print-directory check
fi

nics=() conf='' append='' ctl='' machine=q35 mem=32M uefi=no disk='' pcap='' debug=no image='' build=yes dry=no elf=weir.elf
qemu_extra=()
while [ $# -gt 0 ]; do
	case $1 in
	--tap | --net | --conf | --append | --ctl | --machine | --mem | --pcap | --disk)
		[ $# -ge 2 ] || die "$1 needs a value" "./run.sh --help lists the options" ;;&
	--tap) nics+=("tap:$2"); shift ;;
	--net) nics+=("$2"); shift ;;
	--conf) conf=$(path_of "$2"); shift ;;
	--append) append=$2; shift ;;
	--ctl) ctl=$(path_of "$2"); shift ;;
	--machine) machine=$2; shift ;;
	--mem) mem=$2; shift ;;
	--pcap) pcap=$(path_of "$2"); shift ;;
	--disk) disk=$(path_of "$2"); shift ;;
	--uefi) uefi=yes ;;
	--test-image) elf=test/weir.elf ;;
	--debug) debug=yes ;;
	--image) image=$out/weir.img ;;
	--image=*) image=$(path_of "${1#--image=}") ;;
	--no-build) build=no ;;
	--dry-run) dry=yes ;;
	--help | -h) usage; exit 0 ;;
	--) shift; qemu_extra=("$@"); break ;;
	*) die "unknown option '$1'" "./run.sh --help lists the options" ;;
	esac
	shift
done

case $machine in
q35 | microvm) ;;
*) die "unknown machine '$machine'" "--machine takes q35 or microvm" ;;
esac
[[ $mem =~ ^[1-9][0-9]*[MG]?$ ]] || die "bad memory size '$mem'" "--mem takes e.g. 8M, 32M, 1G"
[[ $mem =~ ^[123]M?$ ]] && die "--mem $mem: not enough memory: the image alone takes nearly 3M" "weir needs 4M, and 8M to be comfortable"
if [ $uefi = yes ] || [ -n "$disk" ]; then
	[ $machine = q35 ] || die "UEFI needs --machine q35"
	[ "$mem" != 32M ] || mem=128M # OVMF itself wants more than weir
fi
[ $elf = weir.elf ] || [ "$uefi$disk$image" = no ] || die "--test-image boots as an ELF only"
[ -z "$conf" ] || [ -d "$conf" ] || die "--conf: no directory '$conf'"
[ -z "$disk" ] || [ -f "$disk" ] || die "--disk: no file '$disk'" "./run.sh --image writes one"
[ ${#nics[@]} -gt 0 ] || nics=(user)
[ "${nics[*]}" != none ] || nics=()
[ ${#nics[@]} -le 8 ] || die "${#nics[@]} NICs; weir takes up to 8"
slots=$((8 - 1 - (${#ctl} > 0))) # of virtio-mmio, beside the generator and the control channel
[ $machine = q35 ] || [ ${#nics[@]} -le $slots ] ||
	die "${#nics[@]} NICs; microvm has slots for $slots here" "--machine q35 takes 8"

if [ $build = yes ] && [ $dry = no ]; then
	scripts/install.sh run
	goals=("$out/$elf" "$out/weirctl")
	[ $uefi = no ] && [ -z "$image" ] || goals+=("$out/weir.efi")
	make --no-print-directory -j"$(nproc)" O="$out" "${goals[@]}"
fi

tmp=
cleanup() {
	[ -z "$tmp" ] || rm -rf "$tmp"
}
trap cleanup EXIT

initrd=
if [ -n "$conf" ]; then
	tmp=$(mktemp -d)
	initrd=$tmp/initrd.cpio
	(cd "$conf" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc) >"$initrd"
fi

if [ -n "$image" ]; then
	boot/efi/mkimage.sh "$image" "$out/weir.efi" "$initrd" "$append"
	echo "run.sh: wrote $image; ./run.sh --disk $image boots it"
	exit 0
fi

# An EFI program gets no initrd from QEMU: it comes from a disk, as it would on a machine.
if [ $uefi = yes ] && [ -n "$initrd" ] && [ $dry = no ]; then
	disk=$tmp/weir.img
	boot/efi/mkimage.sh "$disk" "$out/weir.efi" "$initrd" "$append" >/dev/null
fi

# QEMU hands no initrd to an EFI program: both go onto a disk.
if [ $uefi = yes ] && [ -n "$initrd" ]; then
	disk=$tmp/weir.img
	[ $dry = yes ] || boot/efi/mkimage.sh "$disk" "$out/weir.efi" "$initrd" "$append"
fi

# ---- QEMU's command line

# With plain -smp 1 TCG leaves out memory barriers while the device runs in another thread.
qemu=(qemu-system-x86_64 -accel tcg -smp '1,maxcpus=2' -m "$mem" -nodefaults -no-user-config
	-display none -no-reboot -device 'isa-debug-exit,iobase=0xf4,iosize=4')
if [ $machine = microvm ]; then
	qemu+=(-M 'microvm,acpi=off,rtc=on' -global virtio-mmio.force-legacy=false)
	bus=device
else
	qemu+=(-M q35)
	bus=pci
fi

if [ -t 0 ]; then
	qemu+=(-serial mon:stdio)
else
	qemu+=(-chardev 'stdio,id=console,signal=off' -serial chardev:console)
fi
if [ -n "$ctl" ]; then
	[ $dry = yes ] || rm -f "$ctl"
	qemu+=(-chardev "socket,id=ctl,path=$ctl,server=on,wait=off"
		-device "virtio-serial-$bus,max_ports=1" -device 'virtconsole,chardev=ctl')
fi
qemu+=(-object 'rng-random,id=rng,filename=/dev/urandom' -device "virtio-rng-$bus,rng=rng")

n=0
for nic in ${nics[@]+"${nics[@]}"}; do
	case $nic in
	user)
		netdev="user,id=n$n"
		[ $n -gt 0 ] || for port in udp:7 udp:9 udp:10 tcp:7 tcp:9 tcp:19 tcp:80; do
			netdev+=",hostfwd=${port%:*}:127.0.0.1:$((10000 + ${port#*:}))-:${port#*:}"
		done ;;
	tap:*)
		netdev="tap,id=n$n,ifname=${nic#tap:},script=no,downscript=no"
		# A recording of a tap with virtio headers would carry them in front of every frame.
		[ -z "$pcap" ] || [ $n -gt 0 ] || netdev+=,vnet_hdr=off ;;
	unix:*,*)
		in=$(path_of "${nic#unix:}") ; in=${in%%,*}
		to=$(path_of "${nic#*,}")
		[ $dry = yes ] || rm -f "$in"
		netdev="dgram,id=n$n,local.type=unix,local.path=$in,remote.type=unix,remote.path=$to" ;;
	*) die "unknown network '$nic'" "--net takes user, none or unix:IN,OUT; --tap takes a tap's name" ;;
	esac
	mac=$(printf '52:54:00:12:34:%02x' $((0x56 + n)))
	opts="netdev=n$n,mac=$mac"
	[ $bus = device ] || opts+=,romfile=,disable-legacy=on
	qemu+=(-netdev "$netdev" -device "virtio-net-$bus,$opts")
	[ -z "$pcap" ] || [ $n -gt 0 ] || qemu+=(-object "filter-dump,id=dump,netdev=n0,file=$pcap")
	n=$((n + 1))
done

if [ -n "$disk" ]; then
	qemu+=(-bios /usr/share/ovmf/OVMF.fd -drive "file=$disk,format=raw,if=none,id=disk,snapshot=on"
		-device 'virtio-blk-pci,drive=disk,bootindex=0')
else
	kernel=$out/$elf
	if [ $uefi = yes ]; then
		kernel=$out/weir.efi
		qemu+=(-bios /usr/share/ovmf/OVMF.fd)
	fi
	qemu+=(-kernel "$kernel")
	[ -z "$initrd" ] || qemu+=(-initrd "$initrd")
	[ -z "$append" ] || qemu+=(-append "$append")
fi
if [ $debug = yes ]; then
	[ $dry = yes ] || rm -f "$out/gdb.sock"
	qemu+=(-chardev "socket,id=gdb,path=$out/gdb.sock,server=on,wait=off" -gdb chardev:gdb -S)
	echo "run.sh: stopped at reset; gdb $out/$elf -x scripts/weir-gdb.py -ex 'target remote $out/gdb.sock'" >&2
fi
qemu+=(${qemu_extra[@]+"${qemu_extra[@]}"})

if [ $dry = yes ]; then
	printf '%q ' "${qemu[@]}"
	echo
	exit 0
fi

# In the background, so that a signal to this script ends QEMU at once; standard input stays ours.
exec 3<&0
"${qemu[@]}" <&3 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true' TERM INT HUP
status=0
wait "$pid" || status=$?
while kill -0 "$pid" 2>/dev/null; do # a signal ended the wait, not QEMU
	status=0
	wait "$pid" || status=$?
done
trap - TERM INT HUP

# isa-debug-exit ends QEMU with (v << 1) | 1; the guest writes 0x10 plus its status.
if [ $status -ge 33 ] && [ $status -lt 128 ] && [ $((status & 1)) = 1 ]; then
	exit $(((status - 33) / 2))
elif [ $status = 0 ]; then
	exit 3
fi
exit $status
