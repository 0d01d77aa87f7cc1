"""The STUN servers that may be named: those that aiortc can ask."""

from __future__ import annotations

import pytest

from livetrack_vcam.errors import SettingsError
from livetrack_vcam.settings import build_settings


@pytest.mark.parametrize(
    "url", ["stun:stun.example", "stun:192.0.2.1:3478", "stuns:stun.example:5349"]
)
def test_a_server_by_name_or_address_may_be_named(url: str) -> None:
    assert build_settings({}, {"stun": [url]}).stun == (url,)


@pytest.mark.parametrize(
    "url",
    [
        "stun.example",
        "turn:a:3478",
        "stun:",
        "stun:[::1]:3478",
        "stun:a:b",
        "stun:a:0",
        "stun:a:70000",
    ],
)
def test_what_cannot_be_asked_is_refused_before_anybody_joins(url: str) -> None:
    with pytest.raises(SettingsError, match="is no STUN server; try stun:HOST:3478"):
        build_settings({}, {"stun": [url]})
