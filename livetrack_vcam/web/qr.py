"""QR codes of our own links, as a picture for pages and as characters for a terminal."""

from __future__ import annotations

import io
from typing import TextIO

import segno

BORDER = 2
"""Modules. The standard asks for 4, of which the page's white frame gives the rest."""


def qr_svg(link: str) -> bytes:
    """An SVG picture, black on white in either color scheme: phones read nothing else well."""
    picture = io.BytesIO()
    segno.make_qr(link, error="m").save(
        picture, kind="svg", border=BORDER, dark="#000", light="#fff", scale=8, omitsize=True
    )
    return picture.getvalue()


def print_qr(link: str, terminal: TextIO) -> None:
    """In half-height characters, which a phone reads off the screen."""
    segno.make_qr(link, error="l").terminal(terminal, border=BORDER, compact=True)
