"""The cheapest one-to-one pairing of rows and columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

FORBIDDEN = math.inf
_LARGE = 1e6


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """(row, column) pairs of least total cost; pairs whose cost is FORBIDDEN are never made.

    The shortest-augmenting-path form of the Hungarian method (Kuhn 1955; Jonker and Volgenant
    1987), O(rows² · columns). Pairs come in the order of the rows.
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        columns = [list(column) for column in zip(*costs, strict=True)]
        return sorted((row, column) for column, row in assign(columns))
    finite = [[_LARGE if math.isinf(cost) else cost for cost in row] for row in costs]
    owners = _augment_all(finite)
    pairs = [(row, column) for column, row in enumerate(owners) if row >= 0]
    return sorted(pair for pair in pairs if not math.isinf(costs[pair[0]][pair[1]]))


def _augment_all(costs: list[list[float]]) -> list[int]:
    """Row owning each column (-1: none), for at least as many columns as rows."""
    width = len(costs[0])
    row_price = [0.0] * len(costs)
    column_price = [0.0] * width
    owners = [-1] * width
    for row in range(len(costs)):
        _augment(costs, row, row_price, column_price, owners)
    return owners


def _augment(
    costs: list[list[float]],
    start: int,
    row_price: list[float],
    column_price: list[float],
    owners: list[int],
) -> None:
    width = len(owners)
    distance = [math.inf] * width
    previous = [-1] * width
    done = [False] * width
    row, column = start, -1
    while True:
        best, nearest = math.inf, -1
        for j in range(width):
            if done[j]:
                continue
            reduced = costs[row][j] - row_price[row] - column_price[j]
            if reduced < distance[j]:
                distance[j], previous[j] = reduced, column
            if distance[j] < best:
                best, nearest = distance[j], j
        row_price[start] += best
        for j in range(width):
            if done[j]:
                row_price[owners[j]] += best
                column_price[j] -= best
            else:
                distance[j] -= best
        done[nearest] = True
        column = nearest
        if owners[column] < 0:
            break
        row = owners[column]
    while column >= 0:
        before = previous[column]
        owners[column] = owners[before] if before >= 0 else start
        column = before
