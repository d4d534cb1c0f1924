"""Scores of models side by side: figures and tables for the first half of a results page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earmark.figures._page import estimate_cell, number, resampled_text, table
from earmark.figures._plots import (
    LEGEND_ABOVE,
    ROW_HEIGHT,
    SYMBOLS,
    colour,
    error_bars,
    figure,
    names_axis,
    no_slot,
    plain,
    plot_text,
    scatter,
    shorten,
)
from earmark.wording import protocol_title

__all__ = [
    "accuracy_figure",
    "cost_table",
    "difference_figure",
    "difference_table",
    "protocols_in",
    "score_table",
]

_LEAST_SPAN = 0.3  # of the scale from 0 to 1 that an axis of scores shows at least
_MARK_HEIGHT = 15


def protocols_in(result: Mapping[str, Any]) -> list[str]:
    """List the protocols of a document in the order they first appear."""
    runs = (run for model in result["models"] for run in model["runs"])
    return list(dict.fromkeys(run["protocol"] for run in runs))


def score_table(result: Mapping[str, Any]) -> dict[str, Any]:
    """Tabulate the models under every protocol, and their leakage gaps."""
    protocols = protocols_in(result)
    rows = []
    for model in result["models"]:
        runs = {run["protocol"]: run for run in model["runs"]}
        cells = [_score(runs[name]) if name in runs else None for name in protocols]
        rows.append([plain(model["name"]), *cells, _gap(model)])
    dataset = result["dataset"]
    caption = (
        f"Accuracy, its 95 % interval, and macro F1 of each model under each protocol; "
        f"{dataset['n']:,} {dataset['unit']}s, seed {result['seed']}"
    )
    head = ["Model", *map(protocol_title, protocols), "Leakage gap"]
    return table(caption, head, rows, css="stack scores")


def _score(run: Mapping[str, Any]) -> str:
    metrics = run["metrics"]
    lines = [
        estimate_cell(metrics["accuracy"]),
        f"F1 {number(metrics['macro_f1']['value'])}",
        resampled_text(run["intervals"]),
    ]
    if run.get("track_metrics"):
        lines.append(f"tracks {estimate_cell(run['track_metrics']['accuracy'])}")
    return "\n".join(line or "" for line in lines)


def _gap(model: Mapping[str, Any]) -> str | None:
    gap = model.get("leakage_gap")
    if gap is None:
        return None
    sign = "+" if gap["value"] > 0 else ""
    return f"{sign}{estimate_cell(gap)}\n{resampled_text(model['gap_intervals'])}"


def accuracy_figure(result: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the accuracy of each model under each protocol with its interval."""
    models, protocols = result["models"], protocols_in(result)
    row = max(44, _MARK_HEIGHT * len(protocols) + 14)
    traces = []
    for at, protocol in enumerate(protocols):
        scores = {
            i: run["metrics"]["accuracy"]
            for i, model in enumerate(models)
            for run in model["runs"]
            if run["protocol"] == protocol
        }
        shift = (at - (len(protocols) - 1) / 2) * _MARK_HEIGHT / row
        values = [score["value"] for score in scores.values()]
        traces.append(
            scatter(
                "markers",
                values,
                [i + shift for i in scores],
                name=plot_text(protocol_title(protocol)),
                customdata=[
                    [plot_text(models[i]["name"]), score["low"], score["high"]]
                    for i, score in scores.items()
                ],
                hovertemplate="%{customdata[0]}: %{x:.3f}<br>%{customdata[1]:.3f} to "
                "%{customdata[2]:.3f}",
                error_x=error_bars(
                    values, [*scores.values()], thickness=1.6, width=3, color=colour(at)
                ),
                marker={"symbol": SYMBOLS[at % len(SYMBOLS)], "size": 9, "color": colour(at)},
            )
        )
    rule = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    rule["line"] = {"color": "var(--line)", "width": 1}
    layout = {
        "height": row * len(models) + 110,
        "xaxis": {"title": {"text": "accuracy"}, "range": _score_range(result)},
        "yaxis": names_axis([model["name"] for model in models], down=True),
        "shapes": [{**rule, "y0": i - 0.5, "y1": i - 0.5} for i in range(1, len(models))],
        "legend": LEGEND_ABOVE,
        "showlegend": True,
    }
    label = "Accuracy of each model under each protocol; the numbers are in the table above."
    return figure(traces, layout, label=label)


