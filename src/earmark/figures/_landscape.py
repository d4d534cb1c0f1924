"""How features are spread, correlated and mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.figures._html import table
from earmark.figures._plot import (
    ROW_HEIGHT,
    SYMBOLS,
    colour,
    figure,
    names_axis,
    plain,
    plot_text,
    short_names,
    shorten,
)

__all__ = ["box_slots", "correlation_slot", "map_slots"]

_DIVERGING = [[0, "var(--cold)"], [0.5, "var(--heat-0)"], [1, "var(--c0)"]]


def box_slots(distributions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a record for each feature: its boxes, and their table.

    Parameters
    ----------
    distributions : sequence of mapping
        As an exploration holds them.

    Returns
    -------
    list of dict
        Records, see `earmark.figures._html.page`.
    """
    records = []
    for one in distributions:
        name = plain(one["name"])
        f = "" if one["f"] is None else f" (F = {one['f']:.3g})"
        slots = {"box": _boxes(one, name), "box_table": _box_table(one, name)}
        records.append({"keys": [f"{name}{f}"], "slots": slots})
    return records


def _boxes(one: Mapping[str, Any], name: str) -> dict[str, Any]:
    genres = one["genres"]
    traces = [
        {
            "type": "box",
            "orientation": "h",
            "name": plot_text(box["genre"]),
            "y": [at],
            "q1": [box["q1"]],
            "median": [box["median"]],
            "q3": [box["q3"]],
            "lowerfence": [box["low"]],
            "upperfence": [box["high"]],
            "mean": [box["mean"]],
            "boxmean": True,
            "width": 0.6,
            "line": {"color": colour(at), "width": 1.8},
            "fillcolor": "rgba(0,0,0,0)",
            "hoverinfo": "x",
        }
        for at, box in enumerate(genres)
    ]
    highest = max(genres, key=lambda box: box["median"])
    lowest = min(genres, key=lambda box: box["median"])
    label = (
        f"{name} of each genre: the median is lowest in {plain(lowest['genre'])} and highest in "
        f"{plain(highest['genre'])}."
    )
    layout = {
        "height": 34 * len(genres) + 90,
        "xaxis": {"title": {"text": plot_text(shorten(name, 40))}},
        "yaxis": names_axis([box["genre"] for box in genres], down=True),
        "showlegend": False,
    }
    narrow = short_names("yaxis", [box["genre"] for box in genres])
    return figure(traces, layout, label=label, narrow=narrow)


def _box_table(one: Mapping[str, Any], name: str) -> dict[str, Any]:
    keys = ("low", "q1", "median", "q3", "high", "mean")
    rows = [
        [
            plain(box["genre"]),
            str(box["n"]),
            *(f"{box[key]:.4g}" for key in keys),
            str(box["n_beyond"]),
        ]
        for box in one["genres"]
    ]
    heads = (
        *("Genre", "Rows", "Whisker", "Quarter", "Median", "Three quarters", "Whisker", "Mean"),
        "Rows beyond",
    )
    return table(f"{name} in each genre", heads, rows)


def correlation_slot(correlation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the matrix of correlations.

    Parameters
    ----------
    correlation : mapping
        ``names`` and ``values``, as an exploration holds them.

    Returns
    -------
    dict
        A figure.
    """
    names, values = correlation["names"], correlation["values"]
    texts = [plot_text(name) for name in names]
    heat = {
        "type": "heatmap",
        "z": values,
        "customdata": [[[a, b] for b in texts] for a in texts],
        "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<br>%{z:.2f}<extra></extra>",
        "colorscale": _DIVERGING,
        "zmin": -1,
        "zmax": 1,
        "colorbar": {"thickness": 12, "tickvals": [-1, -0.5, 0, 0.5, 1]},
    }
    strongest = max(
        ((abs(values[i][j]), i, j) for i in range(len(names)) for j in range(i)),
        default=(0.0, 0, 0),
    )
    label = (
        f"Correlations of {len(names)} features; the strongest is {strongest[0]:.2f}, of "
        f"{plain(names[strongest[1]])} and {plain(names[strongest[2]])}."
    )
    side = max(420, 15 * len(names) + 140)
    small = {"size": 9.5 if len(names) > 25 else 12}
    layout = {
        "height": side,
        "xaxis": names_axis(names, longest=26, tickangle=-90, tickfont=small),
        "yaxis": names_axis(names, longest=26, down=True, tickfont=small),
    }
    narrow = {"height": 400, "hide_colorbar": True}
    if len(names) > 16:  # names would be smaller than can be read: pointing at a cell tells them
        narrow |= {"xaxis.showticklabels": False, "yaxis.showticklabels": False}
    return figure([heat], layout, label=label, narrow=narrow)


def map_slots(plane: Mapping[str, Any], classes: Sequence[str], *, n: int) -> list[dict[str, Any]]:
    """Return a record for each kind of axes.

    Parameters
    ----------
    plane : mapping
        As an exploration holds it.
    classes : sequence of str
        The genres.
    n : int
        Rows there are in all.

    Returns
    -------
    list of dict
        Records, see `earmark.figures._html.page`.
    """
    first, second = plane["explained"]
    kinds = {
        "What varies most (PCA)": (
            plane["pca"],
            f"first component, {first:.0%} of the variance",
            f"second component, {second:.0%}",
        ),
        "What separates genres (LDA)": (
            plane["lda"],
            "first discriminant axis",
            "second discriminant axis",
        ),
    }
    return [
        {"keys": [title], "slots": {"map": _map(points, plane, classes, axes=axes, n=n)}}
        for title, (points, *axes) in kinds.items()
        if points is not None
    ]


def _map(
    points: Sequence[Sequence[float]],
    plane: Mapping[str, Any],
    classes: Sequence[str],
    *,
    axes: Sequence[str],
    n: int,
) -> dict[str, Any]:
    traces = []
    for at, genre in enumerate(classes):
        rows = [row for row, label in enumerate(plane["genres"]) if label == genre]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": plot_text(shorten(genre)),
                "x": [points[row][0] for row in rows],
                "y": [points[row][1] for row in rows],
                "customdata": [[plot_text(plane["ids"][row]), plot_text(genre)] for row in rows],
                "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
                "marker": {
                    "symbol": SYMBOLS[at % len(SYMBOLS)],
                    "color": colour(at),
                    "size": 7,
                    "opacity": 0.75,
                },
            }
        )
    lines = -(-len(classes) // 3)
    layout = {
        "height": 640,
        "xaxis": {"title": {"text": axes[0]}, "zeroline": False},
        "yaxis": {"title": {"text": axes[1]}, "zeroline": False},
        "legend": {
            "itemsizing": "constant",
            "orientation": "h",
            "x": 0,
            "y": 1.01,
            "yanchor": "bottom",
            "title": {"text": ""},
        },
        "showlegend": True,
    }
    shown = len(plane["ids"])
    which = f"{shown} rows" if shown == n else f"{shown} of {n} rows, drawn at random,"
    label = f"Map: {which} by {axes[0]} and {axes[1]}, a mark for each, by genre."
    return figure(
        traces, layout, label=label, narrow={"height": 420 + ROW_HEIGHT * lines}, zoom=True
    )
