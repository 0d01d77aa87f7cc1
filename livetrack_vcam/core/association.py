"""Which measurement is which thing: costs of pairs, and the cheapest pairing of all."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from livetrack_vcam.core.appearance import OTHER, SAME, likeness
from livetrack_vcam.core.assignment import FORBIDDEN, assign
from livetrack_vcam.core.fusion import Measurement, face_misfit
from livetrack_vcam.core.geometry import Box, iou
from livetrack_vcam.core.tracked import TrackedThing

PERSON_GATE = 0.22
"""How far a person's center may be from where it should be, in box sizes."""
THING_GATE = 2.5
GATE_GROWTH = 0.4
"""By how much the gate opens with every second unseen."""
WIDEST_GATE = 0.8
"""More than the gate at first: nobody runs faster, however long unseen."""
MOST_GROWTH = 0.5
"""Largest change of the height, as a logarithm; it opens with GATE_GROWTH too."""
SIZE_WEIGHT = 0.7
LOOKS_WEIGHT = 2.0
NEW_HITS, NEW_COST = 6, 0.3
"""A thing seen less often pays so much more: it may be but one false box that took its number."""
MOST_COMPARED = 400
"""Pairs of one knot of people whose looks are compared; in a larger crowd there is no time."""


def associate(
    things: Sequence[TrackedThing], seen: Sequence[Measurement], now: int
) -> list[tuple[int, int]]:
    """(thing, measurement) index pairs of least cost; none of them is FORBIDDEN.

    Things and measurements that could be mistaken for each other are assigned together, those
    elsewhere apart from them, so that the time grows with the largest crowd, not with the number.
    """
    candidates = _candidates(things, seen, now)
    pairs: list[tuple[int, int]] = []
    for rows, columns in _knots(candidates, len(seen)):
        compare = (len(rows) > 1 or len(columns) > 1) and len(rows) * len(columns) <= MOST_COMPARED
        costs = []
        for row in rows:
            known = candidates[row]
            costs.append([known.get(column, FORBIDDEN) for column in columns])
            if compare:
                costs[-1] = [
                    cost + _strangeness(things[row], seen[column]) if cost < FORBIDDEN else cost
                    for cost, column in zip(costs[-1], columns, strict=True)
                ]
        pairs += [(rows[row], columns[column]) for row, column in assign(costs)]
    return sorted(pairs)


def _candidates(
    things: Sequence[TrackedThing], seen: Sequence[Measurement], now: int
) -> list[dict[int, float]]:
    """For each thing the measurements it may be, with the cost."""
    order = sorted(range(len(seen)), key=lambda index: seen[index].box.center.x)
    centers = [seen[index].box.center.x for index in order]
    widest = max((_extent(m.box) for m in seen), default=0.0)
    result = []
    for thing in things:
        box = thing.visible
        reach = _gate(thing, now) * 0.5 * (_extent(box) + widest)
        reach = max(reach, box.width, widest)
        middles = [place.center.x for place in (box, thing.unleapt) if place is not None]
        first = bisect_left(centers, min(middles) - reach)
        last = bisect_right(centers, max(middles) + reach)
        top, bottom = box.y1 - reach, box.y2 + reach
        costs = (
            (index, match_cost(thing, seen[index], now))
            for index in order[first:last]
            if seen[index].box.y1 < bottom and seen[index].box.y2 > top
        )
        result.append({index: cost for index, cost in costs if cost < FORBIDDEN})
    return result


def _knots(candidates: Sequence[dict[int, float]], width: int) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that hang together through candidates, in the order of the rows."""
    leader = list(range(len(candidates) + width))

    def find(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for row, columns in enumerate(candidates):
        for column in columns:
            leader[find(row)] = find(len(candidates) + column)
    knots: dict[int, tuple[list[int], list[int]]] = {}
    for row, columns in enumerate(candidates):
        if columns:
            knots.setdefault(find(row), ([], []))[0].append(row)
    for column in range(width):
        knot = knots.get(find(len(candidates) + column))
        if knot is not None:
            knot[1].append(column)
    return list(knots.values())


def _extent(box: Box) -> float:
    """A length that says how large a thing is, whether it stands or lies."""
    return min(box.height, 3 * box.width)


def _gate(thing: TrackedThing, now: int) -> float:
    start = PERSON_GATE if thing.label == "person" else THING_GATE
    return min(start + GATE_GROWTH * thing.unseen_s(now) + thing.doubt, start + WIDEST_GATE)


def match_cost(thing: TrackedThing, measurement: Measurement, now: int) -> float:
    """How little a measurement looks like the next sighting of a thing; FORBIDDEN if it cannot be.

    Overlap and distance to the predicted box, both relative to the box, plus the change of size;
    a face that stays in place outweighs a body box that changed. A thing that has leapt may also be
    where it would be without; one that is hardly known gives way to one that is.
    """
    if thing.label != measurement.label:
        return FORBIDDEN
    if thing.face is not None and measurement.face is not None:
        shared = iou(thing.face, measurement.face)
        if shared > 0.3:
            return 0.3 * (1 - shared)
    if measurement.inferred != thing.inferred:
        return _face_to_body(thing, measurement)
    places = (thing.visible, thing.unleapt)
    cost = min(_misfit(thing, p, measurement.box, now) for p in places if p is not None)
    return cost + NEW_COST if thing.hits < NEW_HITS and cost < FORBIDDEN else cost


def _misfit(thing: TrackedThing, predicted: Box, box: Box, now: int) -> float:
    reach = 0.5 * (_extent(predicted) + _extent(box))
    distance = math.hypot(
        predicted.center.x - box.center.x, predicted.center.y - box.center.y
    ) / max(reach, 1e-9)
    growth = abs(math.log(box.height / max(predicted.height, 1e-9)))
    most_growth = MOST_GROWTH + GATE_GROWTH * min(thing.unseen_s(now), 1.0)
    if distance > _gate(thing, now) or growth > most_growth:
        return FORBIDDEN
    return (1 - iou(predicted, box)) + distance + SIZE_WEIGHT * growth


def _face_to_body(thing: TrackedThing, measurement: Measurement) -> float:
    """How badly a face alone sits on the body we know, or a body on the face alone we know."""
    body = measurement.box if thing.inferred else thing.box
    face = thing.face if thing.inferred else measurement.face
    misfit = face_misfit(face, body) if face is not None else None
    if misfit is None:
        return FORBIDDEN
    if thing.face is None or measurement.face is None:
        return 0.3 + misfit
    before, after = thing.face.center, measurement.face.center
    step = math.hypot(before.x - after.x, before.y - after.y) / max(thing.face.height, 1e-9)
    return 0.3 + misfit + 0.2 * min(step, 5.0)


def _strangeness(thing: TrackedThing, measurement: Measurement) -> float:
    """What the looks add to the cost: nothing from SAME up, less than a gate's width at worst."""
    alike = likeness(thing.memory.mean, measurement.appearance)
    if alike is None or alike >= SAME:
        return 0.0
    return LOOKS_WEIGHT * (SAME - max(alike, OTHER - 0.3))
