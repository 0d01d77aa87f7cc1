"""Models of the user's own: only the pinned bytes are ever used, and every refusal says why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livetrack_vcam.detectors import catalog
from livetrack_vcam.detectors.catalog import find_in_catalog, read_catalog
from livetrack_vcam.detectors.manifest import MODELS, is_present, load_weights, model_path
from livetrack_vcam.detectors.store import (
    FOLDER_VARIABLE,
    is_stored,
    read_stored,
    store_folder,
    write_file,
)
from livetrack_vcam.detectors.store_import import MAX_BYTES, import_model
from livetrack_vcam.detectors.store_list import list_models, to_table
from livetrack_vcam.detectors.store_verify import Verdict, verify_models
from livetrack_vcam.errors import EXIT_MODEL, ModelError
from tests.model_catalog import GADGET, SOURCE, THING, converted_entry, entry, write_catalog

CALLS: list[bytes] = []


def turn_around(content: bytes) -> bytes:
    """A converter to test with."""
    CALLS.append(content)
    return content[::-1]


def refuse(content: bytes) -> bytes:
    raise ModelError("model turned cannot be converted; type: something")


TURN = f"{__name__}:turn_around"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model folder and a catalog of two plain models, one to unpack and one to convert."""
    CALLS.clear()
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))

    def in_zip(name: str) -> dict[str, object]:
        return {"url": f"https://models.invalid/{name}.zip", "member": f"{name}.tflite", **limit}

    limit = {"max_bytes": 99999}
    entries = (
        entry("thing", THING, "https://models.invalid/thing.tflite"),
        entry("gadget", GADGET, advice="make it yourself"),
        entry("boxed", THING + THING, origins=[in_zip("b")]),
        entry("wrapped", THING + GADGET, origins=[in_zip("w")]),
        converted_entry(TURN),
    )
    monkeypatch.setattr(catalog, "CATALOG", write_catalog(tmp_path / "catalog.json", *entries))
    return tmp_path / "models"


def put(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def sentence_of(error: pytest.ExceptionInfo[ModelError]) -> str:
    sentence = str(error.value)
    assert error.value.exit_code == EXIT_MODEL
    assert "\n" not in sentence
    return sentence


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_the_folder_is_the_users_data_folder_unless_a_variable_names_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "~/weights")
    assert store_folder() == Path.home() / "weights"
    monkeypatch.setenv(FOLDER_VARIABLE, "~nobody-of-this-name/weights")
    assert store_folder().is_absolute()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, "here")
    assert store_folder() == tmp_path / "here"
    monkeypatch.setenv(FOLDER_VARIABLE, " ")
    assert store_folder().parts[-2:] == ("livetrack-vcam", "models")


def test_a_model_that_is_not_here_says_how_to_get_it(folder: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_weights("thing")
    sentence = sentence_of(caught)
    assert sentence.endswith("type: livetrack-vcam models fetch thing")
    assert "livetrack-vcam models import thing FILE" in sentence
    assert not is_present("thing")
    assert not folder.exists()


def test_a_model_nobody_gives_out_says_how_to_import_it() -> None:
    with pytest.raises(ModelError) as caught:
        load_weights("gadget")
    sentence = sentence_of(caught)
    assert "make it yourself" in sentence
    assert sentence.endswith("type: livetrack-vcam models import gadget FILE")


def test_a_name_nobody_knows_is_answered_with_the_nearest() -> None:
    with pytest.raises(ModelError) as caught:
        load_weights("gadgte")
    assert "did you mean gadget?" in sentence_of(caught)
    assert not is_present("gadgte")


def test_a_whole_file_is_loaded_and_found(folder: Path) -> None:
    path = put(folder, "thing.tflite", THING)
    assert is_present("thing")
    assert load_weights("thing") == THING
    assert model_path("thing") == path


def test_models_of_the_package_are_loaded_from_there() -> None:
    assert is_present("blazeface")
    path = model_path("blazeface")
    assert path.parent == MODELS
    assert path.read_bytes() == load_weights("blazeface")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (THING[:-1], f"has {len(THING) - 1} bytes instead of {len(THING)}"),
        (THING + b"x", f"has {len(THING) + 1} bytes instead of {len(THING)}"),
        (b"", f"has 0 bytes instead of {len(THING)}"),
        (GADGET, "is damaged"),
    ],
)
def test_a_damaged_file_is_not_loaded(folder: Path, content: bytes, problem: str) -> None:
    path = put(folder, "thing.tflite", content)
    for load in (load_weights, model_path):
        with pytest.raises(ModelError) as caught:
            load("thing")
        sentence = sentence_of(caught)
        assert problem in sentence
        assert str(path) in sentence
        assert sentence.endswith("type: livetrack-vcam models fetch thing")


