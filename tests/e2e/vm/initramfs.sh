#!/bin/bash
# initramfs.sh KERNEL_RELEASE OUT: a small initramfs that mounts the host's root over 9p and runs one job in it.
set -euo pipefail
kernel=$1 out=$2
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{bin,modules,proc,sys,dev,lower,rw,new}
cp "$(command -v busybox)" "$work/bin/busybox"
cp "$here/init" "$work/init"
chmod +x "$work/init"
for module in virtio_pci 9pnet_virtio 9p overlay; do
  /sbin/modprobe -S "$kernel" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r file; do
  cp "$file" "$work/modules/"
  basename "$file" >>"$work/modules/order"
done
(cd "$work" && find . | cpio -o -H newc --quiet | gzip -1) >"$out"
