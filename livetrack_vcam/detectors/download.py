"""One file over HTTP into a `.part` file, resumed where it stopped; no trust in the server.

Range requests and their answers: RFC 9110, sections 14 and 15.3.7.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, InvalidURL, responses
from io import FileIO
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import NoReturn
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit

from livetrack_vcam import __version__
from livetrack_vcam.detectors.store import cannot_write, megabytes
from livetrack_vcam.errors import ModelError

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_TRY_LATER = (408, 425, 429, 500, 502, 503, 504)
_RANGE_REFUSED = 416
_PARTIAL = 206
_CHUNK = 65536


class DownloadError(ModelError):
    """This address does not give the file; another one may."""


class _Again(Exception):
    """The same address may well give the rest when asked again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may be silent, how often it is asked again and after which waits.

    A server that sends less than `min_bytes` in `timeout_s` counts as silent.
    """

    timeout_s: float = 20.0
    min_bytes: int = 4096
    waits_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom a download tells: how many bytes are here, and what went wrong before it goes on."""

    progress: Callable[[float], None]
    trouble: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask for: `size` is None when unknown, and `max_bytes` is the most that is taken."""

    url: str
    size: int | None
    max_bytes: int

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True, slots=True)
class _Watched:
    """A request under way and those who follow it."""

    wanted: Wanted
    listener: Listener
    patience: Patience


def download(wanted: Wanted, part: Path, listener: Listener, patience: Patience) -> bool:
    """Bring `part` to the whole file, beginning with what it already holds.

    Returns whether all of it came in one answer. If not, and the file is wrong, the pieces may be
    of different files: another try from the beginning may give the right one. What has come stays
    in `part`, unless it was too much. Raises DownloadError when this address does not give the
    file, ModelError when `part` cannot be written.
    """
    watched = _Watched(wanted, listener, patience)
    waits_s = iter(patience.waits_s)
    again = False
    while True:
        try:
            return _ask(wanted, part, watched, again) == 0
        except _Again as error:
            wait_s = next(waits_s, None)
            if wait_s is None:
                raise DownloadError(f"{wanted.host} {error}") from error
            listener.trouble(f"{wanted.host} {error}; asking again in {wait_s:g} s")
            time.sleep(wait_s)
            again = True


def drop(part: Path) -> None:
    """Remove what is not worth going on with. Raises ModelError when it cannot be removed."""
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(part, error) from error


def redirect_target(url: str, location: str | None) -> str:
    """The address a redirect leads to. Raises DownloadError when it must not be followed."""
    host = urlsplit(url).hostname
    if not location:
        raise DownloadError(f"{host} redirects to nowhere")
    target = urljoin(url, quote(location, safe="%/:=&?~#+!$,;'@()*[]"))
    scheme = urlsplit(target).scheme
    if scheme not in ("http", "https") or (url.startswith("https:") and scheme != "https"):
        raise DownloadError(f"{host} redirects to {scheme}, which is not as safe")
    return target


def _ask(wanted: Wanted, part: Path, watched: _Watched, again: bool) -> int:
    """One request; from which byte on it gave the file."""
    start = _size(part)
    if start == wanted.size:
        return start
    if start > wanted.max_bytes:
        start = 0
    timeout_s = watched.patience.timeout_s
    try:
        with _open(wanted.url, start, timeout_s) as response:
            begin, total = _check(response, start, part, wanted)
            _receive(response, part, begin, total, watched)
            return begin
    except HTTPError as error:
        _explain_status(error, part)
    except URLError as error:
        _explain_unreachable(error, wanted, started=again)
    except (InvalidURL, ValueError) as error:
        raise DownloadError(f"{wanted.host} leads to no usable address ({error})") from error
    except TimeoutError as error:
        raise _Again(f"said nothing for {timeout_s:g} s") from error
    except (HTTPException, OSError) as error:
        raise _Again(f"broke the connection ({type(error).__name__})") from error


def _open(url: str, start: int, timeout_s: float) -> HTTPResponse:
    """The answer to a GET from byte `start` on, redirects followed."""
    headers = {"User-Agent": f"livetrack-vcam/{__version__}"}
    if start:
        headers["Range"] = f"bytes={start}-"
    opener = _opener()
    for _ in range(MAX_REDIRECTS + 1):
        try:
            asked = request.Request(url, headers=headers)  # noqa: S310  http(s): redirect_target
            answer: HTTPResponse = opener.open(asked, timeout=timeout_s)
            return answer
        except HTTPError as error:
            if error.code not in _REDIRECTS:
                raise
            with error:
                url = redirect_target(url, error.headers.get("Location"))
    raise DownloadError(f"{urlsplit(url).hostname} redirects more than {MAX_REDIRECTS} times")


def _opener() -> request.OpenerDirector:
    """HTTP and HTTPS through the proxies of the environment; no files, no FTP, no cookies."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _check(
    response: HTTPResponse, start: int, part: Path, wanted: Wanted
) -> tuple[int, int | None]:
    """(where the answer begins, size of the whole file as far as the server says)."""
    if response.headers.get_content_type() == "text/html":
        raise DownloadError(
            f"{wanted.host} answers with a web page, perhaps the login page of this network"
        )
    if response.status == _PARTIAL:
        begin, total = _content_range(response.headers.get("Content-Range", ""))
    else:
        begin, total = 0, response.length
    if begin not in (0, start):
        drop(part)
        raise _Again("sends another part of the file than asked for")
    if total is not None and wanted.size is not None and total != wanted.size:
        raise DownloadError(
            f"{wanted.host} offers a file of {total} bytes, not the one of {wanted.size}"
        )
    return begin, wanted.size if total is None else total


