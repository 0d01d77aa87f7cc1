"""Options and config files to Settings, and the sentences for what is refused."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.core.fields import LIVE_FIELDS
from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.settings import build_settings, read_config, to_toml
from livetrack_vcam.shot_settings import LONG_SIDE, SHORT_SIDE, check_canvas, default_size
from livetrack_vcam.sink_spec import SinkSpec


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"aspect": "0:1"}, "zero side"),
        ({"aspect": "abc"}, "not W:H"),
        ({"aspect": "16:9:4"}, "not W:H"),
        ({"aspect": "5:1"}, "outside 1:4 to 4:1"),
        ({"aspect": "-16:9"}, "not W:H"),
        ({"size": "1281x720"}, "odd side.*try 1282x720"),
        ({"size": "0x0"}, "outside 2x2"),
        ({"size": "big"}, "not WIDTHxHEIGHT"),
        ({"shot": "huge"}, "--shot huge is refused"),
        ({"subject": "track"}, "incomplete"),
        ({"subject": "track:0"}, "incomplete"),
        ({"subject": "track:" + "9" * 5_000}, "incomplete"),
        ({"subject": "tallest"}, "unknown"),
        ({"sink": ["file"]}, "needs a path"),
        ({"sink": ["tape"]}, "'tape' is unknown"),
        ({"sink": ["mjpeg:80"]}, "takes nothing after the colon"),
        ({"sink": ["whip:rtmp://example.org"]}, "takes an http:// or https:// address"),
        ({"sink": ["vcam", "vcam"]}, "same device or file"),
        ({"max_zoom": "0.5"}, "--max-zoom 0.5"),
        ({"port": "70000"}, "port"),
        ({"duration": "0"}, "duration"),
        ({"color": "blue"}, "'color' is unknown"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        build_settings({}, options)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", [name for name, f in LIVE_FIELDS.items() if "maximum" in f.schema])
def test_a_number_may_be_as_large_at_the_start_as_while_it_runs(name: str) -> None:
    field = LIVE_FIELDS[name]
    for limit, beyond in ((field.schema["minimum"], -0.001), (field.schema["maximum"], 0.001)):
        assert isinstance(limit, int | float)
        shot = build_settings({}, {name: str(limit)}).shots[0]
        assert getattr(shot, name) == field.read(limit)
        with pytest.raises(SettingsError, match=name.replace("_", "-")):
            build_settings({}, {name: str(limit + beyond)})
        with pytest.raises(ValueError, match=name):
            field.read(limit + beyond)


def test_the_default_is_what_the_readme_promises() -> None:
    settings = build_settings({}, {"aspect": "1:1"})
    shot = settings.shots[0]
    assert shot.canvas_size() == Size(720, 720)
    assert shot.sink == (SinkSpec("vcam"), SinkSpec("mjpeg"), SinkSpec("room"))
    assert settings.source == "auto"


@given(st.integers(1, 400), st.integers(1, 400))
def test_the_default_canvas_has_the_shape_even_sides_and_720p_class_size(w: int, h: int) -> None:
    ratio = Fraction(w, h)
    if not Fraction(1, 4) <= ratio <= 4:
        return
    size = default_size(ratio)
    assert size.width % 2 == 0
    assert size.height % 2 == 0
    assert max(size.width, size.height) <= LONG_SIDE
    assert min(size.width, size.height) <= SHORT_SIDE
    assert abs(size.width / size.height / float(ratio) - 1) < 0.01


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1", "4:5", "4:3", "3:2", "21:9", "2:1"])
def test_usual_shapes_have_a_canvas_of_exactly_that_ratio(ratio: str) -> None:
    width, height = map(int, ratio.split(":"))
    assert default_size(Fraction(width, height)).aspect_ratio == Fraction(width, height)


def test_a_size_without_an_aspect_ratio_brings_its_own() -> None:
    shot = build_settings({}, {"size": "600x800"}).shots[0]
    assert shot.aspect == Fraction(3, 4)
    assert shot.canvas_size() == Size(600, 800)


def test_the_command_line_wins_over_the_file_and_speaks_of_the_first_shot() -> None:
    config = {
        "speed": "calm",
        "detect_hz": 5,
        "shots": [
            {"name": "wide", "aspect": "16:9", "sink": ["vcam"]},
            {"name": "tall", "aspect": "9:16", "sink": ["vcam:LiveTrack Vertical"]},
        ],
    }
    settings = build_settings(config, {"aspect": "4:3"})
    assert [shot.name for shot in settings.shots] == ["wide", "tall"]
    assert [shot.aspect for shot in settings.shots] == [Fraction(4, 3), Fraction(9, 16)]
    assert {shot.speed.value for shot in settings.shots} == {"calm"}
    assert settings.detect_hz == 5


def test_a_refused_value_is_named_as_it_was_typed() -> None:
    with pytest.raises(SettingsError, match=r"--detect-hz 0\.01 .* greater than or equal to 0\.1"):
        build_settings({}, {"detect_hz": 0.01})
    with pytest.raises(SettingsError, match=r"detect_hz = 0\.01 .*docs/settings\.md"):
        build_settings({"detect_hz": 0.01}, {})


def test_the_number_of_a_camera_may_be_a_number_in_the_config_file() -> None:
    assert build_settings({"source": 0}, {}).source == "0"


def test_two_shots_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="same name"):
        build_settings({"shots": [{"name": "a", "sink": "none"}, {"name": "a"}]}, {})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"aspect": "9:16", "sink": ["none"], "headroom": "0.1", "session": "log.jsonl"},
        {"size": "640x360", "subject": "label:dog", "web": False, "max_zoom": 3},
    ],
)
def test_the_printed_config_reads_back_to_the_same_settings(options: dict[str, Any]) -> None:
    settings = build_settings({}, options)
    assert build_settings(tomllib.loads(to_toml(settings)), {}) == settings


def test_several_shots_survive_the_printed_config() -> None:
    config = {"shots": [{"name": "a", "sink": ["none"]}, {"name": "b", "aspect": "1:1"}]}
    settings = build_settings(config, {})
    assert build_settings(tomllib.loads(to_toml(settings)), {}) == settings


def test_a_missing_or_broken_config_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="print-config"):
        read_config(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("aspect = = 1")
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        read_config(broken)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_config_file_may_be_written_by_an_editor_or_a_shell_of_windows(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('aspect = "9:16"\r\nsource = "Büro 카메라"\r\n'.encode(encoding))
    assert read_config(path) == {"aspect": "9:16", "source": "Büro 카메라"}


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("aspct", "did you mean aspect"),
        ("dead-zone", "did you mean dead_zone"),
        ("Speed", "did you mean speed"),
        ("frobnicate", "docs/settings.md"),
    ],
)
@pytest.mark.parametrize("in_shot", [False, True])
def test_an_unknown_key_is_answered_with_the_one_that_was_meant(
    key: str, meant: str, in_shot: bool
) -> None:
    config = {"shots": [{key: 1}]} if in_shot else {key: 1}
    with pytest.raises(SettingsError, match=f"{key!r} is unknown; .*{meant}"):
        build_settings(config, {})


def test_a_key_in_the_wrong_place_is_told_the_right_one() -> None:
    with pytest.raises(SettingsError, match=r"'port' .* above the first \[\[shots\]\]"):
        build_settings({"shots": [{"port": 1}]}, {})
    with pytest.raises(SettingsError, match=r"'name' .* below a \[\[shots\]\]"):
        build_settings({"name": "main"}, {})


def test_an_asked_size_larger_than_the_source_is_refused_and_the_default_is_not() -> None:
    asked = build_settings({}, {"size": "1920x1080"}).shots[0]
    with pytest.raises(SettingsError, match="more pixels than the source's 640x480"):
        check_canvas(asked, Size(640, 480))
    check_canvas(build_settings({}, {}).shots[0], Size(640, 480))
    check_canvas(build_settings({}, {"size": "1080x1920"}).shots[0], Size(1920, 1080))
