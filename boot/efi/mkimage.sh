#!/bin/sh
# boot/efi/mkimage.sh IMAGE WEIR.EFI [INITRD [CMDLINE]]: writes a disk image that UEFI boots: GPT, one EFI system
# partition, the loader in its fall-back place. Needs no root: the file system is written inside the file.
set -eu

[ $# -ge 2 ] || {
	echo "usage: boot/efi/mkimage.sh IMAGE WEIR.EFI [INITRD [CMDLINE]]" >&2
	exit 2
}
image=$1 efi=$2 initrd=${3-} cmdline=${4-}

for tool in sfdisk mformat mmd mcopy; do
	command -v $tool >/dev/null || PATH=$PATH:/usr/sbin:/sbin
	command -v $tool >/dev/null || {
		echo "mkimage: $tool is missing; scripts/install.sh run installs it" >&2
		exit 1
	}
done

# A partition of 44 MiB behind 1 MiB; firmware wants FAT32, which needs some 33 MiB. More only for a large initrd.
mib=44
[ -z "$initrd" ] || mib=$((mib + $(wc -c <"$initrd") / 1048576))
sectors=$((mib * 2048))

tmp=$image.tmp
trap 'rm -f "$tmp" "$tmp.txt"' EXIT
rm -f "$tmp"
truncate -s $((mib + 2))M "$tmp"
printf 'label: gpt\nstart=2048, size=%d, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=weir\n' $sectors |
	sfdisk -q "$tmp"
esp=$tmp@@1M
mformat -i "$esp" -F -T $sectors -h 255 -s 63 -v WEIR ::
mmd -i "$esp" ::/EFI ::/EFI/BOOT
mcopy -i "$esp" "$efi" ::/EFI/BOOT/BOOTX64.EFI
[ -z "$initrd" ] || mcopy -i "$esp" "$initrd" ::/initrd.cpio
if [ -n "$cmdline" ]; then
	printf '%s\n' "$cmdline" >"$tmp.txt"
	mcopy -i "$esp" "$tmp.txt" ::/cmdline.txt
fi
mv "$tmp" "$image"
