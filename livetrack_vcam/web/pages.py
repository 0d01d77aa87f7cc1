"""The viewer's pages and where their files lie."""

from __future__ import annotations

from html import escape
from pathlib import Path

from aiohttp import hdrs, web

import livetrack_vcam


def viewer_root() -> Path:
    """The folder of web_viewer: inside the installed package, or beside it in a checkout.

    Raises FileNotFoundError when the installation is incomplete.
    """
    package = Path(livetrack_vcam.__file__).resolve().parent
    for folder in (package / "web_viewer", package.parent / "web_viewer"):
        if (folder / "room.html").is_file():
            return folder
    raise FileNotFoundError("the web_viewer files are missing; install livetrack-vcam again")


def wants_page(request: web.Request) -> bool:
    """Somebody looks at the answer in a browser; pages' own requests and programs do not say so."""
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")


def missing_page(sentence: str) -> web.Response:
    """For whoever follows a link that leads nowhere."""
    page = (viewer_root() / "missing.html").read_text(encoding="utf-8")
    text = page.replace("{{sentence}}", escape(sentence))
    return web.Response(status=404, text=text, content_type="text/html", charset="utf-8")
