"""Gathering facts of Linux, from trees of files like those of a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from livetrack_vcam.device_nodes import Roots
from livetrack_vcam.doctor.linux_facts import ConfigLine, DkmsSource, LinuxFacts, LoopbackFacts
from livetrack_vcam.doctor.machine_linux import (
    gather_linux,
    is_installed,
    load_files,
    modprobe_lines,
)
from livetrack_vcam.doctor.machine_loopback import gather_loopback

KERNEL = "6.1.0-28-amd64"


class Tree:
    """The folders of a machine under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.roots = Roots(root / "sys", root / "dev", root / "proc")

    def write(self, path: str, text: str = "") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def linux(self, *said: str, release: str = KERNEL) -> LinuxFacts:
        return gather_linux(lambda *words: " ".join(said), self.root, release)

    def loopback(self) -> LoopbackFacts:
        return gather_loopback(self.roots, root=self.root)

    def add_kernel(self, *modules: str, release: str = KERNEL, builtin: str = "") -> None:
        text = "".join(f"kernel/drivers/{name}.ko.xz: \n" for name in modules)
        self.write(f"lib/modules/{release}/modules.dep", text)
        self.write(f"lib/modules/{release}/modules.builtin", builtin)

    def add_video(self, number: int, label: str, loopback: bool = True) -> Path:
        node = f"sys/class/video4linux/video{number}"
        self.write(f"{node}/name", label + "\n")
        if loopback:
            self.write(f"{node}/max_openers", "10\n")
        return self.write(f"dev/video{number}")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_machine_without_any_of_it_is_not_known(tree: Tree) -> None:
    assert tree.linux() == LinuxFacts(release=KERNEL)
    assert is_installed(tree.root, KERNEL) is None


def test_the_kernel_tells_its_modules_headers_and_package(tree: Tree) -> None:
    tree.add_kernel("media/videodev", "v4l2loopback")
    tree.add_kernel(release="6.1.0-27-amd64")
    before = tree.linux()
    tree.write(f"lib/modules/{KERNEL}/build/Makefile")
    tree.write(f"lib/modules/{KERNEL}/pkgbase", "linux-lts\n")
    facts = tree.linux()
    assert (facts.modules, facts.media, facts.package) == (True, True, "linux-lts")
    assert (before.headers, facts.headers) == (False, True)
    assert facts.other_kernels == ("6.1.0-27-amd64",)
    assert is_installed(tree.root, KERNEL)
    assert is_installed(tree.root, "6.1.0-27-amd64") is False


def test_a_kernel_whose_folder_is_gone_was_replaced(tree: Tree) -> None:
    tree.add_kernel("media/videodev", release="6.1.0-29-amd64")
    facts = tree.linux()
    assert (facts.modules, facts.media, facts.headers) == (False, None, None)
    assert facts.other_kernels == ("6.1.0-29-amd64",)


def test_headers_that_lead_nowhere_are_missing(tree: Tree) -> None:
    tree.add_kernel()
    (tree.root / f"lib/modules/{KERNEL}/build").symlink_to("/nowhere/at/all")
    assert tree.linux().headers is False


def test_cameras_built_into_the_kernel_count(tree: Tree) -> None:
    tree.add_kernel()
    assert tree.linux().media is False
    tree.add_kernel(builtin="kernel/drivers/media/v4l2-core/videodev.ko\n")
    assert tree.linux().media is True


def test_dkms_tells_what_it_built_and_where_it_failed(tree: Tree) -> None:
    folder = "var/lib/dkms/v4l2loopback"
    tree.write(f"{folder}/0.12.7/source/dkms.conf")
    tree.write(f"{folder}/0.12.7/6.1.0-27-amd64/x86_64/module/v4l2loopback.ko.zst")
    tree.write(f"{folder}/0.13.2/source/dkms.conf")
    log = tree.write(f"{folder}/0.13.2/build/make.log")
    tree.write(f"{folder}/kernel-6.1.0-27-amd64-x86_64/module/v4l2loopback.ko")
    assert tree.linux().dkms == (
        DkmsSource("0.12.7", ("6.1.0-27-amd64",)),
        DkmsSource("0.13.2", (), str(log)),
    )


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("/x/mok.pub is already enrolled\n", "enrolled"),
        ("/x/mok.pub is already in the enrollment request\n", "pending"),
        ("/x/mok.pub is not enrolled\n", "missing"),
        ("", ""),
    ],
)
def test_mokutil_is_asked_about_the_key_that_is_there(tree: Tree, said: str, state: str) -> None:
    assert tree.linux(said).mok == ""
    key = tree.write("var/lib/dkms/mok.pub")
    assert (tree.linux(said).mok_key, tree.linux(said).mok) == (str(key), state)