def _score_range(result: Mapping[str, Any]) -> list[float]:
    """Return a part of the scale that holds all intervals and is never a sliver of it."""
    scores = [run["metrics"]["accuracy"] for model in result["models"] for run in model["runs"]]
    if not scores:
        return [0.0, 1.0]
    low, high = min(score["low"] for score in scores), max(score["high"] for score in scores)
    pad = max(0.02, (_LEAST_SPAN - (high - low)) / 2)
    low, high = low - pad, high + pad
    if low < 0:
        low, high = 0.0, max(high, _LEAST_SPAN)
    if high > 1:
        low, high = min(low, 1 - _LEAST_SPAN), 1.0
    return [low - 0.005, high + 0.005]


def cost_table(result: Mapping[str, Any]) -> dict[str, Any]:
    """Tabulate the time, memory and size of every run."""
    rows = [
        [
            f"{shorten(model['name'], 40)}, {protocol_title(run['protocol'])}",
            str(run["n_folds"]),
            number(run["fit_seconds"], 2),
            number(run["predict_milliseconds_per_row"], 3),
            number(run["peak_memory_mb"], 0),
            None if run["model_bytes"] is None else f"{run['model_bytes'] / 1e6:.2f}",
        ]
        for model in result["models"]
        for run in model["runs"]
    ]
    heads = ("Model, protocol", "Fits", "Fit, s", "Predict, ms a row", "Memory, MB", "File, MB")
    return table("Cost of each run", heads, rows, css="stack")


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{number(value)}"


def difference_table(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """Tabulate each difference of a comparison with its interval, and the rows it is based on."""
    rows = []
    for pair in comparison["differences"]:
        low, high = (_signed(pair["accuracy"][end]) for end in ("low", "high"))
        n_rows = f"{pair['n']:,}"
        if {pair["n_model"], pair["n_baseline"]} != {pair["n"]}:
            n_rows += f"\nof {pair['n_model']:,} and {pair['n_baseline']:,}"
        rows.append(
            [
                f"{plain(pair['model'])} minus {plain(pair['baseline'])}",
                protocol_title(pair["protocol"]),
                n_rows,
                number(pair["model_accuracy"]),
                number(pair["baseline_accuracy"]),
                f"{_signed(pair['accuracy']['value'])}\n{low} to {high}\n"
                f"{resampled_text(pair['intervals'])}",
            ]
        )
    heads = ("Compared", "Protocol", "Rows in both", "Accuracy", "Baseline", "Difference")
    caption = "Accuracy of each model minus that of the baseline, on the rows in both"
    return table(caption, heads, rows, css="stack")


def difference_figure(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """Draw each difference of a comparison with its interval; filled marks exclude 0."""
    differences = comparison["differences"]
    if not differences:
        return no_slot()
    estimates = [pair["accuracy"] for pair in differences]
    values = [estimate["value"] for estimate in estimates]
    clear = [not estimate["low"] <= 0 <= estimate["high"] for estimate in estimates]
    marks = scatter(
        "markers",
        values,
        range(len(values)),
        customdata=[
            [
                plot_text(pair["model"]),
                plot_text(pair["baseline"]),
                protocol_title(pair["protocol"]),
                pair["n"],
            ]
            for pair in differences
        ],
        hovertemplate="%{customdata[0]}<br>minus %{customdata[1]}, %{customdata[2]}<br>%{x:+.3f} "
        "on %{customdata[3]} rows<extra></extra>",
        error_x=error_bars(values, estimates, thickness=1.8, width=4, color=colour(0)),
        marker={
            "size": 11,
            "color": colour(0),
            "line": {"width": 2, "color": colour(0)},
            "symbol": ["circle" if excludes_0 else "circle-open" for excludes_0 in clear],
        },
    )
    ends = (abs(estimate[end]) for estimate in estimates for end in ("low", "high"))
    reach = max(0.05, *ends) * 1.08
    names = [f"{plain(pair['model'])}, {protocol_title(pair['protocol'])}" for pair in differences]
    layout = {
        "height": (ROW_HEIGHT + 8) * len(names) + 90,
        "xaxis": {
            "title": {"text": "difference in accuracy (filled: the interval excludes 0)"},
            "range": [-reach, reach],
            "tickformat": "+.2f",
            "zeroline": True,
            "zerolinewidth": 2,
        },
        "yaxis": names_axis(names, down=True, longest=44),
        "showlegend": False,
    }
    narrow = {
        "xaxis.title.text": "difference in accuracy",
        "yaxis.ticktext": [plot_text(shorten(name)) for name in names],
    }
    label = (
        f"Differences in accuracy from the baseline; the intervals of {sum(clear)} of {len(clear)} "
        "exclude 0. The numbers are in the table below."
    )
    return figure([marks], layout, label=label, narrow=narrow)
