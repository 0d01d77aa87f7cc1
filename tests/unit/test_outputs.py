"""What may be written, and drafts that get their name when they are whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livetrack_vcam.errors import SettingsError, SinkError, SinkNotFoundError
from livetrack_vcam.journal import TextDraft
from livetrack_vcam.outputs import check_outputs, check_writable, draft_of, expanded


def test_the_source_itself_is_never_written_even_with_overwrite(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"precious")
    other_name = tmp_path / "link.mp4"
    other_name.hardlink_to(clip)
    for output in (clip, tmp_path / "." / "clip.mp4", other_name):
        with pytest.raises(SettingsError, match="the clip itself"):
            check_outputs([output], str(clip), overwrite=True)


def test_two_outputs_must_be_two_files(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="same file"):
        check_outputs([tmp_path / "a", tmp_path / "x" / ".." / "a"], "demo", overwrite=True)


def test_what_cannot_be_written_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "there.mp4").touch()
    with pytest.raises(SinkError, match="--overwrite"):
        check_writable(tmp_path / "there.mp4", overwrite=False)
    check_writable(tmp_path / "there.mp4", overwrite=True)
    with pytest.raises(SinkNotFoundError, match="mkdir -p"):
        check_writable(tmp_path / "no" / "a.mp4", overwrite=False)
    with pytest.raises(SinkError, match="folder"):
        check_writable(tmp_path, overwrite=True)
    with pytest.raises(SinkError, match="too long"):
        check_writable(tmp_path / ("a" * 300), overwrite=False)


def test_a_pipe_need_not_be_new_and_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_writable(pipe, overwrite=False)
    assert draft_of(pipe) == pipe


def test_a_draft_has_a_name_the_disk_takes_whenever_it_takes_the_file(tmp_path: Path) -> None:
    out = tmp_path / ("ü" * 125 + ".mp4")
    out.touch()
    draft_of(out).touch()


def test_a_text_draft_appears_when_finished_and_leaves_nothing_when_aborted(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    draft = TextDraft(path, overwrite=False)
    draft.write("half")
    assert not path.exists()
    draft.abort()
    draft.abort()
    assert list(tmp_path.iterdir()) == []
    draft = TextDraft(path, overwrite=False)
    draft.write("whole")
    draft.finish()
    assert [file.read_text() for file in tmp_path.iterdir()] == ["whole"]


def test_an_aborted_draft_keeps_what_it_should_have_replaced(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("precious")
    draft = TextDraft(path, overwrite=True)
    draft.write("new")
    draft.abort()
    assert path.read_text() == "precious"


def test_the_draft_of_a_link_lies_on_the_disk_that_it_leads_to(tmp_path: Path) -> None:
    """Renaming it is no step from one disk to another, which systems refuse."""
    disk, link = tmp_path / "disk", tmp_path / "t.jsonl"
    disk.mkdir()
    link.symlink_to(disk / "kept.jsonl")
    draft = TextDraft(link, overwrite=False)
    assert len(list(disk.iterdir())) == 1
    draft.write("whole")
    draft.finish()
    assert [file.name for file in disk.iterdir()] == ["kept.jsonl"]
    assert link.is_symlink()
    assert link.read_text() == "whole"


def test_a_link_that_leads_to_itself_gives_way_to_the_file(tmp_path: Path) -> None:
    link = tmp_path / "t.jsonl"
    link.symlink_to(link)
    draft = TextDraft(link, overwrite=False)
    draft.write("whole")
    draft.finish()
    assert [file.read_text() for file in tmp_path.iterdir()] == ["whole"]


def test_a_full_disk_is_named_and_leaves_nothing() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    draft = TextDraft(Path("/dev/full"), overwrite=True)
    draft.write("x")
    with pytest.raises(SinkError, match="disk is full"):
        draft.finish()
    assert Path("/dev/full").exists()


def test_the_tilde_is_the_home_folder_and_an_unknown_user_is_a_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/a.mp4") == tmp_path / "a.mp4"
    assert expanded("~nobody-of-that-name/a.mp4") == Path("~nobody-of-that-name/a.mp4")
