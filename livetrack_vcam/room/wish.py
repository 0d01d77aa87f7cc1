"""What a viewer asks for, and how many viewers there may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from livetrack_vcam.webrtc.encoded import Codec

MAX_NAME = 40
MIN_HEIGHT = 16


class Mode(Enum):
    """LOWEST shows each picture as soon as it is there; SMOOTH waits a little for late packets."""

    LOWEST = "lowest"
    SMOOTH = "smooth"


@dataclass(frozen=True, slots=True)
class Wish:
    """`codec` and `height` None: we choose. `height` is the shorter side, as in "720p"."""

    codec: Codec | None = None
    height: int | None = None
    mode: Mode = Mode.LOWEST
    name: str = ""
    sound: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """`upload_kbps`: of all viewers together, on the line; None: as much as they take."""

    viewers: int = 50
    upload_kbps: int | None = None
    half_open: int = 64
    connect_s: float = 15.0


def read_wish(words: Mapping[str, Any], before: Wish) -> Wish:
    """The wish with what `words` change of it. Raises ValueError with a sentence.

    Values may come as text from a query or as JSON. The codec is chosen once, when joining.
    """
    unknown = set(words) - {"codec", "height", "mode", "name", "sound"}
    if unknown:
        raise ValueError(
            f"{sorted(unknown)[0]!r} is unknown; a viewer chooses codec, height, mode, name, sound"
        )
    changes: dict[str, Any] = {word: READ[word](value) for word, value in words.items()}
    return replace(before, **changes)


def _codec(value: object) -> Codec | None:
    if value in ("auto", ""):
        return None
    for codec in Codec:
        if isinstance(value, str) and value.upper() == codec.value:
            return codec
    raise ValueError(f"codec {str(value)[:20]!r} is unknown; it is auto, H264 or VP8")


def _height(value: object) -> int | None:
    if value in ("auto", ""):
        return None
    text = str(value)
    typed = isinstance(value, int | str) and not isinstance(value, bool)
    if typed and text.isascii() and text.isdigit() and len(text) <= 4 and int(text) >= MIN_HEIGHT:
        return int(text)
    raise ValueError(f"height {text[:20]!r} is none; it is auto or a number such as 720")


def _mode(value: object) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise ValueError(f"mode {str(value)[:20]!r} is unknown; it is lowest or smooth") from None


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("name is a text")
    printable = "".join(letter for letter in value if letter.isprintable())
    return " ".join(printable.split())[:MAX_NAME]


def _sound(value: object) -> bool:
    if value in (True, "1", "true"):
        return True
    if value in (False, "0", "false", ""):
        return False
    raise ValueError(f"sound {str(value)[:20]!r} is none; it is 0 or 1")


READ = {"codec": _codec, "height": _height, "mode": _mode, "name": _name, "sound": _sound}
