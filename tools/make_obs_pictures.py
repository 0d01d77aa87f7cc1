"""Makes docs/images/obs-panel.png: our script's panel in a real OBS Studio, beside our picture.

Run it as `python -m tools.make_obs_pictures` where `make system-packages` has installed OBS. The
daemon is the program with its demo, started by the panel's own button.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from tests.e2e.obs_desk import Desk, desk_at
from tests.waiting import until

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "obs-panel.png"
SCREEN = "1680x980"
MAIN_WINDOW, PANEL_WINDOW = "0,0,20,900,934", "0,904,20,772,934"
"""Gravity, x, y, width and height, as wmctrl takes them."""
KEPT = "1680:956:0:0"
"""Width, height, x and y of what is no empty desktop."""
RUN = {"arguments": "run --source demo --sink mjpeg --size 640x360"}
PICTURE_S = 6.0
"""By then OBS's preview shows our stream."""
LEAST_FPS = 27
"""Of 30: a machine that is busy with something else gives no fair picture."""
MIDDLE = 0.15
"""Of the crop's width, by which the subject of a good picture may be beside its middle."""


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        desk_at(Path(folder), settings=RUN, fps=30, screen=SCREEN) as desk,
    ):
        desk.panel.press("Start daemon")
        desk.says("subject 1")
        _show_our_picture(desk)
        _move(desk, "OBS 29", MAIN_WINDOW)
        _move(desk, "Scripts", PANEL_WINDOW)
        time.sleep(PICTURE_S)
        until(lambda: _is_fair(desk), desk.panel.text)
        desk.studio.photograph(Path(folder) / "screen.png")
        _shrink(Path(folder) / "screen.png")
    print(OUT)


def _show_our_picture(desk: Desk) -> None:
    """A media source of the MJPEG stream that fills OBS's canvas, as `obs setup --mjpeg` makes."""
    links = desk.daemon.status()["links"]
    settings = {
        "is_local_file": False,
        "input": next(link for link in links.values() if link.endswith(".mjpg")),
        "input_format": "mjpeg",
        "buffering_mb": 0,
        "reconnect_delay_sec": 1,
    }
    desk.socket.create_input("Main", "LiveTrack Camera", "ffmpeg_source", settings, True)
    item = desk.socket.get_scene_item_id("Main", "LiveTrack Camera").scene_item_id
    bounds = {"boundsType": "OBS_BOUNDS_SCALE_INNER", "boundsWidth": 640, "boundsHeight": 360}
    desk.socket.set_scene_item_transform("Main", item, bounds)
    desk.socket.set_scene_item_locked("Main", item, True)  # no red frame around it


def _is_fair(desk: Desk) -> bool:
    desk.panel.press("Refresh status")
    status, crop = desk.daemon.status(), desk.daemon.shot()["crop"]
    boxes = [track["box"] for track in status["tracks"] if "main" in track["subject_of"]]
    middle = any(abs(x + w / 2 - crop[0] - crop[2] / 2) < MIDDLE * crop[2] for x, _, w, _ in boxes)
    return middle and status["fps"] > LEAST_FPS


def _shrink(screen: Path) -> None:
    """Keep the two windows and 256 colors: a third of the size, and no difference to be seen."""
    palette = "split[picture][all];[all]palettegen[palette];[picture][palette]paletteuse"
    command = ["ffmpeg", "-loglevel", "error", "-y", "-i", str(screen)]
    subprocess.run([*command, "-vf", f"crop={KEPT},{palette}", str(OUT)], check=True)


def _move(desk: Desk, title: str, place: str) -> None:
    subprocess.run(["wmctrl", "-r", title, "-e", place], env=dict(desk.studio.env), check=True)


if __name__ == "__main__":
    main()
