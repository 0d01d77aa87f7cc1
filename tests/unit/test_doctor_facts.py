"""Facts as JSON and back, and `doctor --facts`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livetrack_vcam.cli import run_cli
from livetrack_vcam.doctor.facts import Facts, LoopbackFacts
from livetrack_vcam.doctor.facts_json import facts_from_json, facts_to_json
from livetrack_vcam.errors import SettingsError
from livetrack_vcam.sinks.loopback import Holder, LoopbackDevice

FACTS = Facts(
    platform="linux",
    python="3.12.3",
    distribution=("ubuntu", "debian"),
    packages={"pyvirtualcam": None, "aiohttp": "3.14.5"},
    models={"blazeface": ""},
    loopback=LoopbackFacts(
        devices=(LoopbackDevice(Path("/dev/video10"), "LiveTrack Camera", None),),
        holders=(Holder(7, "obs", True),),
    ),
)


def through_text(facts: Facts, **changes: object) -> tuple[Facts, tuple[str, ...]]:
    return facts_from_json({**json.loads(json.dumps(facts_to_json(facts))), **changes})


def test_facts_come_back_as_they_were() -> None:
    assert through_text(FACTS) == (FACTS, ())


def test_a_recording_of_another_version_loads_and_says_what_is_ignored() -> None:
    loopback = {**facts_to_json(FACTS)["loopback"], "color": "red"}
    facts, unknown = through_text(FACTS, loopback=loopback, weather={"rain": True})
    assert facts == FACTS
    assert sorted(unknown) == ["loopback.color", "weather"]


def test_fields_that_a_recording_lacks_have_their_defaults() -> None:
    assert facts_from_json({"platform": "linux", "python": "3.11"}) == (Facts("linux", "3.11"), ())


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"python": "3.11"}, "platform"),
        ({"platform": "linux", "python": "3.11", "cpu_count": "many"}, "cpu_count"),
        ({"platform": "linux", "python": "3.11", "loopback": {"loaded": 1}}, "loopback.loaded"),
        ([], "the whole"),
        (None, "the whole"),
    ],
)
def test_what_is_no_facts_is_refused_with_the_place(data: object, place: str) -> None:
    with pytest.raises(SettingsError, match=f"facts of a machine: {place}: .*doctor --facts"):
        facts_from_json(data)


def test_doctor_facts_prints_this_machine_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_cli(["doctor", "--facts"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    facts, unknown = facts_from_json(data)
    assert (facts.platform, unknown) == (data["platform"], ())
    assert str(Path.home()) not in json.dumps(data)
