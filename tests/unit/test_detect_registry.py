"""Detectors are made by the names the user types, and cost nothing until they are opened."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from livetrack_vcam.detectors.registry import (
    automatic_names,
    detector_names,
    make_detector,
    make_detector_of,
)
from livetrack_vcam.errors import EXIT_USAGE, SettingsError


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("auto", "auto"),
        ("yolov4-tiny", "yolov4-tiny"),
        ("blazeface, yolov4-tiny", "blazeface,yolov4-tiny"),
        ("blazeface,blazeface", "blazeface"),
    ],
)
def test_names_make_the_detectors_they_name(names: str, expected: str) -> None:
    assert make_detector(names).name == expected


@pytest.mark.parametrize("names", ["auto", "yolov4-tiny", "blazeface,yolov4-tiny"])
def test_a_label_nobody_knows_is_refused_with_the_nearest(names: str) -> None:
    make_detector(names, ["dog"])
    with pytest.raises(SettingsError, match="did you mean 'dog'"):
        make_detector(names, ["dogg"])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("yolo4-tiny", "did you mean yolov4-tiny?"),
        ("auto,blazeface", "cannot be combined"),
        ("", "choose from: auto, yolov4-tiny, blazeface"),
        ("blazeface,,", "no detector is named ''"),
    ],
)
def test_an_unknown_name_is_answered_with_the_choices(names: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        make_detector(names)
    assert said in str(caught.value)
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize("label", ["sports ball", "dog"])
@pytest.mark.parametrize("names", ["blazeface", "yunet"])
def test_what_a_detector_never_finds_cannot_be_followed_with_it(names: str, label: str) -> None:
    with pytest.raises(SettingsError, match=f"finds no {label}.* --detector yolov4-tiny,{names}"):
        make_detector_of([label], names)
    assert label in make_detector_of([label], f"yolov4-tiny,{names}").labels


@pytest.mark.parametrize("names", ["blazeface", "yolov4-tiny", "auto"])
def test_a_face_is_enough_to_follow_a_person(names: str) -> None:
    assert make_detector_of(["person"], names).name == names


def test_every_listed_name_can_be_made() -> None:
    for name in detector_names():
        assert make_detector(name).name == name


def test_making_a_detector_does_not_load_the_runtime() -> None:
    code = (
        "import sys; from livetrack_vcam.detectors.registry import make_detector; "
        "make_detector('auto'); print('ai_edge_litert' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.shared
def test_auto_takes_yolox_nano_once_the_user_has_it(
    shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIVETRACK_MODELS", str(tmp_path))
    assert automatic_names() == ("yolov4-tiny", "blazeface")
    shutil.copy(shared / "models" / "yolox_nano.onnx", tmp_path)
    assert automatic_names() == ("yolox-nano", "blazeface")
