"""Genre similarity: which genre is second most probable where another is first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earmark.figures._plot import (
    ROW_HEIGHT,
    colour,
    figure,
    names_axis,
    plain,
    plot_text,
    short_names,
)

__all__ = ["second_tabs"]


def second_tabs(
    matrix: Sequence[Sequence[int]], classes: Sequence[str], *, unit: str
) -> dict[str, Any]:
    """Return a tab for each genre: what stands second where it stands first.

    Parameters
    ----------
    matrix : sequence of sequence of int
        Most probable genres down, second most probable across.
    classes : sequence of str
        The genres, unescaped.
    unit : str
        What is counted: ``track`` or ``segment``.

    Returns
    -------
    dict
        Of kind ``"tabs"``.
    """
    tabs = []
    for at, (name, row) in enumerate(zip(classes, matrix, strict=True)):
        total = sum(row)
        ranked = sorted(
            (other for other in range(len(classes)) if other != at), key=lambda other: -row[other]
        )
        shares = [row[other] / total if total else 0 for other in ranked]
        bars = {
            "type": "bar",
            "orientation": "h",
            "x": shares,
            "y": list(range(len(ranked))),
            "text": [str(row[other]) for other in ranked],
            "textposition": "outside",
            "cliponaxis": False,
            "customdata": [[plot_text(classes[other]), row[other]] for other in ranked],
            "hovertemplate": "%{customdata[0]}: %{customdata[1]}, %{x:.0%}<extra></extra>",
            "marker": {"color": [colour(other) for other in ranked]},
        }
        layout = {
            "height": ROW_HEIGHT * len(ranked) + 90,
            "xaxis": {
                "range": [0, max([0.1, *shares]) * 1.12],
                "tickformat": ".0%",
                "title": {"text": f"share of the {unit}s"},
            },
            "yaxis": names_axis([classes[other] for other in ranked], down=True),
            "showlegend": False,
        }
        label = f"No {unit} was named {plain(name)}."
        if total:
            label = f"Of {total} {unit}s named {plain(name)}, " + "; ".join(
                f"{row[other]} have {plain(classes[other])} second" for other in ranked[:3]
            )
        tabs.append(
            {
                "name": plain(name),
                "content": figure(
                    [bars],
                    layout,
                    label=label,
                    narrow=short_names("yaxis", [classes[o] for o in ranked]),
                ),
            }
        )
    return {"kind": "tabs", "label": "Genre named", "tabs": tabs}
