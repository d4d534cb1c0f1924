"""What the figures share: names on axes, colours of the page, and the shape of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "HEAT",
    "ROW_HEIGHT",
    "SYMBOLS",
    "colour",
    "figure",
    "names_axis",
    "no_slot",
    "plain",
    "plot_text",
    "short_names",
    "shorten",
    "text_slot",
]

N_COLOURS = 12

SYMBOLS = (
    *("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down", "cross"),
    *("hexagon", "pentagon", "star-diamond", "bowtie"),
)
"""Shapes of markers, so that nothing is told by colour alone."""

HEAT = [[0, "var(--heat-0)"], [0.5, "var(--heat-1)"], [1, "var(--heat-2)"]]
"""Scale of shares, from the background of the page to its strongest colour."""

ROW_HEIGHT = 24
"""Pixels that a name on an axis needs."""

_LONGEST, _LONGEST_NARROW = 22, 16


def colour(number: int) -> str:
    """Return the colour of a series; the page says what it is in its light and its dark theme."""
    return f"var(--c{number % N_COLOURS})"


def shorten(name: str, longest: int = _LONGEST) -> str:
    """Cut a name that is too long for an axis.

    Examples
    --------
    >>> shorten("a genre with a very long name")
    'a genre with a very l…'
    """
    name = plain(name)
    return name if len(name) <= longest else name[: longest - 1] + "…"


def plain(name: object) -> str:
    """Return a name that can be seen, also where it is empty."""
    return str(name).encode("utf-8", "backslashreplace").decode("utf-8") or "(none)"


def plot_text(name: object) -> str:
    """Return text as Plotly shows it: it reads tags and entities.

    Examples
    --------
    >>> plot_text("R&B <b>")
    'R&amp;B &lt;b&gt;'
    """
    return plain(name).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def names_axis(
    names: Sequence[str], *, down: bool = False, longest: int = _LONGEST, **more: Any
) -> dict[str, Any]:
    """Return an axis with a name at each whole number from 0.

    Parameters
    ----------
    names : sequence of str
        Unescaped.
    down : bool
        Whether the first is at the top.
    longest : int
        Characters of a name that are shown.
    **more
        What Plotly calls the rest.

    Returns
    -------
    dict
        An axis.
    """
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
    """Return what replaces the names on an axis of a narrow page.

    Parameters
    ----------
    axis : str
        ``xaxis`` or ``yaxis``.
    names : sequence of str
        Unescaped.

    Returns
    -------
    dict
        For `figure`'s ``narrow``.
    """
    return {f"{axis}.ticktext": [plot_text(shorten(name, _LONGEST_NARROW)) for name in names]}


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
    """Return a figure as the page's data hold it.

    Parameters
    ----------
    data, layout : sequence of mapping, mapping
        Of Plotly. Colours may be custom properties of the page.
    label : str
        What a screen reader says in its place, unescaped.
    narrow : mapping or None
        Layout that replaces some of it on a narrow page, by dotted names.
    zoom : bool
        Whether one can zoom into it.
    min_width : int
        Pixels below which it is scrolled sideways instead of drawn smaller.
    max_width : int
        Pixels above which it is not drawn larger; 0: as wide as there is room.

    Returns
    -------
    dict
        Of kind ``"figure"``.
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


def text_slot(text: str) -> dict[str, str]:
    """Return words as the page's data hold them, unescaped."""
    return {"kind": "text", "text": text}


def no_slot() -> dict[str, str]:
    """Return what stands where there is nothing to show: its card is hidden."""
    return {"kind": "nothing"}
