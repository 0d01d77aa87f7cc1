"""What viewers may ask for, and what their pages may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livetrack_vcam.room.history import COLUMNS, History
from livetrack_vcam.room.invitations import ExpiredError, InvitationError, Invitations
from livetrack_vcam.room.page_sample import NUMBERS, PageSample, read_sample
from livetrack_vcam.room.wish import MAX_NAME, MIN_HEIGHT, Mode, Wish, read_wish
from livetrack_vcam.webrtc.encoded import Codec

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


def test_a_query_and_json_say_the_same() -> None:
    query = {"codec": "vp8", "height": "540", "mode": "smooth", "name": " Ann ", "sound": "1"}
    json = {"codec": "VP8", "height": 540, "mode": "smooth", "name": "Ann", "sound": True}
    assert read_wish(query, Wish()) == read_wish(json, Wish())
    assert read_wish(json, Wish()) == Wish(Codec.VP8, 540, Mode.SMOOTH, "Ann", True)


def test_what_is_not_said_stays() -> None:
    before = Wish(Codec.H264, 360, Mode.SMOOTH, "Ann", True)
    assert read_wish({}, before) == before
    assert read_wish({"height": "auto"}, before).height is None


@pytest.mark.parametrize(
    ("word", "value", "says"),
    [
        ("codec", "AV1", "auto, H264 or VP8"),
        ("height", "tall", "a number such as 720"),
        ("height", True, "a number such as 720"),
        ("height", "٧٢٠", "a number such as 720"),
        ("height", MIN_HEIGHT - 1, "a number such as 720"),
        ("mode", "fast", "lowest or smooth"),
        ("name", 7, "name is a text"),
        ("sound", "loud", "0 or 1"),
        ("bitrate", 1, "codec, height, mode, name, sound"),
    ],
)
def test_a_wrong_wish_is_refused_with_what_is_allowed(word: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_wish({word: value}, Wish())


@given(st.dictionaries(st.sampled_from(["codec", "height", "mode", "name", "sound"]), ANYTHING))
def test_any_wish_is_read_or_refused_in_a_sentence(words: dict[str, object]) -> None:
    name, sentence = "", "this one was read"
    try:
        name = read_wish(words, Wish()).name
    except ValueError as error:
        sentence = str(error)
    assert 10 < len(sentence) < 200
    assert len(name) <= MAX_NAME
    assert name.isprintable()


def test_a_page_says_what_it_knows_and_newer_words_are_left_out() -> None:
    sample = read_sample({"rtt_ms": 12, "frozen": None, "decoder": "x\n264", "of tomorrow": 1})
    assert sample == PageSample(rtt_ms=12.0, decoder="x264")


@given(st.dictionaries(st.sampled_from([*NUMBERS, "decoder"]), ANYTHING))
def test_any_sample_is_read_or_refused_in_a_sentence(body: dict[str, object]) -> None:
    sample, sentence = PageSample(), "is no number"
    try:
        sample = read_sample(body)
    except ValueError as error:
        sentence = str(error)
    assert "is no number" in sentence
    for name in NUMBERS:
        assert getattr(sample, name) is None or abs(getattr(sample, name)) <= 1e12


def test_an_invitation_opens_its_own_room_until_it_ends() -> None:
    now = [1_000_000.0]
    invitations = Invitations("secret", lambda: now[0])
    token = invitations.new("main", 60)
    invitations.check("main", token)
    with pytest.raises(InvitationError, match="by invitation"):
        invitations.check("vertical", token)
    now[0] += 60
    with pytest.raises(ExpiredError, match="has expired"):
        invitations.check("main", token)


def test_an_invitation_cannot_be_made_longer_or_by_another_machine() -> None:
    invitations = Invitations("secret", lambda: 1000.0)
    end, _, signature = invitations.new("main", 60).partition(".")
    for forged in (f"{int(end) + 1}.{signature}", f"{end}.{signature[:-1]}", end, f".{signature}"):
        with pytest.raises(InvitationError):
            invitations.check("main", forged)
    with pytest.raises(InvitationError):
        Invitations("another", lambda: 1000.0).check("main", f"{end}.{signature}")


@given(st.text(max_size=60))
def test_no_text_is_an_invitation(token: str) -> None:
    with pytest.raises(InvitationError):
        Invitations("secret").check("main", token)


def test_the_history_keeps_the_newest_rows_and_is_no_spreadsheet_formula() -> None:
    history = History(rows=2)
    for viewer, name in enumerate(["lost", "=cmd()", 'a "quoted", name']):
        history.add({"viewer": viewer, "name": name, "rtt_ms": 1.23456})
    lines = history.to_csv().splitlines()
    assert lines[0].split(",") == list(COLUMNS)
    assert len(lines) == 3
    assert "'=cmd()" in lines[1]
    assert '"a ""quoted"", name"' in lines[2]
    assert "1.235" in lines[2]
