"""The connection to OBS through obs-websocket: one thread, one kind of error.

The only file that knows obsws-python (GPL-3.0), which is loaded when somebody asks for OBS.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from livetrack_vcam.errors import LiveTrackError, SettingsError

PASSWORD_VARIABLE = "LIVETRACK_OBS_PASSWORD"  # noqa: S105 — the name, not the password
TIMEOUT_S = 3.0
NOT_FOUND = 600
"""obs-websocket's RequestStatus::ResourceNotFound."""
LEAST_OFFSET_MS, MOST_OFFSET_MS = -950, 20_000
"""What SetInputAudioSyncOffset takes."""


class ObsError(LiveTrackError):
    """OBS is not there, went away, or does not let us in."""


class ObsRefusal(ObsError):
    """OBS answered that it cannot do one request; the connection is good."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ObsAddress:
    """Where OBS listens. The password is in no repr, and so in no log or traceback."""

    host: str = "127.0.0.1"
    port: int = 4455
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Obs:
    """An open connection. Not thread-safe: one thread opens, uses and closes it."""

    def __init__(self, address: ObsAddress, timeout_s: float = TIMEOUT_S) -> None:
        """Raises ObsError that says what to do about it."""
        library = _library()
        self._address = address
        try:
            # The library leaves its socket open when nobody answers, so knock first.
            socket.create_connection((address.host, address.port), timeout_s).close()
            self._client: Any = library.baseclient.ObsClient(
                host=address.host, port=address.port, password=address.password, timeout=timeout_s
            )
        except Exception as error:
            # The library lets through what sockets, WebSockets and JSON raise: a dozen types.
            raise ObsError(_nobody_there(address, error)) from None
        try:
            self._client.authenticate()
        except Exception:
            self.close()
            raise ObsError(_closed_door(address)) from None

    def input_names(self) -> list[str]:
        inputs = self._request("GetInputList")["inputs"]
        return [str(each["inputName"]) for each in inputs]

    def audio_offset_ms(self, name: str) -> int:
        """The sync offset of an input's sound. Raises ObsRefusal when there is no such input."""
        data = self._request("GetInputAudioSyncOffset", {"inputName": name})
        return int(data["inputAudioSyncOffset"])

    def set_audio_offset_ms(self, name: str, offset_ms: int) -> None:
        """Delay an input's sound; what OBS does not take is brought into its range."""
        offset_ms = min(max(offset_ms, LEAST_OFFSET_MS), MOST_OFFSET_MS)
        request = {"inputName": name, "inputAudioSyncOffset": offset_ms}
        self._request("SetInputAudioSyncOffset", request)

    def close(self) -> None:
        """Safe also when OBS is gone."""
        try:
            self._client.ws.close(timeout=1)
        except Exception:
            logging.getLogger(__name__).debug("OBS was gone before the goodbye")
        finally:
            # When OBS has hung up, `close` leaves the socket open.
            self._client.ws.shutdown()

    def _request(self, name: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._client.req(name, dict(data or {}))
            status = answer["requestStatus"]
            granted, code = bool(status["result"]), int(status["code"])
        except Exception as error:
            # An OBS that quits shows as an empty answer that is no JSON.
            reason = type(error).__name__
            raise ObsError(f"OBS at {self._address} went away ({reason})") from None
        if not granted:
            comment = str(status.get("comment", "")).rstrip(".") or "without a reason"
            raise ObsRefusal(f"OBS refused {name}: {comment}", code)
        return dict(answer.get("responseData") or {})


def obs_password(file: Path | None, environment: Mapping[str, str] = os.environ) -> str:
    """From the file when one is named, else from the environment. Raises SettingsError."""
    if file is None:
        return environment.get(PASSWORD_VARIABLE, "")
    try:
        return file.expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"the OBS password file {file} cannot be read ({reason}); "
            f"write the password into it, or set {PASSWORD_VARIABLE} instead"
        ) from None


def _library() -> Any:
    try:
        library = import_module("obsws_python")
    except ImportError:
        raise ObsError(
            "OBS cannot be reached without the package obsws-python; try: pip install obsws-python"
        ) from None
    # At INFO it logs the password, and with every refusal a traceback.
    logging.getLogger("obsws_python").setLevel(logging.CRITICAL + 1)
    return library


def _closed_door(address: ObsAddress) -> str:
    wanted = "another password" if address.password else "a password"
    return (
        f"OBS at {address} wants {wanted}; set {PASSWORD_VARIABLE} to the one in OBS under "
        "Tools > WebSocket Server Settings > Show Connect Info"
    )


def _nobody_there(address: ObsAddress, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return (
        f"OBS does not answer at {address} ({reason}); start OBS, and there tick "
        "Tools > WebSocket Server Settings > Enable WebSocket server"
    )
