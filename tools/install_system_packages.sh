#!/bin/sh
# Installs what the tests need beside Python packages, on Debian and Ubuntu, if this user may.
set -eu
packages="chromium obs-studio obs-plugins xvfb openbox xdotool wmctrl at-spi2-core dbus-x11
  gir1.2-atspi-2.0 python3-gi libgl1-mesa-dri qemu-system-x86 busybox-static cpio kmod ffmpeg v4l-utils opencv-doc
  linux-image-amd64 linux-headers-amd64 v4l2loopback-dkms firefox-esr golang-go
  golang-github-pion-webrtc.v3-dev"

# Whoever has Node.js from elsewhere has npm with it, and Debian's would not go beside it.
command -v npm >/dev/null || packages="$packages nodejs npm"

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then as_root=""
elif sudo -n true 2>/dev/null; then as_root="sudo"
else
  echo "These packages are missing and may not be installed by this user:$missing"
  echo "Ask for them: sudo apt-get install$missing"
  exit 1
fi
echo "Installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086  # a list of words is meant
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null

# Where the running kernel has no headers (a container, a small guest), dkms may have built nothing.
for build in /lib/modules/*/build; do
  kernel=$(basename "$(dirname "$build")")
  ls /lib/modules/"$kernel"/updates/dkms/v4l2loopback.ko* >/dev/null 2>&1 \
    || $as_root dkms autoinstall -k "$kernel"
done
