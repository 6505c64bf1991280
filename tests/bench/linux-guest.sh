#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the Linux guest that weir is measured beside: tests/bench/linux-guest.sh DIR APP...
# DIR/vmlinuz is Debian's cloud kernel, fetched and unpacked there, never installed; DIR/initrd.gz holds busybox,
# the virtio drivers and the APPs (static programs). linux-init.sh is its /init.
set -eu

dir=$1
shift
here=$(dirname "$(readlink -f "$0")")
apps=$(for app; do readlink -f "$app"; done)
mkdir -p "$dir"
cd "$dir"

if [ ! -d kernel ]; then
	package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	if [ -z "$package" ]; then
		echo "linux-guest: apt knows no linux-image-cloud-amd64; run apt-get update" >&2
		exit 1
	fi
	apt-get download -q "$package"
	dpkg -x "$package"_*.deb unpacking
	rm -f "$package"_*.deb
	mv unpacking kernel
fi
cp kernel/boot/vmlinuz-* vmlinuz

busybox=$(command -v busybox) || { echo "linux-guest: no busybox; run scripts/install.sh bench" >&2; exit 1; }
rm -rf root
mkdir -p root/bin root/modules root/proc root/dev
cp "$busybox" root/bin/busybox
for tool in sh mount insmod ip sleep; do ln -s busybox root/bin/$tool; done
for app in $apps; do cp "$app" root/bin; done
# iproute2 with its libraries: busybox knows no -batch, and routes one by one take minutes.
ip=$(command -v ip)
for file in "$ip" $(ldd "$ip" | grep -o '/[^ ]*'); do
	mkdir -p "root/$(dirname "$file")"
	cp -L "$file" "root/$file"
done
[ "$ip" -ef root/sbin/ip ] || { mkdir -p root/sbin && cp -L "$ip" root/sbin/ip; }
cp "$here/linux-init.sh" root/init
chmod +x root/init
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_mmio \
	failover net_failover virtio_net; do
	find kernel/lib/modules -name "$module.ko" -exec cp {} root/modules \;
	echo $module >>root/modules/order
done
(cd root && find . | cpio --quiet -o -H newc) | gzip -1 >initrd.gz

# iptables and its modules lie in an archive of their own: only routers with rules need them.
rm -rf netfilter
mkdir -p netfilter/sbin netfilter/modules netfilter/run
tool=$(readlink -f "$(command -v iptables-legacy-restore)") || { echo "linux-guest: no iptables" >&2; exit 1; }
for file in $(ldd "$tool" | grep -o '/[^ ]*') $(find /usr/lib /lib -path '*/xtables/lib[ix][pt]*.so'); do
	mkdir -p "netfilter/$(dirname "$file")"
	cp -L "$file" "netfilter/$file"
done
cp "$tool" netfilter/sbin/xtables-legacy-multi
ln -s xtables-legacy-multi netfilter/sbin/iptables-restore
for module in x_tables ip_tables iptable_filter nf_defrag_ipv6 nf_defrag_ipv4 libcrc32c nf_conntrack nf_nat \
	iptable_nat xt_tcpudp xt_multiport xt_conntrack xt_MASQUERADE; do
	find kernel/lib/modules -name "$module.ko" -exec cp {} netfilter/modules \;
	echo $module >>netfilter/modules/netfilter
done
(cd netfilter && find . | cpio --quiet -o -H newc) | gzip -1 >netfilter.gz
