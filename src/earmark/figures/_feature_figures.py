"""Distributions, correlations and a map of the features of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.figures._page import table
from earmark.figures._plots import (
    LEGEND_ABOVE,
    ROW_HEIGHT,
    SYMBOLS,
    colour,
    figure,
    names_axis,
    plain,
    plot_text,
    scatter,
    short_names,
    shorten,
)
from earmark.wording import counted

__all__ = ["box_records", "correlation_figure", "map_records"]

_DIVERGING = [[0, "var(--cold)"], [0.5, "var(--heat-0)"], [1, "var(--c0)"]]


def box_records(distributions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a record for each feature of an exploration: a box plot and its table."""
    records = []
    for feature in distributions:
        name, genres = plain(feature["name"]), feature["genres"]
        f = "" if feature["f"] is None else f" (F = {feature['f']:.3g})"
        slots = {"box": _box_plot(genres, name), "box_table": _box_table(genres, name)}
        records.append({"keys": [f"{name}{f}"], "slots": slots})
    return records


def _box_plot(genres: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    names = [box["genre"] for box in genres]
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
        "yaxis": names_axis(names, down=True),
        "showlegend": False,
    }
    return figure(traces, layout, label=label, narrow=short_names("yaxis", names))


def _box_table(genres: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    keys = ("low", "q1", "median", "q3", "high", "mean")
    rows = []
    for box in genres:
        numbers = (f"{box[key]:.4g}" for key in keys)
        rows.append([plain(box["genre"]), str(box["n"]), *numbers, str(box["n_beyond"])])
    heads = ("Genre", "Rows", "Lower whisker", "First quartile", "Median", "Third quartile")
    return table(f"{name} in each genre", (*heads, "Upper whisker", "Mean", "Rows beyond"), rows)


def correlation_figure(correlation: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the matrix of correlations of an exploration."""
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
    pairs = ((abs(values[i][j]), i, j) for i in range(len(names)) for j in range(i))
    strongest, i, j = max(pairs, default=(0.0, 0, 0))
    label = (
        f"Correlations of {counted(len(names), 'feature')}; the strongest is {strongest:.2f}, "
        f"between {plain(names[i])} and {plain(names[j])}."
    )
    small = {"size": 9.5 if len(names) > 25 else 12}
    layout = {
        "height": max(420, 15 * len(names) + 140),
        "xaxis": names_axis(names, longest=26, tickangle=-90, tickfont=small),
        "yaxis": names_axis(names, longest=26, down=True, tickfont=small),
    }
    narrow = {"height": 400, "hide_colorbar": True}
    if len(names) > 16:  # too small to read: pointing at a cell shows the names
        narrow |= {"xaxis.showticklabels": False, "yaxis.showticklabels": False}
    return figure([heat], layout, label=label, narrow=narrow)


def map_records(
    plane: Mapping[str, Any], classes: Sequence[str], *, n: int
) -> list[dict[str, Any]]:
    """Return a record for each kind of axes of an exploration's map; ``n`` counts all rows."""
    first, second = plane["explained"]
    pca = (f"first component, {first:.0%} of the variance", f"second component, {second:.0%}")
    lda = ("first discriminant axis", "second discriminant axis")
    kinds = {"Most variance (PCA)": ("pca", pca), "Best separation of genres (LDA)": ("lda", lda)}
    return [
        {"keys": [title], "slots": {"map": _map(plane[key], plane, classes, axes=axes, n=n)}}
        for title, (key, axes) in kinds.items()
        if plane[key] is not None
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
        marker = {"symbol": SYMBOLS[at % len(SYMBOLS)], "color": colour(at)}
        traces.append(
            scatter(
                "markers",
                [points[row][0] for row in rows],
                [points[row][1] for row in rows],
                name=plot_text(shorten(genre)),
                customdata=[[plot_text(plane["ids"][row]), plot_text(genre)] for row in rows],
                hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
                marker={**marker, "size": 7, "opacity": 0.75},
            )
        )
    layout = {
        "height": 640,
        "xaxis": {"title": {"text": axes[0]}, "zeroline": False},
        "yaxis": {"title": {"text": axes[1]}, "zeroline": False},
        "legend": {**LEGEND_ABOVE, "itemsizing": "constant", "y": 1.01, "title": {"text": ""}},
        "showlegend": True,
    }
    shown = len(plane["ids"])
    which = counted(n, "row") if shown == n else f"{shown:,} of {n:,} rows, chosen at random,"
    label = f"Map: {which} by {axes[0]} and {axes[1]}, one mark for each row, by genre."
    narrow = {"height": 420 + ROW_HEIGHT * -(-len(classes) // 3)}  # three names a line
    return figure(traces, layout, label=label, narrow=narrow, zoom=True)
