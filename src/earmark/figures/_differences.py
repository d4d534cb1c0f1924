"""Differences between models, as a figure and a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earmark.figures._html import number, table, units_text
from earmark.figures._plot import ROW_HEIGHT, figure, names_axis, no_slot, plain, plot_text
from earmark.wording import protocol_title

__all__ = ["differences_slot", "differences_table"]


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{number(value)}"


def differences_table(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """Tabulate the differences of a comparison.

    Parameters
    ----------
    comparison : mapping
        A document of the schema ``earmark.compare/2``.

    Returns
    -------
    dict
        A table: what is compared, on how many rows, and the difference with its interval.
    """
    rows = []
    for one in comparison["differences"]:
        low, high = (_signed(one["accuracy"][end]) for end in ("low", "high"))
        counts = f"{one['n']:,}"
        if {one["n_model"], one["n_baseline"]} != {one["n"]}:
            counts += f"\nof {one['n_model']:,} and {one['n_baseline']:,}"
        rows.append(
            [
                f"{plain(one['model'])} less {plain(one['baseline'])}",
                protocol_title(one["protocol"]),
                counts,
                number(one["model_accuracy"]),
                number(one["baseline_accuracy"]),
                f"{_signed(one['accuracy']['value'])}\n{low} to {high}\n"
                f"{units_text(one['intervals'])}",
            ]
        )
    heads = ("Compared", "Protocol", "Rows in both", "Accuracy", "Of the first", "Difference")
    caption = "Accuracy of each model less that of the first, on the rows in both"
    return table(caption, heads, rows, css="stack")


def differences_slot(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the differences of a comparison with their intervals.

    Parameters
    ----------
    comparison : mapping
        A document of the schema ``earmark.compare/2``.

    Returns
    -------
    dict
        A figure: a line for each difference, and one at no difference.
    """
    differences = comparison["differences"]
    if not differences:
        return no_slot()
    estimates = [one["accuracy"] for one in differences]
    clear = [not one["low"] <= 0 <= one["high"] for one in estimates]
    marks = {
        "type": "scatter",
        "mode": "markers",
        "x": [one["value"] for one in estimates],
        "y": list(range(len(estimates))),
        "customdata": [
            [
                plot_text(one["model"]),
                plot_text(one["baseline"]),
                protocol_title(one["protocol"]),
                one["n"],
            ]
            for one in differences
        ],
        "hovertemplate": "%{customdata[0]}<br>less %{customdata[1]}, %{customdata[2]}<br>%{x:+.3f} "
        "on %{customdata[3]} rows<extra></extra>",
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [one["high"] - one["value"] for one in estimates],
            "arrayminus": [one["value"] - one["low"] for one in estimates],
            "thickness": 1.8,
            "width": 4,
            "color": "var(--c0)",
        },
        "marker": {
            "size": 11,
            "color": "var(--c0)",
            "line": {"width": 2, "color": "var(--c0)"},
            "symbol": ["circle" if one else "circle-open" for one in clear],
        },
    }
    reach = max([0.05, *(abs(one[end]) for one in estimates for end in ("low", "high"))]) * 1.08
    names = [f"{plain(one['model'])}, {protocol_title(one['protocol'])}" for one in differences]
    layout = {
        "height": (ROW_HEIGHT + 8) * len(names) + 90,
        "xaxis": {
            "title": {"text": "difference of accuracy (filled: its interval excludes 0)"},
            "range": [-reach, reach],
            "tickformat": "+.2f",
            "zeroline": True,
            "zerolinewidth": 2,
        },
        "yaxis": names_axis(names, down=True, longest=44),
        "showlegend": False,
    }
    n_clear = sum(clear)
    label = (
        f"Differences of accuracy from the first model; the intervals of {n_clear} of {len(clear)} "
        "exclude 0. The numbers are in the table below."
    )
    narrow = {
        "xaxis.title.text": "difference of accuracy",
        "yaxis.ticktext": [plot_text(_short(one)) for one in names],
    }
    return figure([marks], layout, label=label, narrow=narrow)


def _short(name: str, longest: int = 22) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
