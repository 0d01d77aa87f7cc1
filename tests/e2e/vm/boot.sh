#!/bin/bash
# boot.sh KERNEL_RELEASE INITRAMFS OUT TIMEOUT_S: run OUT/job as the guest's first process; no KVM needed.
# Nehalem, because OBS's software renderer dies of what QEMU emulates of newer processors (AVX).
set -euo pipefail
kernel=$1 initramfs=$2 out=$3 limit=$4
exec timeout "$limit" qemu-system-x86_64 \
  -accel tcg,thread=multi,tb-size=512 -cpu Nehalem -smp 2 -m 3072 \
  -kernel "/boot/vmlinuz-$kernel" -initrd "$initramfs" \
  -append "console=ttyS0 loglevel=4 panic=-1 mitigations=off nokaslr tsc=reliable" \
  -nodefaults -no-user-config -display none -serial stdio -serial "file:$out/results.jsonl" -no-reboot -nic none \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  -virtfs "local,path=$out,mount_tag=out,security_model=none" </dev/null >"$out/console" 2>&1
