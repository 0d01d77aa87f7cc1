"""The token a WHIP endpoint wants: from a file or the environment, for it must not be in a URL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from livetrack_vcam.errors import SettingsError
from livetrack_vcam.sink_spec import SinkSpec, origin_of

TOKEN_VARIABLE = "LIVETRACK_WHIP_TOKEN"  # noqa: S105 — the name, not the token


def given_token(file: Path | None, environment: Mapping[str, str] = os.environ) -> str:
    """From the file when one is named, else from the environment; "" when neither has one.

    Raises SettingsError.
    """
    if file is None:
        return _checked(environment.get(TOKEN_VARIABLE, ""), TOKEN_VARIABLE)
    try:
        text = file.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"the WHIP token file {file} cannot be read ({reason}); "
            f"write the token into it, or set {TOKEN_VARIABLE} instead"
        ) from None
    token = _checked(text, f"the file {file}")
    if not token:
        raise SettingsError(f"the WHIP token file {file} is empty; write the token into it")
    return token


def check_one_server(specs: Iterable[SinkSpec], token: str) -> None:
    """One token is for one server: no other may see it. Raises SettingsError."""
    origins = {origin_of(spec.argument) for spec in specs if spec.kind == "whip"}
    if token and len(origins) > 1:
        raise SettingsError(
            "there is one WHIP token and more than one server in --sink whip:URL; publish to one, "
            "or let that server pass the picture on"
        )


def _checked(text: str, where: str) -> str:
    """RFC 6750: visible characters only. The sentence does not repeat the token."""
    token = text.strip().removeprefix("Bearer ").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", token):
        raise SettingsError(
            f"the WHIP token in {where} has spaces, line breaks or letters outside ASCII; "
            "copy it again from the server's page"
        )
    return token
