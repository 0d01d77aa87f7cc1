"""Logits, the raw numbers networks give, and the probabilities they stand for."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.floating]

# exp() of more overflows float32; the probability is 0 or 1 long before.
_MAX_LOGIT = 80.0


def sigmoid(logits: Floats) -> Floats:
    """Probabilities, 0 to 1, of the same shape."""
    probabilities: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits, -_MAX_LOGIT, _MAX_LOGIT)))
    return probabilities


def logit(probability: float) -> float:
    """The inverse of `sigmoid`, for 0 < probability < 1."""
    return math.log(probability / (1.0 - probability))