def test_a_folder_in_place_of_the_file_is_not_loaded(folder: Path) -> None:
    (folder / "thing.tflite").mkdir(parents=True)
    with pytest.raises(ModelError, match="cannot be read"):
        load_weights("thing")
    assert not is_present("thing")


def test_another_export_of_the_same_model_is_as_good(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    both = entry("thing", THING)["pins"] + entry("thing", GADGET + b"!")["pins"]
    path = write_catalog(tmp_path / "both.json", entry("thing", THING, pins=both))
    monkeypatch.setattr(catalog, "CATALOG", path)
    put(folder, "thing.tflite", GADGET + b"!")
    assert is_present("thing")
    assert load_weights("thing") == GADGET + b"!"
    put(folder, "thing.tflite", b"x")
    with pytest.raises(ModelError, match=f"has 1 bytes instead of {len(THING)} or"):
        load_weights("thing")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"models": [{"name": "thing"}]}', '{"models": 3}', "\0"]
)
def test_a_damaged_catalog_is_refused(tmp_path: Path, text: str) -> None:
    catalog.CATALOG.write_text(text)
    with pytest.raises(ModelError, match=r"catalog\.json is damaged") as caught:
        load_weights("thing")
    assert sentence_of(caught).endswith("type: pipx reinstall livetrack-vcam")


def test_a_missing_catalog_is_refused() -> None:
    catalog.CATALOG.unlink()
    with pytest.raises(ModelError, match=r"catalog\.json cannot be read"):
        load_weights("thing")


# --- conversion ---------------------------------------------------------------------------------


def test_a_source_is_converted_once_and_then_read(folder: Path) -> None:
    put(folder, "turned.weights", SOURCE)
    assert is_present("turned")
    assert load_weights("turned") == SOURCE[::-1]
    assert load_weights("turned") == SOURCE[::-1]
    assert model_path("turned") == folder / "turned.tflite"
    assert CALLS == [SOURCE]
    assert files(folder) == {"turned.weights", "turned.tflite", "turned.tflite.json"}


def test_a_conversion_outlives_its_source(folder: Path) -> None:
    path = put(folder, "turned.weights", SOURCE)
    load_weights("turned")
    path.unlink()
    assert is_present("turned")
    assert load_weights("turned") == SOURCE[::-1]
    assert list(verify_models(folder))[-1] == Verdict("turned", "")


@pytest.mark.parametrize("damage", [b"", b"x", SOURCE])
def test_a_damaged_conversion_is_made_again(folder: Path, damage: bytes) -> None:
    put(folder, "turned.weights", SOURCE)
    load_weights("turned")
    put(folder, "turned.tflite", damage)
    assert load_weights("turned") == SOURCE[::-1]
    assert (folder / "turned.tflite").read_bytes() == SOURCE[::-1]
    assert CALLS == [SOURCE, SOURCE]


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[]",
        "null",
        "{}",
        "\0\1",
        '{"source_sha256": "0", "version": 1, "bytes": 1, "sha256": "0"}',
        '{"source_sha256": ["0"], "version": 1, "bytes": 1, "sha256": "0"}',
    ],
)
def test_a_conversion_without_a_good_record_is_made_again(folder: Path, record: str) -> None:
    put(folder, "turned.weights", SOURCE)
    load_weights("turned")
    good = (folder / "turned.tflite.json").read_text()
    put(folder, "turned.tflite.json", record.encode())
    assert load_weights("turned") == SOURCE[::-1]
    assert (folder / "turned.tflite.json").read_text() == good
    assert len(CALLS) == 2


def test_a_conversion_of_another_source_is_made_again(folder: Path) -> None:
    put(folder, "turned.weights", SOURCE)
    load_weights("turned")
    path = folder / "turned.tflite.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "source_sha256": "0" * 64}))
    assert load_weights("turned") == SOURCE[::-1]
    assert len(CALLS) == 2


