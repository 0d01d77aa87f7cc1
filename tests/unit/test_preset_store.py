"""The file of presets: whole or as before, never lost, whoever else writes into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livetrack_vcam.control import request_from_json
from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.operating import preset_store
from livetrack_vcam.operating.preset_store import MAX_PRESETS, PresetStore
from livetrack_vcam.user_folders import config_folder

CALM = {"main": {"speed": "calm", "headroom": None}}
VALUES = {
    "speed": st.sampled_from(["calm", "normal", "fast", "sport", "cinema"]),
    "aspect": st.sampled_from(["16:9", "9:16", "1:1"]),
    "subject": st.sampled_from(["auto", "group", "label:dog"]),
    "headroom": st.none() | st.floats(0, 0.5),
    "max_zoom": st.floats(1, 100),
    "cuts": st.booleans(),
}
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).map(
    lambda name: name.strip()[:64].strip()
)
SHOTS = st.dictionaries(
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True),
    st.fixed_dictionaries({}, optional=VALUES),
    max_size=3,
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES.filter(bool), SHOTS, max_size=5))
def test_what_is_kept_is_what_another_process_finds(presets: dict[str, dict[str, object]]) -> None:
    with TemporaryDirectory() as name:
        store = PresetStore(Path(name))
        for preset, shots in presets.items():
            store.save(preset, shots)  # type: ignore[arg-type]
        other = PresetStore(Path(name))
        assert other.names == store.names == tuple(sorted(presets))
        for preset, shots in presets.items():
            assert other.preset(preset) == {
                shot: tuple(
                    (LIVE_FIELDS[key].attribute, LIVE_FIELDS[key].read(value))
                    for key, value in values.items()  # type: ignore[attr-defined]
                )
                for shot, values in shots.items()
            }


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\con", "🎬" * 64, "עברית", "a/b", "%00", ".", '"}', "é"]
)
def test_odd_names_are_names_like_any_other_and_never_files(folder: Path, name: str) -> None:
    request = request_from_json({"command": "save_preset", "preset": f" {name} "})
    assert getattr(request, "preset", None) == name
    store = PresetStore(folder / "deep" / "er")
    store.save(name, CALM)
    store.assign(name, name)
    other = PresetStore(folder / "deep" / "er")
    assert (other.names, other.scenes) == ((name,), {name: name})
    assert files(folder) == ["deep"]
    assert files(folder / "deep" / "er") == ["presets.json"]


def broken_files() -> dict[str, bytes]:
    good = {"livetrack_presets": 1, "presets": {}, "scenes": {}}
    return {
        "empty": b"",
        "cut off": b'{"livetrack_presets": 1, "pres',
        "no UTF-8": b"\xff\xfe\x00",
        "too deep": b"[" * 100_000,
        "not ours": b'{"profiles": []}',
        "another version": json.dumps({**good, "livetrack_presets": 2}).encode(),
        "a list": b"[1, 2]",
        "presets that are a list": json.dumps({**good, "presets": []}).encode(),
        "a shot that is a number": json.dumps({**good, "presets": {"a": {"main": 1}}}).encode(),
        "scenes that are numbers": json.dumps({**good, "scenes": {"Live": 1}}).encode(),
        "a name of 10 kB": json.dumps({**good, "presets": {"n" * 10_000: {}}}).encode(),
        "a name of two lines": json.dumps({**good, "presets": {"a\nb": {}}}).encode(),
        "a scene of 10 kB": json.dumps({**good, "scenes": {"s" * 10_000: "a"}}).encode(),
        "half a character": b'{"livetrack_presets": 1, "presets": {"\\ud800": {}}}',
    }


@pytest.mark.parametrize("kind", list(broken_files()))
def test_a_file_that_cannot_be_used_is_kept_beside_and_told_once(
    folder: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    content = broken_files()[kind]
    (folder / "presets.json").write_bytes(content)
    store = PresetStore(folder)
    assert store.names == ()
    assert "kept as presets.json.broken-1" in (store.trouble or "")
    assert len(store.trouble or "") < 500
    store.save("calm", CALM)
    assert (folder / "presets.json.broken-1").read_bytes() == content
    assert store.trouble is not None
    assert caplog.text.count("broken-1") == 1
    (folder / "presets.json.broken-1").unlink()
    assert store.trouble is None


def test_each_broken_file_is_kept_under_a_name_of_its_own(folder: Path) -> None:
    for number in (1, 2, 3):
        (folder / "presets.json").write_text(f"broken {number}")
        assert f"broken-{number}" in (PresetStore(folder).trouble or "")
    kept = [(folder / f"presets.json.broken-{number}").read_text() for number in (1, 2, 3)]
    assert kept == ["broken 1", "broken 2", "broken 3"]


def test_what_breaks_while_we_run_is_kept_too_before_anything_is_written(folder: Path) -> None:
    store = PresetStore(folder)
    store.save("calm", CALM)
    (folder / "presets.json").write_text("half of an edit")
    store.save("wild", CALM)
    assert (folder / "presets.json.broken-1").read_text() == "half of an edit"
    assert PresetStore(folder).names == ("wild",)


def test_a_pipe_or_a_folder_of_that_name_is_put_aside_and_never_read(folder: Path) -> None:
    os.mkfifo(folder / "presets.json")
    assert PresetStore(folder).trouble is not None
    (folder / "presets.json").mkdir()
    store = PresetStore(folder)
    store.save("calm", CALM)
    assert files(folder) == ["presets.json", "presets.json.broken-1", "presets.json.broken-2"]


def test_a_crash_while_writing_leaves_the_old_file(folder: Path) -> None:
    PresetStore(folder).save("calm", CALM)
    before = (folder / "presets.json").read_bytes()
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from livetrack_vcam.operating import preset_store\n"
        "preset_store.publish = lambda draft, path: os._exit(9)\n"
        "preset_store.PresetStore(Path(sys.argv[1])).save('wild', {'main': {'speed': 'sport'}})\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert done.returncode == 9
    assert len(files(folder)) == 2  # the draft is left
    assert (folder / "presets.json").read_bytes() == before
    store = PresetStore(folder)
    assert (store.names, store.trouble) == (("calm",), None)
    store.save("wild", CALM)
    assert PresetStore(folder).names == ("calm", "wild")


def fail_with(code: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("step", ["fsync", "publish"])
def test_a_disk_that_refuses_leaves_the_old_file_and_no_draft(
    folder: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PresetStore(folder)
    store.save("calm", CALM)
    before = (folder / "presets.json").read_bytes()
    owner = preset_store if step == "publish" else preset_store.os
    monkeypatch.setattr(owner, step, fail_with(28))
    for change in (
        lambda: store.save("wild", CALM),
        lambda: store.delete("calm"),
        lambda: store.assign("Live", "calm"),
    ):
        with pytest.raises(ValueError, match=r"No space left on device.*LIVETRACK_CONFIG_DIR"):
            change()
    assert files(folder) == ["presets.json"]
    assert (folder / "presets.json").read_bytes() == before
    assert (store.names, store.scenes) == (("calm",), {})


def test_a_broken_file_that_cannot_be_moved_is_never_overwritten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "presets.json").write_text("broken")
    monkeypatch.setattr(Path, "rename", fail_with(1))
    store = PresetStore(folder)
    with pytest.raises(ValueError, match="cannot be used"):
        store.save("calm", CALM)
    assert (folder / "presets.json").read_text() == "broken"
    monkeypatch.undo()
    store.save("calm", CALM)
    assert (folder / "presets.json.broken-1").read_text() == "broken"


def test_two_programs_keep_presets_side_by_side(folder: Path) -> None:
    one, other = PresetStore(folder), PresetStore(folder)
    one.save("calm", CALM)
    other.save("wild", CALM)
    one.save("calm", {"tall": {"speed": "sport"}})
    assert PresetStore(folder).names == ("calm", "wild")
    assert list(other.preset("calm")) == ["tall"]
    other.delete("calm")
    with pytest.raises(ValueError, match="no preset 'calm'; there is: 'wild'"):
        one.preset("calm")


def test_processes_that_write_at_once_leave_a_whole_file_of_one_of_them(folder: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from livetrack_vcam.operating.preset_store import PresetStore\n"
        "for _ in range(60):\n"
        "    PresetStore(Path(sys.argv[1])).save(sys.argv[2], {'main': {'speed': 'sport'}})\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(folder), name])
        for name in ("one", "two", "three")
    ]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    store = PresetStore(folder)
    assert store.trouble is None
    assert set(store.names) & {"one", "two", "three"}
    assert files(folder) == ["presets.json"]


def test_there_is_room_for_so_many_presets_and_the_last_can_still_be_kept_anew(
    folder: Path,
) -> None:
    data = {"livetrack_presets": 1, "presets": {f"{i}": CALM for i in range(MAX_PRESETS)}}
    (folder / "presets.json").write_text(json.dumps(data))
    store = PresetStore(folder)
    with pytest.raises(ValueError, match="200 presets already; delete one"):
        store.save("one more", CALM)
    store.save("0", {"main": {"speed": "sport"}})
    store.delete("1")
    store.save("one more", CALM)
    with pytest.raises(ValueError, match=r"no preset '1'; there is: '0', '10', .*, …$"):
        store.preset("1")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"zoom": 2},
            "preset 'mine' in .*presets.json is wrong: shot 'main' has no setting 'zoom'",
        ),
        ({"min_crop_height": 2}, "no setting 'min_crop_height'"),
        ({"speed": "warp"}, "setting 'speed' of shot 'main': .*'warp'"),
        ({"aspect": "9"}, "setting 'aspect' of shot 'main': "),
        ({"subject": "label:"}, "setting 'subject' of shot 'main': "),
        ({"max_zoom": float("nan")}, "setting 'max_zoom' of shot 'main': .*nan"),
        ({"headroom": []}, "setting 'headroom' of shot 'main': "),
    ],
)
def test_a_preset_edited_into_nonsense_is_refused_by_its_name_and_field(
    folder: Path, values: dict[str, object], said: str
) -> None:
    data = {"livetrack_presets": 1, "presets": {"mine": {"main": values}, "calm": CALM}}
    (folder / "presets.json").write_text(json.dumps(data))
    store = PresetStore(folder)
    with pytest.raises(ValueError, match=said):
        store.preset("mine")
    assert store.preset("calm")["main"][0][0] == "speed"
    assert files(folder) == ["presets.json"]


def test_the_folder_is_the_users_or_the_one_that_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVETRACK_CONFIG_DIR", str(folder))
    assert config_folder() == folder
    assert PresetStore().path == folder / "presets.json"
    monkeypatch.setenv("LIVETRACK_CONFIG_DIR", "")
    assert config_folder().name == "livetrack-vcam"
