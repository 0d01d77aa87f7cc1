"""Presets on disk: named settings of the shots, and which scene of OBS each belongs to."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livetrack_vcam.control import MAX_PRESET_NAME, MAX_SCENE_NAME, plain_name
from livetrack_vcam.core.command import Changes
from livetrack_vcam.core.fields import LIVE_FIELDS, Json
from livetrack_vcam.outputs import discard, draft_of, publish
from livetrack_vcam.user_folders import config_folder

log = logging.getLogger(__name__)

VERSION = 1
MAX_PRESETS = 200
MAX_SCENES = 500
MOST_NAMED = 20
"""In one sentence."""
SHOWN = 40
"""Characters of a name that is none."""
MAX_BYTES = 16_000_000
"""More than ours can ever be: a larger file is something else, not worth reading."""


@dataclass(slots=True)
class _Contents:
    """`presets`: NAME → SHOT → setting → JSON value, which only `preset` checks."""

    presets: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    scenes: dict[str, str] = field(default_factory=dict)


class PresetStore:
    """The presets of this user, in one file. One call at a time; `names`, `scenes` and `trouble`
    may be read meanwhile.

    The file is read at the beginning and before each change, so that several processes can use it;
    of two changes at the same moment the later wins. What is written appears in one step. A file
    that is not ours or broken is kept beside it under another name. Every method that needs the
    file raises ValueError with a sentence when it cannot be used, and then nothing has changed.
    Raises SettingsError when no folder is named and this user has none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or config_folder()) / "presets.json"
        self._aside: Path | None = None
        self._trouble: str | None = None
        self._contents = _Contents()
        self._read()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._contents.presets))

    @property
    def scenes(self) -> Mapping[str, str]:
        """The preset of each scene that has one."""
        return dict(self._contents.scenes)

    @property
    def trouble(self) -> str | None:
        """What the user should know of a file that could not be read, as long as it is there."""
        if self._aside is not None and not os.access(self._aside, os.F_OK):
            self._aside = self._trouble = None
        return self._trouble

    def save(self, name: str, shots: Mapping[str, Mapping[str, Json]]) -> None:
        """Keep the live settings of each shot under a name, which may have others already."""
        self._read()
        if name not in self._contents.presets and len(self._contents.presets) >= MAX_PRESETS:
            raise ValueError(f"there are {MAX_PRESETS} presets already; delete one first")
        kept = {shot: dict(values) for shot, values in shots.items()}
        self._write({**self._contents.presets, name: kept}, self._contents.scenes)

    def delete(self, name: str) -> None:
        """Forget a preset; the scenes it was assigned to have none then."""
        self._read()
        self._check_known(name)
        presets = {each: kept for each, kept in self._contents.presets.items() if each != name}
        scenes = {scene: each for scene, each in self._contents.scenes.items() if each != name}
        self._write(presets, scenes)

    def assign(self, scene: str, name: str | None) -> None:
        """Let a scene have a preset, or none."""
        self._read()
        scenes = {each: kept for each, kept in self._contents.scenes.items() if each != scene}
        if name is not None:
            self._check_known(name)
            scenes[scene] = name
        if len(scenes) > MAX_SCENES:
            raise ValueError(f"{MAX_SCENES} scenes have a preset already; take one from another")
        self._write(self._contents.presets, scenes)

    def preset(self, name: str) -> dict[str, Changes]:
        """What a preset holds for each shot. Raises ValueError, naming preset and field, if there
        is none or somebody wrote a setting into it that cannot be."""
        self._read()
        self._check_known(name)
        try:
            kept = self._contents.presets[name]
            return {shot: _changes(shot, values) for shot, values in kept.items()}
        except ValueError as error:
            raise ValueError(f"preset {name!r} in {self.path} is wrong: {error}") from None

    def _check_known(self, name: str) -> None:
        if name not in self._contents.presets:
            known = ", ".join(map(repr, self.names[:MOST_NAMED])) or "none yet"
            more = ", …" if len(self.names) > MOST_NAMED else ""
            raise ValueError(f"there is no preset {name!r}; there is: {known}{more}")

    def _read(self) -> None:
        """Take over what the file holds now; a broken one is put aside."""
        try:
            self._contents = _parse(_bytes_of(self.path))
        except FileNotFoundError:
            self._contents = _Contents()
        except (OSError, ValueError, RecursionError) as error:
            self._contents = _Contents()
            self._put_aside(error)
            return
        if self._aside is None:
            self._trouble = None

    def _put_aside(self, error: Exception) -> None:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        try:
            aside = _free_name(self.path)
            self.path.rename(aside)
        except OSError:
            self._aside = None
            self._say(
                f"{self.path} with the presets cannot be used ({reason}); mend that, or "
                "name another folder with LIVETRACK_CONFIG_DIR"
            )
            return
        self._aside = aside
        self._say(
            f"{self.path} could not be read ({reason}) and is kept as {aside.name}; presets begin "
            "anew: mend it and give it its name back, or delete it"
        )

    def _say(self, sentence: str) -> None:
        if sentence != self._trouble:
            log.warning("%s", sentence)
        self._trouble = sentence

    def _write(self, presets: Mapping[str, Mapping[str, Any]], scenes: Mapping[str, str]) -> None:
        if self._trouble is not None and self._aside is None:
            raise ValueError(self._trouble)
        data = {"livetrack_presets": VERSION, "presets": presets, "scenes": scenes}
        text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
        draft = draft_of(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            publish(draft, self.path)
        except OSError as error:
            discard(draft, self.path)
            raise ValueError(
                f"the presets cannot be written to {self.path} ({error.strerror}); mend that, or "
                "name another folder with LIVETRACK_CONFIG_DIR"
            ) from None
        self._contents = _parse(text.encode())


def _bytes_of(path: Path) -> bytes:
    """Raises OSError, or ValueError for what is no file of ours: reading it might never end."""
    status = path.stat()
    if not path.is_file() or status.st_size > MAX_BYTES:
        raise ValueError("it is no file of presets")
    return path.read_bytes()


def _parse(data: bytes) -> _Contents:
    """Raises ValueError saying what is wrong with it."""
    found = json.loads(data)
    if not isinstance(found, dict) or "livetrack_presets" not in found:
        raise ValueError("it is no file of presets")
    if found["livetrack_presets"] != VERSION:
        raise ValueError(f"its version is not {VERSION}")
    presets, scenes = found.get("presets", {}), found.get("scenes", {})
    shaped = isinstance(presets, dict) and all(
        isinstance(shots, dict) and all(isinstance(values, dict) for values in shots.values())
        for shots in presets.values()
    )
    if not shaped:
        raise ValueError("its presets are not objects of shots")
    if not isinstance(scenes, dict) or not all(isinstance(each, str) for each in scenes.values()):
        raise ValueError("its scenes are not names")
    _check_names("preset", presets, MAX_PRESET_NAME)
    _check_names("scene", scenes, MAX_SCENE_NAME)
    json.dumps(found, ensure_ascii=False).encode()  # halves of a surrogate pair cannot be written
    return _Contents(presets, scenes)


def _check_names(kind: str, names: Iterable[str], longest: int) -> None:
    """What no command can name could be neither loaded nor deleted, and would be sent to every page
    with each status."""
    for name in names:
        try:
            plain_name(name, longest)
        except ValueError as error:
            raise ValueError(f"{kind} {name[:SHOWN]!r}: {error}") from None


def _changes(shot: str, values: Mapping[str, object]) -> Changes:
    changes = []
    for name, value in values.items():
        setting = LIVE_FIELDS.get(name)
        if setting is None:
            raise ValueError(f"shot {shot!r} has no setting {name!r}")
        try:
            changes.append((setting.attribute, setting.read(value)))
        except ValueError as error:
            raise ValueError(f"setting {name!r} of shot {shot!r}: {error}") from None
    return tuple(changes)


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    return aside
