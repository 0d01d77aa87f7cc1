"""Weights are used only when they are exactly those of the manifest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from livetrack_vcam.detectors.manifest import MODELS, find_model, load_weights, read_manifest
from livetrack_vcam.errors import EXIT_MODEL, ModelError


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


REMEDY = "type: pipx reinstall livetrack-vcam"


def assert_refused(folder: Path, what: str, name: str = "blazeface", remedy: str = REMEDY) -> None:
    with pytest.raises(ModelError, match=what) as caught:
        load_weights(name, folder)
    message = str(caught.value)
    assert caught.value.exit_code == EXIT_MODEL
    assert message.endswith(remedy)
    assert "\n" not in message


@pytest.mark.parametrize("model", read_manifest(), ids=lambda m: m.name)
def test_every_model_of_the_package_is_intact(model: object) -> None:
    name = model.name  # type: ignore[attr-defined]
    assert len(load_weights(name)) == find_model(name).bytes


@pytest.mark.parametrize("model", read_manifest(), ids=lambda m: m.name)
def test_every_model_says_where_it_is_from_and_under_which_license(model: object) -> None:
    for fact in ("source", "made", "runtime", "finds", "license", "facts"):
        assert getattr(model, fact)


def test_every_file_in_the_folder_is_in_the_manifest() -> None:
    files = {path.name for path in MODELS.iterdir()} - {"manifest.json", "catalog.json"}
    assert files == {model.file for model in read_manifest()}


def test_a_missing_file_is_named(models: Path) -> None:
    (models / "blazeface-back-256.tflite").unlink()
    assert_refused(models, r"blazeface-back-256\.tflite cannot be read")


def test_a_truncated_file_is_refused(models: Path) -> None:
    path = models / "blazeface-back-256.tflite"
    path.write_bytes(path.read_bytes()[:-1])
    assert_refused(models, "315331 bytes instead of 315332")


def test_one_flipped_bit_is_refused(models: Path) -> None:
    path = models / "blazeface-back-256.tflite"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    assert_refused(models, "damaged")


def test_an_unknown_model_is_refused(models: Path) -> None:
    assert_refused(models, "no model is named 'nothing'", "nothing", "livetrack-vcam models list")


def test_a_missing_manifest_is_refused(models: Path) -> None:
    (models / "manifest.json").unlink()
    assert_refused(models, r"manifest\.json cannot be read")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"models": [{"name": "blazeface"}]}'])
def test_a_damaged_manifest_is_refused(models: Path, text: str) -> None:
    (models / "manifest.json").write_text(text)
    assert_refused(models, r"manifest\.json is damaged")


def test_a_manifest_that_names_other_weights_refuses_them(models: Path) -> None:
    path = models / "manifest.json"
    content = json.loads(path.read_text())
    for model in content["models"]:
        model["sha256"] = "0" * 64
    path.write_text(json.dumps(content))
    assert_refused(models, "wrong sha256")
