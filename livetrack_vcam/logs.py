"""Log lines for people or, with --json-logs, for machines; on stderr."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from typing import Any, TextIO

# They talk at INFO about things nobody asked for; obsws_python even logs the password.
NOISY = ("aiohttp.access", "aiohttp.server", "libav", "obsws_python", "asyncio", "aioice", "aiortc")

CLEAR_LINE = "\r\x1b[2K"


class JsonFormatter(logging.Formatter):
    """One JSON object a line; a record's `data` attribute is added under its own keys."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        entry |= getattr(record, "data", {})
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class PlainFormatter(logging.Formatter):
    """The sentence alone for news, the level before it for warnings."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno == logging.INFO else f"{record.levelname.lower()}: {text}"


class TerminalHandler(logging.StreamHandler[TextIO]):
    """Writes over the status line, which is drawn again below."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # as StreamHandler does where the terminal was closed
            self.stream.write(CLEAR_LINE)
        super().emit(record)


def set_up_logging(level: str, as_json: bool) -> None:
    on_terminal = sys.stderr.isatty() and not as_json
    handler = TerminalHandler(sys.stderr) if on_terminal else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else PlainFormatter("%(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING if level != "debug" else logging.INFO)
    logging.getLogger("obsws_python").setLevel(logging.CRITICAL)