@pytest.mark.parametrize(
    ("file", "text", "release", "around"),
    [
        (".dockerenv", "", KERNEL, "docker"),
        ("run/.containerenv", "", KERNEL, "podman"),
        ("run/systemd/container", "lxc\n", KERNEL, "lxc"),
        (".flatpak-info", "", KERNEL, "flatpak"),
        ("etc/hosts", "", "5.15.167.4-microsoft-standard-WSL2", "wsl"),
        ("etc/hosts", "", KERNEL, ""),
    ],
)
def test_what_we_run_in_is_told_apart(
    tree: Tree, file: str, text: str, release: str, around: str
) -> None:
    tree.write(file, text)
    assert tree.linux(release=release).surroundings == around


def test_images_repositories_and_the_lockdown_are_seen(tree: Tree) -> None:
    tree.write("run/ostree-booted")
    tree.write("etc/yum.repos.d/fedora.repo", "enabled=1\n")
    tree.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    assert (tree.linux().ostree, tree.linux().lockdown) == (True, "integrity")
    assert tree.linux().rpm_fusion is False
    tree.write("etc/yum.repos.d/rpmfusion-free.repo", "[rpmfusion-free]\nenabled=1\n")
    assert tree.linux().rpm_fusion is True
    tree.write("usr/src/akmods/v4l2loopback-kmod.latest")
    assert tree.linux().akmod


def test_modprobes_files_are_read_in_its_order(tree: Tree) -> None:
    tree.write("usr/lib/modprobe.d/50-a.conf", "options v4l2loopback devices=1\n")
    tree.write("usr/lib/modprobe.d/b.conf", "options v4l2loopback devices=2\n")
    tree.write("etc/modprobe.d/b.conf", "# mine\noptions v4l2loopback \\\n  devices=3\n")
    tree.write("etc/modprobe.d/a.conf", "blacklist v4l2loopback\nblacklist pcspkr\n")
    tree.write("etc/modprobe.d/z.conf.new", "options v4l2loopback devices=9\n")
    assert modprobe_lines(tree.root) == (
        ConfigLine("/usr/lib/modprobe.d/50-a.conf", "options v4l2loopback devices=1"),
        ConfigLine("/etc/modprobe.d/a.conf", "blacklist v4l2loopback"),
        ConfigLine("/etc/modprobe.d/b.conf", "options v4l2loopback    devices=3"),
    )


def test_files_that_load_the_module_are_named_and_comments_do_not_count(tree: Tree) -> None:
    tree.write("etc/modules-load.d/a.conf", "# v4l2loopback\nvivid\n")
    assert load_files(tree.root) == ()
    tree.write("etc/modules-load.d/b.conf", "vivid\nv4l2loopback\n")
    tree.write("etc/modules", "v4l2loopback devices=1\n")
    assert load_files(tree.root) == ("/etc/modules-load.d/b.conf", "/etc/modules")


def test_devices_come_from_the_kernels_trees(tree: Tree) -> None:
    tree.write("sys/module/v4l2loopback/version", "0.12.7\n")
    tree.add_video(0, "HD Pro Webcam C920", loopback=False)
    ours = tree.add_video(10, "LiveTrack Camera")
    facts = tree.loopback()
    assert (facts.loaded, facts.version, facts.taken) == (True, "0.12.7", (0,))
    assert facts.device is not None
    assert (facts.node, facts.writable, facts.group) == (True, True, ours.group())
    assert (facts.output, facts.fed) == (None, False)


def test_a_device_without_a_node_is_told_from_one_that_is_closed_to_us(tree: Tree) -> None:
    ours = tree.add_video(10, "LiveTrack Camera")
    ours.chmod(0o640)
    assert (tree.loopback().node, tree.loopback().group_may_write) == (True, False)
    ours.chmod(0o660)
    assert tree.loopback().group_may_write is True
    ours.unlink()
    assert (tree.loopback().node, tree.loopback().writable) == (False, False)


def test_what_is_kept_after_a_boot_needs_both_files_and_no_blacklist(tree: Tree) -> None:
    options = 'options v4l2loopback card_label="LiveTrack Camera" exclusive_caps=1\n'
    tree.write("etc/modprobe.d/livetrack.conf", options)
    assert not tree.loopback().kept_after_boot
    tree.write("etc/modules-load.d/livetrack.conf", "v4l2loopback\n")
    assert tree.loopback().kept_after_boot
    tree.write("etc/modprobe.d/zz.conf", "options v4l2loopback exclusive_caps=0\n")
    assert not tree.loopback().kept_after_boot
    tree.write("etc/modprobe.d/zz.conf", "blacklist v4l2loopback\n")
    assert not tree.loopback().kept_after_boot


def test_the_buffers_are_those_that_the_module_tells(tree: Tree) -> None:
    assert tree.loopback().buffers is None
    tree.write("sys/module/v4l2loopback/parameters/max_buffers", "4\n")
    assert tree.loopback().buffers == 4
