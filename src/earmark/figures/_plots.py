"""What all figures share: traces, axes with names, colours, and the shape of a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = [
    "HEAT",
    "LEGEND_ABOVE",
    "LEGEND_BELOW",
    "ROW_HEIGHT",
    "SYMBOLS",
    "band",
    "bars",
    "colour",
    "error_bars",
    "figure",
    "names_axis",
    "no_slot",
    "plain",
    "plot_text",
    "scatter",
    "short_names",
    "shorten",
    "tabs",
    "text_slot",
]

N_COLOURS = 12

SYMBOLS = (
    *("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down", "cross"),
    *("hexagon", "pentagon", "star-diamond", "bowtie"),
)
"""Shapes of markers, so that no difference is shown by colour alone."""

HEAT = [[0, "var(--heat-0)"], [0.5, "var(--heat-1)"], [1, "var(--heat-2)"]]
"""Colours of shares, from the background of the page to its strongest colour."""

LEGEND_ABOVE = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"}
LEGEND_BELOW = {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "title": {"text": ""}}

ROW_HEIGHT = 24
"""Pixels that a name on an axis needs."""

_LONGEST, _LONGEST_NARROW = 22, 16


def colour(number: int) -> str:
    """Return the colour of a series as a property of the page, which has a light and a dark one."""
    return f"var(--c{number % N_COLOURS})"


def plain(name: object) -> str:
    """Return a name that can be seen and encoded, even if it is empty."""
    return str(name).encode("utf-8", "backslashreplace").decode("utf-8") or "(none)"


def shorten(name: str, longest: int = _LONGEST) -> str:
    """Cut a name that is too long for an axis."""
    name = plain(name)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def plot_text(name: object) -> str:
    """Escape text for Plotly, which reads tags and entities."""
    return plain(name).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def names_axis(
    names: Sequence[str], *, down: bool = False, longest: int = _LONGEST, **more: Any
) -> dict[str, Any]:
    """Return an axis with a name at each whole number from 0; ``down`` puts the first on top."""
    ends = [-0.5, len(names) - 0.5]
    return {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [plot_text(shorten(name, longest)) for name in names],
        "range": ends[::-1] if down else ends,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "ticklabelstandoff": 6,
        **more,
    }


def short_names(axis: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Return shorter names for ``xaxis`` or ``yaxis``, to pass as `figure`'s ``narrow``."""
    return {f"{axis}.ticktext": [plot_text(shorten(name, _LONGEST_NARROW)) for name in names]}


def scatter(mode: str, x: Iterable[Any], y: Iterable[Any], **more: Any) -> dict[str, Any]:
    """Return points, lines or texts as a trace."""
    return {"type": "scatter", "mode": mode, "x": [*x], "y": [*y], **more}


def bars(lengths: Sequence[float], **more: Any) -> dict[str, Any]:
    """Return horizontal bars, one for each name of a `names_axis`."""
    places = list(range(len(lengths)))
    return {"type": "bar", "orientation": "h", "x": [*lengths], "y": places, **more}


def error_bars(
    values: Sequence[float], intervals: Sequence[Mapping[str, float]], **more: Any
) -> dict[str, Any]:
    """Return the ``low`` and ``high`` of intervals as Plotly's distances from the values."""
    pairs = [*zip(values, intervals, strict=True)]
    return {
        "type": "data",
        "symmetric": False,
        "array": [interval["high"] - value for value, interval in pairs],
        "arrayminus": [value - interval["low"] for value, interval in pairs],
        **more,
    }


def band(
    x: Sequence[float], low: Sequence[float], high: Sequence[float], name: str
) -> list[dict[str, Any]]:
    """Return a shaded band between two lines as two traces."""
    edge = {"hoverinfo": "skip", "line": {"width": 0, "color": colour(0)}}
    fill = {"fill": "tonexty", "fillcolor": "var(--band)", "name": name}
    return [
        scatter("lines", x, low, **edge, showlegend=False),
        scatter("lines", x, high, **edge, **fill),
    ]


def figure(
    data: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    *,
    label: str,
    narrow: Mapping[str, Any] | None = None,
    zoom: bool = False,
    min_width: int = 0,
    max_width: int = 0,
) -> dict[str, Any]:
    """Return a figure for the page's script.

    ``label`` is read out by a screen reader. ``narrow`` replaces parts of the layout on a narrow
    page, by dotted names. Below ``min_width`` pixels the figure scrolls sideways instead of
    shrinking; above ``max_width`` (0 for no limit) it stops growing.
    """
    return {
        "kind": "figure",
        "data": [*data],
        "layout": layout,
        "label": label,
        "narrow": narrow or {},
        "zoom": zoom,
        "min_width": min_width,
        "max_width": max_width,
    }


def tabs(label: str, contents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return figures or texts to choose from by name."""
    items = [{"name": name, "content": content} for name, content in contents.items()]
    return {"kind": "tabs", "label": label, "tabs": items}


def text_slot(text: str) -> dict[str, str]:
    """Return unescaped words for the page's script."""
    return {"kind": "text", "text": text}


def no_slot() -> dict[str, str]:
    """Return the sign that there is nothing to show: the script hides the card."""
    return {"kind": "nothing"}
