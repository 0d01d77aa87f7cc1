"""The 80 COCO names, in the order darknet's `data/coco.names` numbers them."""

from __future__ import annotations

import difflib

from livetrack_vcam.errors import SettingsError

COCO_LABELS: tuple[str, ...] = tuple(
    """person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,
stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,
umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,baseball glove,
skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,banana,apple,
sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,
dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,
refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush""".replace("\n", "").split(
        ","
    )
)


def class_number(label: str) -> int:
    """Where `label` stands in COCO_LABELS. Raises SettingsError when it is not there."""
    if label in COCO_LABELS:
        return COCO_LABELS.index(label)
    close = difflib.get_close_matches(label, COCO_LABELS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "try 'person' or 'sports ball'"
    raise SettingsError(f"no detector knows the label {label!r}; {hint}")