def _content_range(value: str) -> tuple[int, int | None]:
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", value.strip())
    if found is None:
        return -1, None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _receive(
    response: HTTPResponse, part: Path, begin: int, total: int | None, watched: _Watched
) -> None:
    """Write the answer to `part` from byte `begin` on, at most `max_bytes` in all."""
    try:
        file = part.open("r+b" if begin else "wb", buffering=0)
    except OSError as error:
        raise cannot_write(part, error) from error
    with file:
        file.seek(begin)
        done = _copy(response, file, begin, part, watched)
    if done > watched.wanted.max_bytes:
        drop(part)
        raise DownloadError(f"{watched.wanted.host} sends more than the file has")
    if total is not None and done < total:
        raise _Again(f"stopped at {megabytes(done)} of {megabytes(total)}")


def _copy(response: HTTPResponse, file: FileIO, done: int, part: Path, watched: _Watched) -> int:
    """How many bytes there are when the answer ends; more than `max_bytes` when it did not."""
    patience = watched.patience
    window_end, window_done = time.monotonic() + patience.timeout_s, done
    while chunk := response.read1(_CHUNK):
        if done + len(chunk) > watched.wanted.max_bytes:
            return done + len(chunk)
        _write(file, chunk, part)
        done += len(chunk)
        watched.listener.progress(done)
        if time.monotonic() > window_end:
            if done - window_done < patience.min_bytes:
                raise _Again(f"sends next to nothing ({done - window_done} bytes in a while)")
            window_end, window_done = time.monotonic() + patience.timeout_s, done
    return done


def _write(file: FileIO, chunk: bytes, part: Path) -> None:
    try:
        if file.write(chunk) != len(chunk):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise cannot_write(part, error) from error


def _explain_status(error: HTTPError, part: Path) -> NoReturn:
    with error:
        if error.code == _RANGE_REFUSED:
            drop(part)
            raise _Again("cannot go on where it stopped") from error
        what = f"answers {error.code} {responses.get(error.code, '')}".rstrip()
        if error.code in _TRY_LATER:
            raise _Again(what) from error
        raise DownloadError(f"{urlsplit(error.url).hostname} {what}") from error


def _explain_unreachable(error: URLError, wanted: Wanted, started: bool) -> NoReturn:
    """A network that was there a moment ago may come back; one that was not is said at once."""
    reason = error.reason
    if isinstance(reason, SSLCertVerificationError):
        raise DownloadError(
            f"the certificate of {wanted.host} does not pass ({reason.verify_message}), perhaps "
            "because of a wrong clock or the login page of this network"
        ) from error
    said = getattr(reason, "strerror", None) or reason
    if started:
        raise _Again(f"is out of reach ({said})") from error
    raise DownloadError(f"{wanted.host} cannot be reached ({said})") from error


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0
