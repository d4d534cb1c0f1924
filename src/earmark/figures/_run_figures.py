"""One model under one protocol: figures and tables for the second half of a results page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.figures._genre_similarity import chord_slot, runner_up_tabs
from earmark.figures._page import estimate_cell, number, resampled_text, table
from earmark.figures._plots import (
    HEAT,
    LEGEND_BELOW,
    ROW_HEIGHT,
    SYMBOLS,
    band,
    bars,
    colour,
    error_bars,
    figure,
    names_axis,
    no_slot,
    plain,
    plot_text,
    scatter,
    short_names,
)

__all__ = ["run_slots"]

_MOST_IMPORTANCES = 20
_FEWEST_ANSWERED = 20  # rows behind each point of the coverage curve
_CELL = 34  # pixels that a count in a cell needs
_MOST_CELLS = 20  # genres a side that still leave room for numbers in the cells

_METRICS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall",
    "macro_f1": "Macro F1",
    "top3": "Correct within the top three",
    "log_loss": "Log loss (nats)",
    "calibration_error": "Calibration error",
    "calibration_error_by_chance": "Calibration error by chance (95th percentile)",
    "mean_confidence": "Mean confidence",
}
_CLASS_SCORES = {"precision": "precision", "recall": "recall", "f1": "F1"}


def run_slots(run: Mapping[str, Any], *, classes: Sequence[str], unit: str) -> dict[str, Any]:
    """Return all figures and tables about one of the ``runs`` of a results file, by their place.

    The genres are in the order of the matrices; ``unit`` says whether a row is a ``track`` or a
    ``segment``.
    """
    return {
        "metrics": _metrics(run),
        "confusion": _confusion(run, classes),
        "confusion_table": _matrix_table(
            "How often each genre (down) was classified as each genre (across)",
            run["confusion"],
            classes,
        ),
        "per_class": _per_class(run, classes),
        "per_class_table": _per_class_table(run, classes),
        "calibration": _calibration(run),
        "calibration_table": _calibration_table(run),
        "coverage": _coverage(run),
        "coverage_table": _coverage_table(run),
        "importances": _importances(run),
        "importances_table": _importances_table(run),
        "second": runner_up_tabs(run["second"], classes, unit=unit),
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
    columns = [run["metrics"], votes] if votes else [run["metrics"]]
    rows = [
        [title, *(estimate_cell(metrics.get(name)) for metrics in columns)]
        for name, title in _METRICS.items()
    ]
    unsure = run.get("unsure")
    if unsure:
        shares = {
            "Not unsure": unsure["sure"],
            "Accuracy if not unsure": unsure["sure_accuracy"],
            "Unfamiliar": unsure["unfamiliar"],
        }
        empty = [None] * (len(columns) - 1)
        rows += [[name, number(value), *empty] for name, value in shares.items()]
    over = resampled_text(run["intervals"])
    return table(f"All metrics of this run; the intervals are {over}", heads, rows)


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
        [[true, answer, n] for answer, n in zip(names, row, strict=True)]
        for true, row in zip(names, counts, strict=True)
    ]
    heat = {
        "type": "heatmap",
        "z": shares,
        "customdata": details,
        "hovertemplate": "%{customdata[0]} classified as %{customdata[1]}<br>%{customdata[2]} "
        "rows, %{z:.0%} of %{customdata[0]}<extra></extra>",
        "colorscale": HEAT,
        "zmin": 0,
        "zmax": 1,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {"tickformat": ".0%", "thickness": 12, "title": {"text": "of the row"}},
    }
    side = ROW_HEIGHT * len(classes)
    layout = {
        "height": max(380, min(side * 1.6, _CELL * len(classes)) + 150),
        "xaxis": names_axis(classes, side="top", tickangle=-45, title={"text": "classified as"}),
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
    right = sum(row[at] for at, row in enumerate(counts))
    label = (
        f"Confusion matrix: {right} of {sum(map(sum, counts))} rows are classified correctly; the "
        "numbers are in the table below."
    )
    texts = _cell_texts(counts, shares)
    longest = min(22, max(len(plain(name)) for name in classes))
    return figure(
        [heat, *texts],
        layout,
        label=label,
        narrow=narrow,
        min_width=24 * len(classes) + 7 * longest + 40 if texts else 0,
        max_width=110 * len(classes) + 300,  # wider, cells would become long stripes
    )


def _cell_texts(
    counts: Sequence[Sequence[int]], shares: Sequence[Sequence[float]]
) -> list[dict[str, Any]]:
    """Write the counts into the cells, each in a colour that can be read on its cell."""
    k = len(counts)
    if k > _MOST_CELLS:
        return []
    cells = [(i, j) for i in range(k) for j in range(k)]
    inks = ["var(--heat-ink-1)" if shares[i][j] > 0.56 else "var(--ink)" for i, j in cells]
    texts = scatter(
        "text",
        [j for _, j in cells],
        [i for i, _ in cells],
        text=[str(counts[i][j]) for i, j in cells],
        textfont={"size": 12 if k <= 10 else 10, "color": inks},
        hoverinfo="skip",
        showlegend=False,
    )
    return [texts]


def _per_class(run: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    scores = [run["per_class"][name] for name in classes]
    details = [[plot_text(name), score["n"]] for name, score in zip(classes, scores, strict=True)]
    traces = [
        scatter(
            "markers",
            [score[key] for score in scores],
            range(len(classes)),
            name=title,
            customdata=details,
            hovertemplate="%{customdata[0]} (%{customdata[1]} rows)<br>%{x:.3f}",
            marker={"symbol": SYMBOLS[at], "size": 11, "color": colour(at)},
        )
        for at, (key, title) in enumerate(_CLASS_SCORES.items())
    ]
    layout = {
        "height": ROW_HEIGHT * len(classes) + 150,
        "xaxis": {"range": [-0.02, 1.02], "title": {"text": "score"}},
        "yaxis": names_axis(classes, down=True, showgrid=True),
        "legend": {**LEGEND_BELOW, "y": -70 / (ROW_HEIGHT * len(classes) + 40)},
    }
    best = max(classes, key=lambda name: run["per_class"][name]["f1"] or 0)
    label = f"Precision, recall and F1 of each genre; {plain(best)} has the highest F1."
    return figure(traces, layout, label=label, narrow=short_names("yaxis", classes))


def _per_class_table(run: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    rows = []
    for name in classes:
        score = run["per_class"][name]
        cells = (number(score[key]) for key in _CLASS_SCORES)
        rows.append([plain(name), str(score["n"]), *cells])
    return table("Scores of each genre", ("Genre", "Rows", "Precision", "Recall", "F1"), rows)


def _calibration(run: Mapping[str, Any]) -> dict[str, Any]:
    from scipy.stats import binom

    bins = [point for point in run["calibration_curve"] if point["n"]]
    confidences = [point["confidence"] for point in bins]
    accuracies = [point["accuracy"] for point in bins]
    low, high = (
        [float(binom.ppf(q, point["n"], point["confidence"])) / point["n"] for point in bins]
        for q in (0.025, 0.975)
    )
    inside = [a <= value <= b for a, value, b in zip(low, accuracies, high, strict=True)]
    diagonal = scatter(
        "lines",
        (0, 1),
        (0, 1),
        hoverinfo="skip",
        line={"dash": "dash", "width": 1.5, "color": "var(--muted)"},
        name="perfectly calibrated",
    )
    curve = scatter(
        "lines+markers",
        confidences,
        accuracies,
        customdata=[
            [point["n"], "within chance" if within else "beyond chance"]
            for point, within in zip(bins, inside, strict=True)
        ],
        hovertemplate="confidence %{x:.2f}, accuracy %{y:.2f}<br>%{customdata[0]} rows, "
        "%{customdata[1]}<extra></extra>",
        line={"color": colour(0), "width": 2},
        marker={
            "size": 10,
            "color": [colour(0) if within else colour(1) for within in inside],
            "symbol": ["circle" if within else "diamond" for within in inside],
        },
        name="this model (diamond: beyond chance)",
    )
    layout = {
        "height": 440,
        "xaxis": {"range": [0, 1.02], "title": {"text": "mean confidence"}},
        "yaxis": {"range": [0, 1.02], "title": {"text": "accuracy"}},
        "legend": LEGEND_BELOW,
    }
    label = (
        f"Calibration curve: {len(inside) - sum(inside)} of {len(inside)} groups are farther from "
        "the diagonal than chance explains."
    )
    by_chance = band(confidences, low, high, "95 % by chance alone")
    return figure([*by_chance, diagonal, curve], layout, label=label)


def _calibration_table(run: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [str(at), number(point["confidence"]), number(point["accuracy"]), str(point["n"])]
        for at, point in enumerate(run["calibration_curve"], 1)
    ]
    heads = ("Group", "Mean confidence", "Accuracy", "Rows")
    return table("Confidence and accuracy of ten groups of equal size", heads, rows)


def _coverage(run: Mapping[str, Any]) -> dict[str, Any]:
    fewest = min(_FEWEST_ANSWERED, run["n"])
    points = [point for point in run["coverage"] if point["n"] >= fewest]
    x, y, low, high = (
        [point[key] for point in points] for key in ("coverage", "accuracy", "low", "high")
    )
    curve = scatter(
        "lines+markers",
        x,
        y,
        customdata=[[point[key] for key in ("threshold", "n", "low", "high")] for point in points],
        hovertemplate="answers with confidence %{customdata[0]:.2f} or more:<br>%{x:.0%} of "
        "the rows (%{customdata[1]}), accuracy %{y:.2f}<br>%{customdata[2]:.2f} to "
        "%{customdata[3]:.2f}<extra></extra>",
        line={"color": colour(0), "width": 2},
        marker={"size": 7, "color": colour(0)},
        name="answers above each confidence",
    )
    traces = [*band(x, low, high, f"95 % interval {resampled_text(run['intervals'])}"), curve]
    unsure = run.get("unsure")
    if unsure and unsure["sure_accuracy"] is not None:
        hover = "not unsure: %{x:.0%} of the rows,<br>accuracy %{y:.2f}<extra></extra>"
        traces.append(
            scatter(
                "markers",
                [unsure["sure"]],
                [unsure["sure_accuracy"]],
                hovertemplate=hover,
                marker={"size": 15, "symbol": "star", "color": colour(1)},
                name="the model's own threshold",
            )
        )
    lowest = min(value for trace in traces for value in trace["y"])
    layout = {
        "height": 440,
        "xaxis": {"range": [-0.02, 1.04], "tickformat": ".0%", "title": {"text": "answered"}},
        "yaxis": {
            "range": [max(0, min(lowest - 0.05, 0.7)), 1.02],
            "title": {"text": "accuracy of those"},
        },
        "legend": LEGEND_BELOW,
    }
    label = (
        f"Coverage and accuracy: if every row is answered, accuracy is {y[0]:.2f}; if {x[-1]:.0%} "
        f"are answered, {y[-1]:.2f}."
    )
    return figure(traces, layout, label=label)


def _coverage_table(run: Mapping[str, Any]) -> dict[str, Any]:
    rows = []
    for point in run["coverage"]:
        low, high = number(point["low"]), number(point["high"])
        rows.append(
            [
                f"{point['threshold']:.2f}",
                number(point["coverage"]),
                str(point["n"]),
                number(point["accuracy"]),
                None if low is None else f"{low} to {high}",
            ]
        )
    heads = ("Minimum confidence", "Answered", "Rows", "Accuracy of those", "95 % interval")
    return table("Accuracy of the answers above each confidence", heads, rows)


def _ranked(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(run.get("importances") or (), key=lambda feature: -feature["drop"])


def _importances(run: Mapping[str, Any]) -> dict[str, Any]:
    ranked = _ranked(run)[:_MOST_IMPORTANCES]
    if not ranked:
        return no_slot()
    drops = [feature["drop"] for feature in ranked]
    trace = bars(
        drops,
        customdata=[[plot_text(item["feature"]), item["low"], item["high"]] for item in ranked],
        hovertemplate="%{customdata[0]}: %{x:.4f}<br>%{customdata[1]:.4f} to "
        "%{customdata[2]:.4f}<extra></extra>",
        marker={"color": colour(0)},
        error_x=error_bars(drops, ranked, color="var(--ink)", thickness=1.2),
    )
    layout = {
        "height": ROW_HEIGHT * len(ranked) + 90,
        "xaxis": {"title": {"text": "accuracy lost"}, "zeroline": True},
        "yaxis": names_axis([item["feature"] for item in ranked], longest=26, down=True),
        "showlegend": False,
    }
    names = ", ".join(plain(item["feature"]) for item in ranked[:3])
    return figure([trace], layout, label=f"Permutation importances; the highest are {names}.")


def _importances_table(run: Mapping[str, Any]) -> dict[str, Any]:
    ranked = _ranked(run)
    if not ranked:
        return no_slot()
    rows = [
        [plain(item["feature"]), *(number(item[key], 4) for key in ("drop", "low", "high"))]
        for item in ranked
    ]
    heads = ("Feature", "Accuracy lost", "Low", "High")
    return table("Accuracy lost when a feature is shuffled", heads, rows)
