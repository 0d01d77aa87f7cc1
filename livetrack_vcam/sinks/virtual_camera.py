"""The virtual camera that OBS, Zoom and browsers open; the only file that imports pyvirtualcam."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from livetrack_vcam.core.geometry import Size
from livetrack_vcam.errors import SinkBusyError, SinkError, SinkNotFoundError
from livetrack_vcam.interfaces import Canvas
from livetrack_vcam.media import Frame
from livetrack_vcam.node_access import permission_advice
from livetrack_vcam.sinks import loopback, v4l2
from livetrack_vcam.sinks.loopback import (
    DEFAULT_LABEL,
    OBS_LABEL,
    THIS_MACHINE,
    LoopbackDevice,
    Roots,
)

LOOPBACK_BACKEND = "v4l2loopback"
CHECK_S = 1.0  # between two looks at whether the device is still there
GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.EIO, errno.EBADF})
OBS_BACKEND = "obs"
UNITY_BACKEND = "unitycapture"
# What pyvirtualcam 0.15 says of OBS's camera on Windows while somebody feeds it, and for a moment
# after that, until the programs that show it have noticed; and on macOS of our own second one.
IN_USE = "could not be started"
SECOND = "Multiple cameras are not supported"
RELEASE_TRIES, RELEASE_S = 10, 0.1

PAGE = "docs/windows-and-macos.md"
_OBS_ADVICE = (
    "OBS cannot show its own virtual camera: in OBS add a Media Source with the address of "
    f"/stream.mjpg instead ({PAGE})"
)


class VirtualCamera:
    """A Sink that other programs see as a camera.

    `device_name` is the label shown to the user; `backend` is one of pyvirtualcam's names, None
    takes the platform's own. The canvas is fixed while the device is open. Needs the optional
    package pyvirtualcam; `open` says so when it is missing.
    """

    name = "vcam"
    depth = 1
    # Readers give up on a camera that stops; ten pictures a second keep every program content.
    repeat_after_s: float | None = 0.1

    def __init__(
        self,
        device_name: str = DEFAULT_LABEL,
        backend: str | None = None,
        roots: Roots = THIS_MACHINE,
    ) -> None:
        self._device_name = device_name
        self._backend = backend
        self._roots = roots
        self._camera: Any = None
        self._keeper: int | None = None
        self._loopback: LoopbackDevice | None = None
        self._may_return = False
        self._checked_s = 0.0
        self._size = Size(0, 0)
        self._buffer: npt.NDArray[np.uint8] = np.empty(0, np.uint8)
        self._planes: tuple[npt.NDArray[np.uint8], ...] = ()

    @property
    def device(self) -> str:
        """The device in use ("/dev/video10", "OBS Virtual Camera"); empty while closed."""
        return str(self._camera.device) if self._camera is not None else ""

    def open(self, canvas: Canvas) -> None:
        """Raises SinkNotFoundError, SinkBusyError or SinkError, each with the next command."""
        if canvas.size.width % 2 or canvas.size.height % 2:
            raise SinkError(
                f"a virtual camera needs even sides, not {canvas.size}; choose another --size"
            )
        self._may_return = False
        backend = self._choose_backend(_load_pyvirtualcam())
        if backend == LOOPBACK_BACKEND:
            self._may_return = True
            self._open_loopback(canvas)
        else:
            self._camera = self._make_camera(
                canvas, backend, _device_for(backend, self._device_name)
            )
        self._allocate(canvas.size)

    @property
    def may_return(self) -> bool:
        """On Linux a device comes with its module, and is free when its reader or writer ends."""
        return self._may_return

    def send(self, frame: Frame) -> None:
        """pyvirtualcam says of a failed write only on stderr, so the device is looked at, too."""
        self._check_device()
        for target, plane in zip(self._planes, frame.planes, strict=True):
            np.copyto(target, plane)
        try:
            self._camera.send(self._buffer)
        except Exception as error:
            raise SinkError(
                f"the virtual camera {self._device_name!r} is gone ({error}); "
                "see: livetrack-vcam doctor"
            ) from error

    def close(self) -> None:
        """Closes pyvirtualcam's descriptor first and ours last, which frees the device."""
        camera, self._camera = self._camera, None
        keeper, self._keeper = self._keeper, None
        self._loopback = None
        try:
            if camera is not None:
                camera.close()
        finally:
            if keeper is not None:
                os.close(keeper)

    def _check_device(self) -> None:
        """Once a second. Raises SinkError when what is written arrives nowhere."""
        device, now_s = self._loopback, time.monotonic()
        if device is None or self._keeper is None or now_s - self._checked_s < CHECK_S:
            return
        self._checked_s = now_s
        if loopback.label_of(device.path, self._roots) != device.label:
            raise SinkNotFoundError(
                f"the virtual camera {device.label!r} ({device.path}) was removed; "
                f"{loopback.reload_advice('make it again', device.label, self._roots)}"
            )
        try:
            actual = v4l2.output_size(self._keeper)
        except OSError as error:
            if error.errno in GONE:
                raise _os_error(device, error) from None
            return
        if actual != self._size:
            raise SinkBusyError(
                f"another program set {device.path} ({device.label!r}) to {actual}, so "
                f"{self._size} would come out garbled; close that program"
            )

    def _choose_backend(self, module: Any) -> str:
        known: dict[str, object] = module.camera.BACKENDS
        if self._backend is not None:
            if self._backend not in known:
                names = ", ".join(sorted(known)) or "none"
                raise SinkNotFoundError(
                    f"virtual camera back end {self._backend!r} is unknown here; this system has: "
                    f"{names}"
                )
            return self._backend
        choice = platform_backend(self._device_name)
        if choice not in known:
            raise SinkNotFoundError(
                f"virtual cameras do not work on this system ({sys.platform}); use --sink mjpeg"
            )
        return choice

    def _open_loopback(self, canvas: Canvas) -> None:
        device = loopback.find_device(self._device_name, self._roots)
        _make_writable(device, self._roots)
        self._camera = self._make_camera(canvas, LOOPBACK_BACKEND, str(device.path))
        try:
            self._keeper = v4l2.open_device(device.path)
            v4l2.mark_as_writer(self._keeper)
            _check_size(device, v4l2.output_size(self._keeper), canvas.size, self._roots)
            self._loopback, self._checked_s = device, time.monotonic()
        except OSError as error:
            self.close()
            raise _os_error(device, error) from error
        except SinkError:
            self.close()
            raise

    def _make_camera(self, canvas: Canvas, backend: str, device: str | None) -> Any:
        module = _load_pyvirtualcam()
        patience = RELEASE_TRIES if backend == OBS_BACKEND else 1
        while True:
            patience -= 1
            try:
                return module.Camera(
                    width=canvas.size.width,
                    height=canvas.size.height,
                    fps=float(canvas.fps),
                    fmt=module.PixelFormat.I420,
                    device=device,
                    backend=backend,
                )
            except Exception as error:
                if patience == 0 or IN_USE not in str(error):
                    raise _refused(backend, self._device_name, error) from error
            time.sleep(RELEASE_S)

    def _allocate(self, size: Size) -> None:
        self._size = size
        luma, chroma = size.width * size.height, size.width * size.height // 4
        self._buffer = np.empty(luma + 2 * chroma, np.uint8)
        half = (size.height // 2, size.width // 2)
        self._planes = (
            self._buffer[:luma].reshape(size.height, size.width),
            self._buffer[luma : luma + chroma].reshape(half),
            self._buffer[luma + chroma :].reshape(half),
        )


def platform_backend(device_name: str, platform: str = sys.platform) -> str:
    """The back end that serves `device_name` on this system."""
    if platform == "linux":
        return LOOPBACK_BACKEND
    if platform == "win32" and device_name != OBS_LABEL:
        return UNITY_BACKEND
    return OBS_BACKEND


def _load_pyvirtualcam() -> Any:
    try:
        return importlib.import_module("pyvirtualcam")
    except ImportError as error:
        raise SinkNotFoundError(
            "the virtual camera needs the package pyvirtualcam, which is not installed; add it: "
            "pipx inject livetrack-vcam pyvirtualcam (or: pip install pyvirtualcam)"
        ) from error


def _device_for(backend: str, device_name: str) -> str | None:
    """What to ask the back end for; OBS's has one device with a fixed name and refuses others."""
    return None if backend == OBS_BACKEND else device_name


def _make_writable(device: LoopbackDevice, roots: Roots) -> None:
    """Leave `device` free to be written, un-wedging it once. Raises SinkError otherwise.

    Done before pyvirtualcam tries, because it leaks a descriptor each time it refuses a device.
    """
    try:
        if _is_free(device, roots):
            return
        fd = v4l2.open_device(device.path)
        try:
            v4l2.mark_as_writer(fd)
        finally:
            os.close(fd)
        if _is_output(device):
            return
    except OSError as error:
        raise _os_error(device, error) from error
    raise SinkError(
        f"{device.path} ({device.label!r}) is stuck and did not recover; "
        f"{loopback.reload_advice('load the module again', device.label, roots)}"
    )


def _is_free(device: LoopbackDevice, roots: Roots) -> bool:
    """True: free; False: stuck. Raises SinkBusyError when another program writes to it."""
    output = _is_output(device)
    if output and device.exclusive_caps:
        return True
    others = loopback.holders(device.path, roots)
    writers = [holder for holder in others if holder.writes]
    if writers or v4l2.is_being_written(device.path):
        who = ", ".join(map(str, writers or others)) or "another program"
        raise SinkBusyError(
            f"{device.path} ({device.label!r}) is already fed by {who}; stop that program, or "
            "write to another device with --sink vcam:NAME"
        )
    return output


def _is_output(device: LoopbackDevice) -> bool:
    fd = v4l2.open_device(device.path)
    try:
        return v4l2.accepts_output(fd)
    finally:
        os.close(fd)


def _check_size(device: LoopbackDevice, actual: Size, asked: Size, roots: Roots) -> None:
    if actual == asked:
        return
    readers = ", ".join(map(str, loopback.holders(device.path, roots))) or "another program"
    raise SinkBusyError(
        f"{device.path} ({device.label!r}) stays at {actual} while {readers} has it open, and "
        f"{asked} would come out garbled; close that program, or use --size {actual}"
    )


def _os_error(device: LoopbackDevice, error: OSError) -> SinkError:
    if isinstance(error, PermissionError):
        return SinkBusyError(
            f"no permission to write to {device.path}; {permission_advice(device.path)}"
        )
    if isinstance(error, FileNotFoundError):
        return SinkNotFoundError(
            f"{device.path} ({device.label!r}) is known to the kernel but missing in /dev; in a "
            f"container pass it in with --device {device.path}"
        )
    return SinkBusyError(
        f"{device.path} ({device.label!r}) cannot be opened: {error.strerror}; "
        "see: livetrack-vcam doctor"
    )


def _refused(backend: str, device_name: str, error: Exception) -> SinkError:
    """The back end's own reason, with what to do about it."""
    reason = str(error).removeprefix(f"'{backend}' backend: ").rstrip(".")
    if backend == UNITY_BACKEND:
        return SinkNotFoundError(
            f"Unity Capture has no camera named {device_name!r} ({reason}); register it under "
            f'that name ({PAGE}), or use OBS\'s: --sink "vcam:{OBS_LABEL}"'
        )
    if backend == OBS_BACKEND and (IN_USE in reason or SECOND in reason):
        return SinkBusyError(
            f"there is one OBS virtual camera, and a program feeds it already ({reason}); press "
            "Stop Virtual Camera in OBS, end the other livetrack-vcam, or send one shot only there"
        )
    if backend == OBS_BACKEND:
        return SinkNotFoundError(
            f"the OBS virtual camera cannot be used ({reason}); install OBS and press Start "
            f"Virtual Camera and Stop once. {_OBS_ADVICE}"
        )
    return SinkBusyError(f"the virtual camera {device_name!r} refused to open: {reason}")
