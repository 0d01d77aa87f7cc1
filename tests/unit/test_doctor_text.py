"""How the doctor's report looks in a terminal."""

from __future__ import annotations

import re

import pytest

from livetrack_vcam.doctor import Finding, Level, Report, render_text

COMMAND = "sudo modprobe v4l2loopback devices=2 video_nr=10,11 card_label=" + "x" * 60
REPORT = Report(
    (
        Finding(Level.OK, "Python", "3.12.3"),
        Finding(
            Level.WARN,
            "virtual camera",
            "the kernel module v4l2loopback is not installed on this machine of yours, it seems",
            "Without it, OBS and browsers still get the picture as MJPEG; Zoom, Meet do not.",
            "install and load it",
            (COMMAND,),
            ("apk search v4l2loopback",),
        ),
        Finding(Level.FAIL, "models", "none", "Nobody is found.", "see: livetrack-vcam models"),
    )
)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 300])
def test_lines_fit_into_the_terminal_and_commands_stay_whole(width: int) -> None:
    lines = render_text(REPORT, width).splitlines()
    assert any(line.endswith(f"$ {COMMAND}") for line in lines)
    # The last line is the verdict, with a command in it.
    assert all(len(line) <= min(width, 110) for line in lines[:-1] if "$ " not in line)


def test_what_is_found_stands_in_one_column() -> None:
    lines = render_text(REPORT, 100).splitlines()
    assert lines[0] == "ok    Python          3.12.3"
    assert lines[2].startswith("warn  virtual camera  the kernel module")
    inner = lines[3 : lines.index("", 3)]
    assert [len(line) - len(line.lstrip()) for line in inner] == [22, 22, 22, 22, 6, 6]


def test_what_takes_more_than_a_line_stands_apart() -> None:
    lines = render_text(REPORT, 100).splitlines()
    starts = [index for index, line in enumerate(lines) if line[:4].strip()]
    assert [lines[index - 1] for index in starts[1:]] == [""] * 3
    short = Report((REPORT.findings[0], REPORT.findings[0]))
    assert render_text(short).splitlines()[:2] == ["ok    Python  3.12.3"] * 2


def test_the_advice_leads_over_to_its_commands() -> None:
    text = render_text(REPORT, 100)
    assert "Install and load it:\n" in text
    assert text.index("$ apk search") < text.index("$ sudo modprobe")
    assert "See: livetrack-vcam models\n" in text


def test_colors_are_for_terminals_only_and_change_no_letter() -> None:
    plain, colored = render_text(REPORT, 100), render_text(REPORT, 100, color=True)
    assert "\x1b" not in plain
    assert "\x1b[33mwarn" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == plain


def test_the_verdict_says_whether_it_runs_and_what_offers_the_commands() -> None:
    assert "cannot run here until what is marked FAIL is mended" in render_text(REPORT)
    fine = Report(REPORT.findings[:2])
    assert render_text(fine).endswith("`livetrack-vcam doctor --fix` offers the commands above.")
    assert render_text(Report(REPORT.findings[:1])).endswith("\nlivetrack-vcam runs here.")


def test_a_finding_without_words_has_its_line_all_the_same() -> None:
    text = render_text(Report((Finding(Level.OK, "Python", ""), Finding(Level.OK, "OBS", "29"))))
    assert [line.split() for line in text.splitlines()[:2]] == [
        ["ok", "Python"],
        ["ok", "OBS", "29"],
    ]
