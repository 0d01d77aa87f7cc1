"""What aiohttp says of requests that are no HTTP, made fit for our log."""

from __future__ import annotations

import logging

from aiohttp import http_exceptions, web

log = logging.getLogger(__name__)


def protocol_logger() -> logging.Logger:
    """For aiohttp, which logs a traceback and the request's own words, among them secrets."""
    logger = logging.getLogger(f"{__name__}.aiohttp")
    if _pass not in logger.filters:
        logger.addFilter(_pass)
    return logger


def _pass(record: logging.LogRecord) -> bool:
    """Nothing passes; what happened is said in one line, without what was sent."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, http_exceptions.HttpProcessingError | web.RequestPayloadError):
        log.debug("a request could not be read: %s", type(error).__name__)
    elif error is not None:
        log.error("the web server failed: %s", type(error).__name__)
        log.debug("where it failed", exc_info=error)
    return False
