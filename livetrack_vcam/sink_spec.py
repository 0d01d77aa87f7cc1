"""What follows `--sink`: parsed, not yet opened."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

KINDS = ("vcam", "file", "mjpeg", "room", "whip", "none")
CHOICES = "vcam, vcam:NAME, file:PATH, mjpeg, room, whip:URL or none"


@dataclass(frozen=True, slots=True, repr=False)
class SinkSpec:
    """One `--sink`: its kind and what follows the colon (a device name, a path), if anything.

    `str` is what was typed; `shown`, as in `repr`, is what may be logged.
    """

    kind: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind

    def __repr__(self) -> str:
        return f"SinkSpec({self.shown!r})"

    @property
    def shown(self) -> str:
        """Of an address only the origin: the rest may be the key to somebody's channel."""
        return f"whip:{origin_of(self.argument)}/…" if self.kind == "whip" else str(self)


DEFAULT_SINKS = (SinkSpec("vcam"), SinkSpec("mjpeg"), SinkSpec("room"))


def parse_sink(value: object) -> SinkSpec:
    """'vcam', 'vcam:NAME', 'file:PATH', 'mjpeg', 'room', 'whip:URL', 'none'. Raises ValueError."""
    if isinstance(value, SinkSpec):
        return value
    kind, _, argument = str(value).partition(":")
    if kind not in KINDS:
        raise ValueError(f"sink {kind!r} is unknown; try {CHOICES}")
    if kind == "file" and not argument:
        raise ValueError("sink 'file' needs a path; try --sink file:recording.mp4")
    if kind == "whip":
        _check_address(argument)
    elif argument and kind not in ("vcam", "file"):
        raise ValueError(f"sink {kind!r} takes nothing after the colon; try --sink {kind}")
    return SinkSpec(kind, argument)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address that `parse_sink` accepted."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _check_address(url: str) -> None:
    """Raises ValueError, whose sentence does not repeat the address: it may hold a key."""
    example = "try --sink whip:https://HOST/PATH"
    if not url:
        raise ValueError(f"sink 'whip' needs the address of a WHIP endpoint; {example}")
    # Loaded for whoever publishes: it is what goes to the address in the end.
    from yarl import URL

    try:
        parts = urlsplit(url)
        port = parts.port
        if parts.scheme in ("http", "https") and parts.hostname:
            URL(url).origin()
    except ValueError:
        raise ValueError(f"the address of sink 'whip' is not valid; {example}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "the address of sink 'whip' contains a login, which others on this machine can see; "
            "put the token into LIVETRACK_WHIP_TOKEN or a --whip-token-file"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"sink 'whip' takes an http:// or https:// address; {example}")
    if not url.isprintable() or " " in url:
        raise ValueError(f"the address of sink 'whip' contains spaces or controls; {example}")
