"""--sound, from what is typed to where the sound comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from livetrack_vcam.errors import SettingsError, SourceError
from livetrack_vcam.settings import build_settings
from livetrack_vcam.studio import open_studio
from tests.claps import write_claps


@pytest.mark.parametrize("given", ["none", "source", "mic", "mic:2", "mic:Jabra Speak"])
def test_sound_is_taken_as_typed(given: str) -> None:
    assert build_settings({}, {"sound": given}).sound == given


@pytest.mark.parametrize("given", ["", "mic:", "micro", "Source", "file:x.wav"])
def test_any_other_word_is_refused_with_those_there_are(given: str) -> None:
    with pytest.raises(SettingsError, match="try none, source, mic or mic:NAME"):
        build_settings({}, {"sound": given})


def test_a_number_of_a_config_file_is_refused_in_a_sentence() -> None:
    with pytest.raises(SettingsError, match="sound"):
        build_settings({"sound": 3}, {})


def test_the_sound_of_a_file_is_offered_unless_it_is_not_wanted(tmp_path: Path) -> None:
    clip = tmp_path / "claps.mp4"
    write_claps(clip, 1)
    for given, offered in (("source", True), ("none", False)):
        studio = open_studio(build_settings({}, {"source": str(clip), "sound": given}))
        studio.source.close()
        assert (studio.sound is not None and studio.sound.offered) is offered
        assert studio.microphone is None


def test_a_source_without_sound_offers_none() -> None:
    studio = open_studio(build_settings({}, {"source": "demo"}))
    studio.source.close()
    assert studio.sound is not None
    assert not studio.sound.offered


def test_a_microphone_that_is_not_there_is_told_before_the_first_picture() -> None:
    with pytest.raises((SettingsError, SourceError), match="microphone"):
        open_studio(build_settings({}, {"source": "demo", "sound": "mic:No Such Microphone"}))
