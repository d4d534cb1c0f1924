"""Chord diagrams: a circle of genres, and ribbons between those taken for each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earmark.figures._plot import colour, plain

__all__ = ["Arc", "Ribbon", "chord", "chord_slot"]

_GAP = 0.04
_OUTER, _INNER, _ENDS = 1.0, 0.95, 0.94


@dataclass(frozen=True)
class Arc:
    """A piece of the circle.

    Attributes
    ----------
    genre : int
        Number of the genre.
    start, end : float
        Angles in radians, clockwise from the top.
    n : int
        Tracks it stands for.
    """

    genre: int
    start: float
    end: float
    n: int


@dataclass(frozen=True)
class Ribbon:
    """A band between two genres.

    Attributes
    ----------
    source, target : Arc
        Its ends: parts of the arcs of two genres. The source is the wider one.
    """

    source: Arc
    target: Arc


def chord(matrix: Sequence[Sequence[int]], *, gap: float = _GAP) -> tuple[list[Arc], list[Ribbon]]:
    """Lay out a chord diagram.

    The arc of a genre is as long, of the circle less the gaps, as its row is heavy; the end of a
    ribbon from genre i to genre j is as wide as ``matrix[i][j]``, so that the ends fill the arc
    (Krzywinski and others 2009). Going clockwise along an arc its ribbons lead to the genres
    counter-clockwise, so that those of one arc do not cross.

    Parameters
    ----------
    matrix : sequence of sequence of int [shape=(k, k)]
        Most probable genres down, second most probable across. Its diagonal counts for nothing.
    gap : float
        Radians between two arcs; less where there are so many that gaps would be most of it.

    Returns
    -------
    arcs : list of Arc
        Of the genres in any row or column, in order; those with an empty row have no length.
    ribbons : list of Ribbon
        Of the pairs there are.

    Examples
    --------
    >>> arcs, ribbons = chord([[0, 3], [1, 0]], gap=0.0)
    >>> [round(arc.end - arc.start, 3) for arc in arcs], len(ribbons)
    ([4.712, 1.571], 1)
    """
    k = len(matrix)
    counts = [[0 if i == j else matrix[i][j] for j in range(k)] for i in range(k)]
    totals = [sum(row) for row in counts]
    shown = [i for i in range(k) if totals[i] or any(row[i] for row in counts)]
    if not shown:
        return [], []
    gap = min(gap, math.pi / len(shown))
    scale = (2 * math.pi - gap * len(shown)) / sum(totals)
    arcs, ends = [], {}
    at = gap / 2
    for i in shown:
        arcs.append(Arc(i, at, at + totals[i] * scale, totals[i]))
        place = at
        for j in ((i - step) % k for step in range(1, k)):
            ends[i, j] = Arc(i, place, place + counts[i][j] * scale, counts[i][j])
            place = ends[i, j].end
        at = arcs[-1].end + gap
    ribbons = []
    for i in shown:
        for j in (j for j in shown if i < j and counts[i][j] + counts[j][i]):
            wide, other = sorted((ends[i, j], ends[j, i]), key=lambda end: -end.n)
            ribbons.append(Ribbon(wide, other))
    return arcs, ribbons


def _point(angle: float, radius: float) -> str:
    return f"{radius * math.sin(angle):.4f} {-radius * math.cos(angle):.4f}"


def _sweep(start: float, end: float, radius: float, *, back: bool = False) -> str:
    large = int(abs(end - start) > math.pi)
    return f"A{radius} {radius} 0 {large} {int(not back)} {_point(end, radius)}"


def arc_path(arc: Arc) -> str:
    """Write the ring piece of an arc as an SVG path about the unit circle."""
    return (
        f"M{_point(arc.start, _OUTER)}{_sweep(arc.start, arc.end, _OUTER)}"
        f"L{_point(arc.end, _INNER)}{_sweep(arc.end, arc.start, _INNER, back=True)}Z"
    )


def ribbon_path(ribbon: Ribbon) -> str:
    """Write a ribbon as an SVG path inside the unit circle."""
    a, b = ribbon.source, ribbon.target
    return (
        f"M{_point(a.start, _ENDS)}{_sweep(a.start, a.end, _ENDS)}Q0 0 {_point(b.start, _ENDS)}"
        f"{_sweep(b.start, b.end, _ENDS)}Q0 0 {_point(a.start, _ENDS)}Z"
    )


def chord_slot(matrix: Sequence[Sequence[int]], names: Sequence[str], *, unit: str) -> Any:
    """Return a chord diagram as the page's data hold it.

    Parameters
    ----------
    matrix : sequence of sequence of int
        As for `chord`.
    names : sequence of str
        Of the genres, unescaped.
    unit : str
        What is counted: ``track`` or ``segment``.

    Returns
    -------
    dict
        Of kind ``"chord"``: paths about the unit circle, angles of the labels, texts.
    """
    arcs, ribbons = chord(matrix)
    names = [plain(name) for name in names]

    def said(end: Arc, other: Arc) -> str:
        units = unit if end.n == 1 else f"{unit}s"
        return f"{end.n} {units} named {names[end.genre]} with {names[other.genre]} second"

    return {
        "kind": "chord",
        "label": f"Chord diagram of {len(arcs)} genres and {len(ribbons)} pairs taken for each "
        "other; the numbers are in the table below.",
        "arcs": [
            {
                "genre": arc.genre,
                "name": names[arc.genre],
                "path": arc_path(arc),
                "middle": round((arc.start + arc.end) / 2, 4),
                "colour": colour(arc.genre),
                "text": f"{names[arc.genre]}: most probable for {arc.n} "
                + (unit if arc.n == 1 else f"{unit}s"),
            }
            for arc in arcs
        ],
        "ribbons": [
            {
                "genres": [ribbon.source.genre, ribbon.target.genre],
                "path": ribbon_path(ribbon),
                "colour": colour(ribbon.source.genre),
                "text": f"{said(ribbon.source, ribbon.target)}; "
                f"{said(ribbon.target, ribbon.source)}",
            }
            for ribbon in ribbons
        ],
    }