def test_a_newer_converter_converts_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(folder, "turned.weights", SOURCE)
    load_weights("turned")
    newer = write_catalog(tmp_path / "newer.json", converted_entry(TURN, version=2))
    monkeypatch.setattr(catalog, "CATALOG", newer)
    assert load_weights("turned") == SOURCE[::-1]
    assert len(CALLS) == 2
    assert json.loads((folder / "turned.tflite.json").read_text())["version"] == 2


def test_a_damaged_conversion_without_its_source_is_refused(folder: Path) -> None:
    source = put(folder, "turned.weights", SOURCE)
    load_weights("turned")
    source.unlink()
    put(folder, "turned.tflite", SOURCE)
    with pytest.raises(ModelError) as caught:
        load_weights("turned")
    assert sentence_of(caught).endswith("type: livetrack-vcam models fetch turned")
    assert list(verify_models(folder))[-1].problem


def test_a_damaged_source_is_not_converted(folder: Path) -> None:
    put(folder, "turned.weights", SOURCE[:-1] + b"!")
    with pytest.raises(ModelError, match="is damaged"):
        load_weights("turned")
    assert CALLS == []


def test_a_source_that_cannot_be_converted_leaves_no_result(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_catalog(tmp_path / "no.json", converted_entry(f"{__name__}:refuse"))
    monkeypatch.setattr(catalog, "CATALOG", path)
    put(folder, "turned.weights", SOURCE)
    with pytest.raises(ModelError, match="cannot be converted"):
        load_weights("turned")
    assert files(folder) == {"turned.weights"}


# --- import -------------------------------------------------------------------------------------


def test_an_imported_file_is_copied_and_the_users_own_left_alone(
    folder: Path, tmp_path: Path
) -> None:
    mine = put(tmp_path / "downloads", "any name (1).bin", THING)
    assert import_model("thing", mine, folder).name == "thing"
    assert load_weights("thing") == THING
    assert mine.read_bytes() == THING
    assert files(folder) == {"thing.tflite"}


def test_the_content_tells_which_model_it_is(folder: Path, tmp_path: Path) -> None:
    mine = put(tmp_path, "mine", GADGET)
    assert import_model(None, mine, folder).name == "gadget"
    assert load_weights("gadget") == GADGET


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return path


@pytest.mark.parametrize("name", ["wrapped", None])
def test_the_archive_it_comes_in_will_do(folder: Path, tmp_path: Path, name: str | None) -> None:
    archive = zipped(tmp_path / "any.zip", w_tflite=THING + GADGET, labels_txt=b"person")
    assert import_model(name, archive, folder).name == "wrapped"
    assert load_weights("wrapped") == THING + GADGET


def test_an_imported_file_replaces_a_damaged_one(folder: Path, tmp_path: Path) -> None:
    put(folder, "thing.tflite", b"rubbish")
    import_model("thing", put(tmp_path, "mine", THING), folder)
    assert load_weights("thing") == THING


def test_whoever_reads_the_old_file_goes_on_reading_it(folder: Path, tmp_path: Path) -> None:
    with put(folder, "thing.tflite", GADGET).open("rb", buffering=0) as reader:
        import_model("thing", put(tmp_path, "mine", THING), folder)
        assert reader.read() == GADGET


LIMITED = """
import resource, sys
from pathlib import Path
from livetrack_vcam.cli import run_cli
from livetrack_vcam.detectors import catalog
catalog.CATALOG = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
sys.exit(run_cli(["models", "import", "thing", sys.argv[2]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no RLIMIT_FSIZE")
def test_a_full_disk_leaves_the_old_file_and_no_draft(folder: Path, tmp_path: Path) -> None:
    put(folder, "thing.tflite", b"old")
    mine = put(tmp_path, "mine", THING)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(catalog.CATALOG), str(mine)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == EXIT_MODEL
    assert done.stderr.startswith("livetrack-vcam: the disk is full: model file ")
    assert files(folder) == {"thing.tflite"}
    assert (folder / "thing.tflite").read_bytes() == b"old"


def refused(name: str | None, path: Path, folder: Path) -> str:
    before = files(folder)
    with pytest.raises(ModelError) as caught:
        import_model(name, path, folder)
    assert files(folder) == before
    sentence = sentence_of(caught)
    assert str(path) in sentence
    return sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (THING[:-1], f"it has {len(THING) - 1} bytes instead of {len(THING)}"),
        (THING[:-1] + b"!", "it is damaged (wrong sha256)"),
        (b"", "is empty"),
        (b"\n <!DOCTYPE html><html>", "is a web page, not a model"),
        (b"PK\x03\x04 no archive", "instead of"),
        (bytes(MAX_BYTES + 1), "is larger than any model here"),
    ],
    ids=["truncated", "flipped", "empty", "web-page", "zip", "huge"],
)
def test_a_file_that_is_not_the_model_is_refused(
    folder: Path, tmp_path: Path, content: bytes, sentence: str
) -> None:
    said = refused("thing", put(tmp_path, "mine", content), folder)
    assert sentence in said
    assert said.endswith("download it again, from https://models.invalid/thing.tflite")


def test_a_file_that_is_another_model_says_which(folder: Path, tmp_path: Path) -> None:
    mine = put(tmp_path, "my file", GADGET)
    said = refused("thing", mine, folder)
    assert said == f"{mine} is gadget; type: livetrack-vcam models import gadget '{mine}'"


@pytest.mark.parametrize("name", ["thing", None])
def test_a_file_of_the_package_is_recognized(folder: Path, name: str | None) -> None:
    said = refused(name, model_path("blazeface"), folder)
    assert "is blazeface, which comes with the package" in said


def test_a_model_of_the_package_is_not_imported(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="comes with the package"):
        import_model("blazeface", put(tmp_path, "mine", THING), folder)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(THING[:-1], "is no model known here"), (b"", "is empty"), (b"<html>", "is a web page")],
)
def test_a_file_of_no_known_model_is_refused(
    folder: Path, tmp_path: Path, content: bytes, sentence: str
) -> None:
    said = refused(None, put(tmp_path, "mine", content), folder)
    assert sentence in said
    assert said.endswith("livetrack-vcam models list")


@pytest.mark.parametrize("name", ["wrapped", None])
def test_an_archive_of_something_else_is_refused(
    folder: Path, tmp_path: Path, name: str | None
) -> None:
    said = refused(name, zipped(tmp_path / "a.zip", other_txt=b"x"), folder)
    assert "w.tflite in it" in said
    cut = put(tmp_path, "cut.zip", zipped(tmp_path / "b.zip", w_tflite=THING).read_bytes()[:-9])
    assert "cannot be unpacked" in refused(name, cut, folder)


def test_what_is_no_file_is_named(folder: Path, tmp_path: Path) -> None:
    assert "cannot be read" in refused("thing", tmp_path / "absent", folder)
    assert "is a folder; name the file in it" in refused("thing", tmp_path, folder)
    assert "cannot be read" in refused(None, tmp_path / ("n" * 300), folder)


def test_a_folder_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(ModelError) as caught:
        import_model("thing", put(tmp_path, "mine", THING), folder)
    assert FOLDER_VARIABLE in sentence_of(caught)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the powers of root, if the tests have them."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permission")
def test_a_folder_that_may_not_be_read_is_named(folder: Path) -> None:
    path = put(folder, "thing.tflite", THING)
    model = find_in_catalog("thing")
    folder.chmod(0)
    try:
        with as_nobody(), pytest.raises(ModelError) as caught:
            read_stored(model, folder)
        with as_nobody():
            assert not is_stored(model, folder)
    finally:
        folder.chmod(0o700)
    assert f"{path} cannot be read (Permission denied)" in sentence_of(caught)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permission")
def test_a_folder_that_may_not_be_written_is_named(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o500)
    try:
        with as_nobody(), pytest.raises(ModelError) as caught:
            write_file(folder / "thing.tflite", THING)
    finally:
        folder.chmod(0o700)
    assert "Permission denied" in sentence_of(caught)
    assert FOLDER_VARIABLE in sentence_of(caught)
    assert files(folder) == set()


# --- list and verify ----------------------------------------------------------------------------


def test_the_list_says_what_is_here_and_how_to_get_the_rest(folder: Path) -> None:
    put(folder, "thing.tflite", THING)
    put(folder, "turned.weights", SOURCE[:-1])
    by_name = {listed.name: listed for listed in list_models(folder)}
    assert by_name["blazeface"].state == "in the package"
    assert (by_name["thing"].state, by_name["thing"].get) == ("here", "")
    assert by_name["gadget"].get == "livetrack-vcam models import gadget FILE"
    assert by_name["wrapped"].get == "livetrack-vcam models fetch wrapped"
    assert by_name["turned"].state == "damaged"
    assert by_name["turned"].get == "livetrack-vcam models fetch turned"


def test_the_table_has_a_line_for_every_model_and_aligned_columns(folder: Path) -> None:
    put(folder, "thing.tflite", THING)
    table, _, how = to_table(list_models(folder)).partition("\n\n")
    lines = table.splitlines()
    assert len(lines) == 1 + 2 + 5
    for title in ("state", "size", "license"):
        column = lines[0].index(title)
        assert all(line[column - 1] == " " != line[column] for line in lines)
    get = {line.split()[0]: line[lines[0].index("to get it") :] for line in lines[1:]}
    assert get["thing"] == get["blazeface"] == ""
    assert (get["gadget"], get["turned"]) == ("import FILE", "fetch")
    assert "livetrack-vcam models fetch NAME" in how


def test_verify_looks_at_everything_that_is_here(folder: Path) -> None:
    put(folder, "thing.tflite", THING)
    put(folder, "gadget.tflite", GADGET[:-1])
    put(folder, "turned.weights", SOURCE)
    verdicts = {verdict.name: verdict.problem for verdict in verify_models(folder)}
    assert set(verdicts) == {"yolov4-tiny", "blazeface", "thing", "gadget", "turned"}
    assert {name for name, problem in verdicts.items() if problem} == {"gadget"}
    assert verdicts["gadget"].endswith("type: livetrack-vcam models import gadget FILE")


# --- the real catalog ---------------------------------------------------------------------------


@pytest.fixture
def real_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "CATALOG", MODELS / "catalog.json")


@pytest.mark.usefixtures("real_catalog")
def test_every_model_of_the_catalog_is_described_and_fetched_safely() -> None:
    models = read_catalog()
    names = [model.name for model in models]
    assert len(set(names)) == len(names)
    assert len({model.file for model in models}) == len(models)
    for model in models:
        assert model.origins or model.advice
        for origin in model.origins:
            assert origin.url.startswith("https://")
            assert bool(origin.member) == bool(origin.max_bytes)
            assert origin.url.endswith("/") == (model.parts is not None)
        if model.parts is not None:
            assert model.parts.archive_folder.endswith("/")
            assert sum(pin.bytes for pin in model.parts.pins) == model.pins[0].bytes
        for pin in model.pins:
            assert len(bytes.fromhex(pin.sha256)) == 32
            assert pin.bytes < MAX_BYTES
        for fact in ("runtime", "finds", "license", "source", "hash_known_from", "facts"):
            assert getattr(model, fact), fact


SHARED_FILES = {
    "yolox-nano": "yolox_nano.onnx",
    "efficientdet-lite0": "efficientdet_lite0.tflite",
    "blazeface-short": "blaze_face_short_range_meta.tflite",
    "blazeface-full": "face_detection_full_range.tflite",
    "yunet": "face_detection_yunet_2023mar.onnx",
    "ssd-mobilenet-v1": "ssd_mobilenet_v1_coco_quant_2018_06_29.tflite",
    "ssd-mobilenet-v2": "ssdlite_mobilenet_v2_coco_fp32.converted.tflite",
    "yolov3-tiny": "yolov3-tiny.weights",
}


@pytest.mark.shared
@pytest.mark.usefixtures("real_catalog")
@pytest.mark.parametrize("name", SHARED_FILES)
def test_the_real_weights_are_imported_and_loaded(folder: Path, shared: Path, name: str) -> None:
    source = shared / "models" / SHARED_FILES[name]
    assert import_model(None, source, folder).name == name
    weights = load_weights(name)
    assert model_path(name).read_bytes() == weights
    assert is_present(name)
    if find_in_catalog(name).converter is None:
        assert weights == source.read_bytes()


@pytest.mark.usefixtures("real_catalog")
def test_there_is_a_shared_file_to_test_every_model_with() -> None:
    assert set(SHARED_FILES) == {model.name for model in read_catalog()}
