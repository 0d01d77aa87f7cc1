"""The comparison on clips: what is known when, and what counts as losing."""

from __future__ import annotations

from benchmarks.corpus_looks import Looks
from benchmarks.corpus_operators import patient
from benchmarks.framing_corpus import AVERAGED, CONTESTED, VIEWS, Metrics, losses, means
from livetrack_vcam.clips.clip import Cadence
from livetrack_vcam.core import Box, Detection, Observation, Size
from livetrack_vcam.core.detection import PERSON

MS = 1_000_000
TIMES = tuple(round(i * 1e9 / 30) for i in range(60))
SIZE = Size(1920, 1080)


def seen(at_ms: int, score: float = 0.95) -> Observation:
    box = Box.from_xywh(900, 300, 200, 600)
    return Observation((Detection(box, score, PERSON),), at_ms * MS)


def known(looks: Looks, look_ahead: int = 0) -> dict[int, list[int]]:
    """Frame by number, and the times in ms of what becomes known with it."""
    frames = enumerate(looks.known_at(look_ahead))
    told = {i: [o.pts_ns // MS for o in observations] for i, (_, observations) in frames}
    return {i: times for i, times in told.items() if times}


def test_a_look_is_known_when_its_latency_has_passed() -> None:
    looks = Looks(SIZE, TIMES, (seen(0), seen(100)), Cadence())
    assert known(looks) == {3: [0], 6: [100]}


def test_a_picture_shown_late_knows_what_came_meanwhile() -> None:
    looks = Looks(SIZE, TIMES, (seen(0), seen(100), seen(300)), Cadence())
    assert known(looks, look_ahead=10) == {
        0: [0, 100],
        2: [300],
    }  # known at 367 ms, just after frame 11


def test_the_first_picture_waits_until_somebody_sure_is_seen_but_not_for_long() -> None:
    nobody = [Observation((), at * MS) for at in (0, 100, 200, 300, 400)]
    settings = VIEWS[0].settings
    late = Looks(SIZE, TIMES, (*nobody[:2], seen(200), seen(300)), Cadence())
    assert patient(late, settings).awaited in (3, 4)
    never = Looks(SIZE, TIMES, (*nobody, seen(500)), Cadence())
    assert patient(never, settings).awaited == 0


def row(contained: float, jerk: float, lag: float | None) -> Metrics:
    values = dict.fromkeys((*CONTESTED, *AVERAGED), 0.0)
    return {**values, "contained_pct": contained, "jerk_rms_w_s3": jerk, "walk_lag_ms": lag}


def test_to_lose_somebody_must_be_better_and_as_quick() -> None:
    rows = {"normal": row(90, 5, 200), "slow": row(99, 1, 300), "quick": row(95, 50, 190)}
    told = list(losses({"clip": rows}, ["normal"]))
    assert len(told) == 1
    assert "contained_pct" in told[0]
    assert "quick 95.0" in told[0]
    assert "slow" not in told[0]


def test_whoever_lost_the_walker_is_not_quick() -> None:
    rows = {"normal": row(90, 5, 200), "frozen": row(10, 0, None)}
    assert list(losses({"clip": rows}, ["normal"])) == []


def test_a_mean_is_over_the_clips_that_tell_of_everybody() -> None:
    one = {"normal": row(90, 4, 200), "other": row(80, 50, 300)}
    two = {"normal": row(100, 6, 100), "other": row(60, 70, None)}
    title, _, *rows = means({"one": one, "two": two})
    assert "contained % (2 clips)" in title
    assert "walk lag ms (1 clips)" in title
    assert rows == [
        "| normal | 95.0 | 0.0 | 5.0 | 200.0 | 0.0 |",
        "| other | 70.0 | 0.0 | 60.0 | 300.0 | 0.0 |",
    ]
