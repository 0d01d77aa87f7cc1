"""ssd-mobilenet-v2 from TensorFlow.js's files to one the runtime reads, without TensorFlow.

Google publishes SSDLite MobileNet v2 for TensorFlow.js (coco-ssd): model.json and five files of
weights, kept here joined in this order. The graph begins with a loop that stretches pictures to 300
x 300; the network begins behind it, at -1 to 1, and ends with the decoded boxes and all scores.
"""

from __future__ import annotations

from livetrack_vcam.detectors.convert.tfjs_file import read_tfjs
from livetrack_vcam.detectors.convert.tfjs_graph import TfjsGraph
from livetrack_vcam.detectors.convert.tflite_writer import FILE_IDENTIFIER
from livetrack_vcam.errors import ModelError

NAME = "ssd-mobilenet-v2"
INPUT = "Preprocessor/sub"
INPUT_SHAPE = (1, 300, 300, 3)
# Boxes (1, 1917, 1, 4) as y1, x1, y2, x2 from 0 to 1; scores (1, 1917, 91) from 0 to 1.
OUTPUTS = ("Postprocessor/ExpandDims_1", "Postprocessor/convert_scores")


def convert_ssd_mobilenet_v2(content: bytes) -> bytes:
    """The TensorFlow Lite file for the joined files of coco-ssd's `ssdlite_mobilenet_v2`.

    The same content always gives the same bytes; a file that is TensorFlow Lite's already stays as
    it is. Raises ModelError for any other content.
    """
    if content[4:8] == FILE_IDENTIFIER:
        return content
    try:
        return TfjsGraph(read_tfjs(content), NAME).build(INPUT, INPUT_SHAPE, OUTPUTS)
    except ValueError as error:
        raise ModelError(
            f"the file of model {NAME} is damaged or another model ({error}); "
            f"type: livetrack-vcam models fetch {NAME}"
        ) from error
