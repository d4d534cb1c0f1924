"""One model under one protocol, as figures and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.figures._chord import chord_slot
from earmark.figures._html import estimate_text, number, table, units_text
from earmark.figures._plot import (
    HEAT,
    ROW_HEIGHT,
    SYMBOLS,
    colour,
    figure,
    names_axis,
    no_slot,
    plain,
    plot_text,
    short_names,
)
from earmark.figures._similarity import second_tabs

__all__ = ["run_slots"]

_MOST_IMPORTANCES = 20
_FEWEST_ANSWERED = 20  # rows that a point of the coverage curve stands for at least
_CELL = 34  # pixels that a count in a cell needs
_MOST_CELLS = 20  # genres a side that still leave room for numbers in the cells

_METRICS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall",
    "macro_f1": "Macro F1",
    "top3": "Right among the first three",
    "log_loss": "Log loss (nats)",
    "calibration_error": "Calibration error",
    "calibration_error_by_chance": "Calibration error by chance (95th percentile)",
    "mean_confidence": "Mean confidence",
}

_BELOW = {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "title": {"text": ""}}


def run_slots(run: Mapping[str, Any], *, classes: Sequence[str], unit: str) -> dict[str, Any]:
    """Return everything the page shows of one run.

    Parameters
    ----------
    run : mapping
        One of the ``runs`` of a results file.
    classes : sequence of str
        The genres, in the order of its matrices.
    unit : str
        What a row is: ``track`` or ``segment``.

    Returns
    -------
    dict
        Figures, tables, tabs and a chord diagram, by the name of their place.
    """
    return {
        "metrics": _metrics(run),
        "confusion": _confusion(run, classes),
        "confusion_table": _matrix_table(
            "How often each genre (down) was named each genre (across)", run["confusion"], classes
        ),
        "per_class": _per_class(run, classes),
        "per_class_table": _per_class_table(run, classes),
        "calibration": _calibration(run),
        "calibration_table": table(
            "Confidence and accuracy of ten groups of equal size",
            ("Group", "Mean confidence", "Accuracy", "Rows"),
            [
                [str(at), number(one["confidence"]), number(one["accuracy"]), str(one["n"])]
                for at, one in enumerate(run["calibration_curve"], 1)
            ],
        ),
        "coverage": _coverage(run),
        "coverage_table": table(
            "What is left when answers below a confidence are held back",
            ("Confidence at least", "Answered", "Rows", "Accuracy of those", "95 % interval"),
            [_coverage_row(one) for one in run["coverage"]],
        ),
        "importances": _importances(run),
        "importances_table": _importances_table(run),
        "second": second_tabs(run["second"], classes, unit=unit),
        "chord": chord_slot(run["second"], classes, unit=unit),
        "second_table": _matrix_table(
            "The most probable genre (down) and the second most probable (across)",
            run["second"],
            classes,
        ),
    }


def _metrics(run: Mapping[str, Any]) -> dict[str, Any]:
    votes = run.get("track_metrics")
    heads = ["Metric", "Value, 95 % interval"]
    if votes:
        heads = ["Metric", "Segments, 95 % interval", "Tracks, 95 % interval"]
    kinds = [run["metrics"], votes] if votes else [run["metrics"]]
    rows = [
        [title, *(estimate_text(metrics.get(name)) for metrics in kinds)]
        for name, title in _METRICS.items()
    ]
    unsure = run.get("unsure")
    if unsure:
        told = {
            "Not unsure": unsure["sure"],
            "Accuracy where not unsure": unsure["sure_accuracy"],
            "Unfamiliar": unsure["unfamiliar"],
        }
        rows += [[name, number(value), *[None] * (len(kinds) - 1)] for name, value in told.items()]
    over = units_text(run["intervals"])
    caption = f"Every number of this model under this protocol; intervals are {over}"
    return table(caption, heads, rows)


def _matrix_table(
    caption: str, matrix: Sequence[Sequence[int]], classes: Sequence[str]
) -> dict[str, Any]:
    names = [plain(name) for name in classes]
    rows = [[name, *map(str, row)] for name, row in zip(names, matrix, strict=True)]
    return table(caption, ["Genre", *names], rows)


def _confusion(run: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    counts = run["confusion"]
    shares = [[n / max(1, sum(row)) for n in row] for row in counts]
    names = [plot_text(name) for name in classes]
    details = [
        [[true, named, n] for named, n in zip(names, row, strict=True)]
        for true, row in zip(names, counts, strict=True)
    ]
    heat = {
        "type": "heatmap",
        "z": shares,
        "customdata": details,
        "hovertemplate": "%{customdata[0]} named %{customdata[1]}<br>%{customdata[2]} rows, "
        "%{z:.0%} of %{customdata[0]}<extra></extra>",
        "colorscale": HEAT,
        "zmin": 0,
        "zmax": 1,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {"tickformat": ".0%", "thickness": 12, "title": {"text": "of the row"}},
    }
    right = sum(row[at] for at, row in enumerate(counts))
    side = ROW_HEIGHT * len(classes)
    layout = {
        "height": max(380, min(side * 1.6, _CELL * len(classes)) + 150),
        "xaxis": names_axis(classes, side="top", tickangle=-45, title={"text": "named"}),
        "yaxis": names_axis(classes, down=True, title={"text": "true genre"}),
    }
    narrow = {
        "height": max(340, side * 1.2 + 150),
        "yaxis.title.text": "",
        "xaxis.title.text": "",
        "yaxis.tickfont.size": 11,
        "xaxis.tickangle": -90,
        "hide_colorbar": True,
    }
    label = (
        f"Confusion matrix: {right} of {sum(map(sum, counts))} rows are named rightly; the numbers "
        "are in the table below."
    )
    texts = _cell_texts(counts, shares)
    longest = min(22, max(len(plain(name)) for name in classes))
    room = 24 * len(classes) + 7 * longest + 40 if texts else 0
    return figure(
        [heat, *texts],
        layout,
        label=label,
        narrow=narrow,
        min_width=room,
        max_width=_widest(len(classes)),
    )


def _widest(n_genres: int) -> int:
    """Return the width at which cells would become long stripes."""
    return 110 * n_genres + 300


def _cell_texts(
    counts: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]
) -> list[dict[str, Any]]:
    """Write the counts into the cells, each in the colour that its own can be read on."""
    k = len(counts)
    if k > _MOST_CELLS:
        return []
    places = [(i, j) for i in range(k) for j in range(k)]
    inks = ["var(--heat-ink-1)" if shares[i][j] > 0.56 else "var(--ink)" for i, j in places]
    texts = {
        "type": "scatter",
        "mode": "text",
        "x": [j for _, j in places],
        "y": [i for i, _ in places],
        "text": [str(counts[i][j]) for i, j in places],
        "textfont": {"size": 12 if k <= 10 else 10, "color": inks},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [texts]


def _per_class(run: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    scores = [run["per_class"][name] for name in classes]
    traces: list[dict[str, Any]] = []
    for at, (key, title) in enumerate(
        (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
    ):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": title,
                "x": [score[key] for score in scores],
                "y": list(range(len(classes))),
                "customdata": [
                    [plot_text(name), score["n"]]
                    for name, score in zip(classes, scores, strict=True)
                ],
                "hovertemplate": "%{customdata[0]} (%{customdata[1]} rows)<br>%{x:.3f}",
                "marker": {"symbol": SYMBOLS[at], "size": 11, "color": colour(at)},
            }
        )
    layout = {
        "height": ROW_HEIGHT * len(classes) + 150,
        "xaxis": {"range": [-0.02, 1.02], "title": {"text": "score"}},
        "yaxis": names_axis(classes, down=True, showgrid=True),
        "legend": {**_BELOW, "y": -70 / (ROW_HEIGHT * len(classes) + 40)},
    }
    best = max(classes, key=lambda name: run["per_class"][name]["f1"] or 0)
    label = f"Precision, recall and F1 of each genre; {plain(best)} has the highest F1."
    return figure(traces, layout, label=label, narrow=short_names("yaxis", classes))


def _per_class_table(run: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    rows = []
    for name in classes:
        score = run["per_class"][name]
        told = (number(score[key]) for key in ("precision", "recall", "f1"))
        rows.append([plain(name), str(score["n"]), *told])
    return table("Scores of each genre", ("Genre", "Rows", "Precision", "Recall", "F1"), rows)


def _calibration(run: Mapping[str, Any]) -> dict[str, Any]:
    from scipy.stats import binom

    bins = [one for one in run["calibration_curve"] if one["n"]]
    at = [one["confidence"] for one in bins]
    low, high = (
        [float(binom.ppf(q, one["n"], one["confidence"])) / one["n"] for one in bins]
        for q in (0.025, 0.975)
    )
    inside = [a <= one["accuracy"] <= b for a, one, b in zip(low, bins, high, strict=True)]
    edge = {"type": "scatter", "mode": "lines", "x": at, "hoverinfo": "skip"}
    line = {"width": 0, "color": "var(--c0)"}
    traces: list[dict[str, Any]] = [
        {**edge, "y": low, "line": line, "showlegend": False},
        {
            **edge,
            "y": high,
            "line": line,
            "fill": "tonexty",
            "fillcolor": "var(--band)",
            "name": "95 % by chance alone",
        },
        {
            **edge,
            "x": [0, 1],
            "y": [0, 1],
            "line": {"dash": "dash", "width": 1.5, "color": "var(--muted)"},
            "name": "as right as it is sure",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": at,
            "y": [one["accuracy"] for one in bins],
            "customdata": [
                [one["n"], "within chance" if within else "beyond chance"]
                for one, within in zip(bins, inside, strict=True)
            ],
            "hovertemplate": "confidence %{x:.2f}, accuracy %{y:.2f}<br>%{customdata[0]} rows, "
            "%{customdata[1]}<extra></extra>",
            "line": {"color": "var(--c0)", "width": 2},
            "marker": {
                "size": 10,
                "color": ["var(--c0)" if within else "var(--c1)" for within in inside],
                "symbol": ["circle" if within else "diamond" for within in inside],
            },
            "name": "this model (diamond: beyond chance)",
        },
    ]
    layout = {
        "height": 440,
        "xaxis": {"range": [0, 1.02], "title": {"text": "mean confidence"}},
        "yaxis": {"range": [0, 1.02], "title": {"text": "accuracy"}},
        "legend": _BELOW,
    }
    beyond = len(inside) - sum(inside)
    label = (
        f"Calibration curve: {beyond} of {len(inside)} groups are farther from the diagonal than "
        "chance puts them."
    )
    return figure(traces, layout, label=label)


def _coverage(run: Mapping[str, Any]) -> dict[str, Any]:
    points = [one for one in run["coverage"] if one["n"] >= min(_FEWEST_ANSWERED, run["n"])]
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": [one["coverage"] for one in points],
        "hoverinfo": "skip",
        "line": {"width": 0, "color": "var(--c0)"},
    }
    traces: list[dict[str, Any]] = [
        {**edge, "y": [one["low"] for one in points], "showlegend": False},
        {
            **edge,
            "y": [one["high"] for one in points],
            "fill": "tonexty",
            "fillcolor": "var(--band)",
            "name": f"95 % interval {units_text(run['intervals'])}",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [one["coverage"] for one in points],
            "y": [one["accuracy"] for one in points],
            "customdata": [[one["threshold"], one["n"], one["low"], one["high"]] for one in points],
            "hovertemplate": "answers of confidence %{customdata[0]:.2f} or more:<br>%{x:.0%} of "
            "the rows (%{customdata[1]}), accuracy %{y:.2f}<br>%{customdata[2]:.2f} to "
            "%{customdata[3]:.2f}<extra></extra>",
            "line": {"color": "var(--c0)", "width": 2},
            "marker": {"size": 7, "color": "var(--c0)"},
            "name": "answers above each confidence",
        },
    ]
    unsure = run.get("unsure")
    if unsure and unsure["sure_accuracy"] is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [unsure["sure"]],
                "y": [unsure["sure_accuracy"]],
                "hovertemplate": "not unsure: %{x:.0%} of the rows,<br>accuracy %{y:.2f}"
                "<extra></extra>",
                "marker": {"size": 15, "symbol": "star", "color": "var(--c1)"},
                "name": "the model's own threshold",
            }
        )
    lowest = min(y for trace in traces for y in trace["y"])
    layout = {
        "height": 440,
        "xaxis": {"range": [-0.02, 1.04], "tickformat": ".0%", "title": {"text": "answered"}},
        "yaxis": {
            "range": [max(0, min(lowest - 0.05, 0.7)), 1.02],
            "title": {"text": "accuracy of those"},
        },
        "legend": _BELOW,
    }
    label = (
        f"Coverage against accuracy: answering all, {points[0]['accuracy']:.2f} are right; "
        f"answering {points[-1]['coverage']:.0%}, {points[-1]['accuracy']:.2f}."
    )
    return figure(traces, layout, label=label)


def _coverage_row(point: Mapping[str, Any]) -> list[str | None]:
    low, high = number(point["low"]), number(point["high"])
    return [
        f"{point['threshold']:.2f}",
        number(point["coverage"]),
        str(point["n"]),
        number(point["accuracy"]),
        None if low is None else f"{low} to {high}",
    ]


def _ranked(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(run.get("importances") or (), key=lambda one: -one["drop"])


def _importances(run: Mapping[str, Any]) -> dict[str, Any]:
    ranked = _ranked(run)[:_MOST_IMPORTANCES]
    if not ranked:
        return no_slot()
    drops = [one["drop"] for one in ranked]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": drops,
        "y": list(range(len(ranked))),
        "customdata": [[plot_text(one["feature"]), one["low"], one["high"]] for one in ranked],
        "hovertemplate": "%{customdata[0]}: %{x:.4f}<br>%{customdata[1]:.4f} to "
        "%{customdata[2]:.4f}<extra></extra>",
        "marker": {"color": "var(--c0)"},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [one["high"] - one["drop"] for one in ranked],
            "arrayminus": [one["drop"] - one["low"] for one in ranked],
            "color": "var(--ink)",
            "thickness": 1.2,
        },
    }
    layout = {
        "height": ROW_HEIGHT * len(ranked) + 90,
        "xaxis": {"title": {"text": "accuracy lost"}, "zeroline": True},
        "yaxis": names_axis([one["feature"] for one in ranked], longest=26, down=True),
        "showlegend": False,
    }
    names = ", ".join(plain(one["feature"]) for one in ranked[:3])
    return figure([bars], layout, label=f"Permutation importances; the highest are {names}.")


def _importances_table(run: Mapping[str, Any]) -> dict[str, Any]:
    ranked = _ranked(run)
    if not ranked:
        return no_slot()
    rows = [
        [plain(one["feature"]), *(number(one[key], 4) for key in ("drop", "low", "high"))]
        for one in ranked
    ]
    heads = ("Feature", "Accuracy lost", "Low", "High")
    return table("Accuracy lost when a feature is shuffled", heads, rows)
