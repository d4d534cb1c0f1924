"""Which genres are alike: the genre that comes second when another comes first.

As bars for each genre, and as a chord diagram: a circle of genres with ribbons between those that
are confused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from earmark.figures._plots import (
    ROW_HEIGHT,
    bars,
    colour,
    figure,
    names_axis,
    plain,
    plot_text,
    short_names,
    tabs,
)
from earmark.wording import counted

__all__ = ["Arc", "Ribbon", "chord", "chord_slot", "runner_up_tabs"]

_GAP = 0.04
_OUTER, _INNER, _ENDS = 1.0, 0.95, 0.94


def runner_up_tabs(
    matrix: Sequence[Sequence[int]], classes: Sequence[str], *, unit: str
) -> dict[str, Any]:
    """Return a tab for each genre: how often each other genre came second to it.

    The most probable genres are down the matrix and the second most probable across; ``unit`` is
    ``track`` or ``segment``.
    """
    contents = {}
    for at, (name, row) in enumerate(zip(classes, matrix, strict=True)):
        total = sum(row)
        others = (other for other in range(len(classes)) if other != at)
        ranked = sorted(others, key=lambda other: -row[other])
        names = [classes[other] for other in ranked]
        shares = [row[other] / total if total else 0 for other in ranked]
        trace = bars(
            shares,
            text=[str(row[other]) for other in ranked],
            textposition="outside",
            cliponaxis=False,
            customdata=[[plot_text(classes[other]), row[other]] for other in ranked],
            hovertemplate="%{customdata[0]}: %{customdata[1]}, %{x:.0%}<extra></extra>",
            marker={"color": [colour(other) for other in ranked]},
        )
        layout = {
            "height": ROW_HEIGHT * len(ranked) + 90,
            "xaxis": {
                "range": [0, max([0.1, *shares]) * 1.12],
                "tickformat": ".0%",
                "title": {"text": f"share of the {unit}s"},
            },
            "yaxis": names_axis(names, down=True),
            "showlegend": False,
        }
        label = f"No {unit} was classified as {plain(name)}."
        if total:
            label = f"{counted(total, unit)} classified as {plain(name)}: " + "; ".join(
                f"{plain(classes[other])} came second in {row[other]:,}" for other in ranked[:3]
            )
        narrow = short_names("yaxis", names)
        contents[plain(name)] = figure([trace], layout, label=label, narrow=narrow)
    return tabs("Most probable genre", contents)


@dataclass(frozen=True)
class Arc:
    """A piece of the circle: the number of a genre, angles in radians from the top, a count."""

    genre: int
    start: float
    end: float
    n: int


@dataclass(frozen=True)
class Ribbon:
    """A band between parts of the arcs of two genres; the source is the wider end."""

    source: Arc
    target: Arc


def chord(matrix: Sequence[Sequence[int]], *, gap: float = _GAP) -> tuple[list[Arc], list[Ribbon]]:
    """Lay out a chord diagram (Krzywinski and others 2009) of how often genres come second.

    The arc of genre i is as long as its row sums to, and the end of its ribbon to genre j as wide
    as ``matrix[i][j]``; the diagonal is ignored. Clockwise along an arc, the ribbons lead to the
    genres counter-clockwise, so that those of one arc do not cross. ``gap`` is in radians.
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
    """Write the ring piece of an arc as an SVG path around the unit circle."""
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


def chord_slot(
    matrix: Sequence[Sequence[int]], names: Sequence[str], *, unit: str
) -> dict[str, Any]:
    """Return a chord diagram for the page's script: paths, angles of the labels, texts."""
    arcs, ribbons = chord(matrix)
    names = [plain(name) for name in names]

    def end_text(end: Arc, other: Arc) -> str:
        return f"{names[end.genre]} first, {names[other.genre]} second: {counted(end.n, unit)}"

    return {
        "kind": "chord",
        "label": f"Chord diagram of {counted(len(arcs), 'genre')} and "
        f"{counted(len(ribbons), 'pair')} that come first and second; the numbers are in the "
        "table below.",
        "arcs": [
            {
                "genre": arc.genre,
                "name": names[arc.genre],
                "path": arc_path(arc),
                "middle": round((arc.start + arc.end) / 2, 4),
                "colour": colour(arc.genre),
                "text": f"{names[arc.genre]}: most probable for {counted(arc.n, unit)}",
            }
            for arc in arcs
        ],
        "ribbons": [
            {
                "genres": [ribbon.source.genre, ribbon.target.genre],
                "path": ribbon_path(ribbon),
                "colour": colour(ribbon.source.genre),
                "text": f"{end_text(ribbon.source, ribbon.target)}; "
                f"{end_text(ribbon.target, ribbon.source)}",
            }
            for ribbon in ribbons
        ],
    }
