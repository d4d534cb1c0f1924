"""Figures of a parameter search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from typing import Any

from earmark.figures._page import number
from earmark.figures._plots import (
    HEAT,
    LEGEND_BELOW,
    ROW_HEIGHT,
    colour,
    figure,
    names_axis,
    plain,
    plot_text,
    scatter,
    shorten,
    tabs,
    text_slot,
)
from earmark.wording import counted

__all__ = [
    "Axis",
    "history_figure",
    "pair_tabs",
    "parallel_figure",
    "parameter_tabs",
    "value_of",
    "value_text",
]

_MOST_PAIRS = 10
_MOST_CELLS = 60

# Shares of the trials by score, from the worst: name, colour, opacity, width.
_LAYERS = (
    (0.5, "lower half", "var(--muted)", 0.25, 1.0),
    (0.75, "third quarter", colour(0), 0.35, 1.0),
    (0.9, "better quarter", colour(0), 0.8, 1.5),
    (1.0, "best tenth", colour(1), 0.9, 2.0),
)


@dataclass(frozen=True)
class Axis:
    """A parameter as an axis: its values as names at whole numbers, or a range of numbers."""

    name: str
    names: tuple[str, ...]
    values: tuple[Any, ...]
    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, parameter: Mapping[str, Any]) -> Axis:
        values = tuple(parameter.get("values", ()))
        names = tuple(value_text(value) for value in values)
        low, high = (0, len(values) - 1) if values else (parameter["low"], parameter["high"])
        return cls(plain(parameter["name"]), names, values, low, high, bool(parameter.get("log")))

    @property
    def cells(self) -> tuple[Any, ...]:
        """Its values if they are few enough for the cells of a heat map, else none."""
        if self.values:
            return self.values
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        if whole and self.high - self.low < _MOST_CELLS:
            return tuple(range(int(self.low), int(self.high) + 1))
        return ()

    def place(self, value: Any) -> float:
        """Return the place of a value on the axis of a figure."""
        return float(self.values.index(value)) if self.values else float(value)

    def share(self, value: Any) -> float:
        """Return the place of a value between the ends of the axis, from 0 to 1."""
        at, low, high = self.place(value), self.low, self.high
        if self.log and not self.values:
            at, low, high = math.log(at), math.log(low), math.log(high)
        return 0.5 if high == low else (at - low) / (high - low)

    def layout(self) -> dict[str, Any]:
        """Return the axis as Plotly describes it."""
        title = {"text": plot_text(self.name)}
        if self.values:
            return names_axis(self.names, title=title)
        return {"title": title, "type": "log"} if self.log else {"title": title}


def value_text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else plain(value)


def _hover(trial: Mapping[str, Any]) -> str:
    """Describe a trial for Plotly."""
    values = (f"{name} = {value_text(value)}" for name, value in trial["parameters"].items())
    lines = [f"trial {trial['number']}", *values]
    if trial["score"] is not None:
        lines.append(
            f"score {number(trial['score'])}, standard error {number(trial['standard_error'])}"
        )
    return "<br>".join(plot_text(line) for line in lines)


def _star(chosen: Mapping[str, Any], x: float, y: float) -> dict[str, Any]:
    """Mark the chosen trial."""
    outline = {"width": 1.5, "color": "var(--page)"}
    return scatter(
        "markers",
        [x],
        [y],
        name="chosen",
        text=[_hover(chosen)],
        hovertemplate="%{text}<extra>chosen</extra>",
        marker={"symbol": "star", "size": 17, "color": colour(1), "line": outline},
    )


def _dots(
    trials: Sequence[Mapping[str, Any]], x: Sequence[float], y: Sequence[float], **more: Any
) -> dict[str, Any]:
    texts = [_hover(trial) for trial in trials]
    hover = {"text": texts, "hovertemplate": "%{text}<extra></extra>"}
    style = {"marker": {"size": 7, "color": colour(0), "opacity": 0.6}}
    return scatter("markers", x, y, name="trial", **hover, **{**style, **more})


def _scores(trials: Sequence[Mapping[str, Any]]) -> list[float]:
    return [trial["score"] for trial in trials]


def history_figure(
    trials: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Draw the score of each trial in the order of the search, and the best so far."""
    scored = [trial for trial in trials if trial["score"] is not None]
    best = [*accumulate(_scores(scored), max)]
    numbers = [trial["number"] for trial in scored]
    stroke = {"shape": "hv", "width": 2, "color": colour(2)}
    line = scatter("lines", numbers, best, name="best so far", line=stroke, hoverinfo="skip")
    layout = {
        "height": 380,
        "xaxis": {"title": {"text": "trial"}},
        "yaxis": {"title": {"text": "score"}},
        "legend": LEGEND_BELOW,
    }
    label = (
        f"{counted(len(trials), 'trial')}; the best score so far rises from {number(best[0])} to "
        f"{number(best[-1])}."
    )
    star = _star(chosen, chosen["number"], chosen["score"])
    data = [_dots(scored, numbers, _scores(scored)), line, star]
    return figure(data, layout, label=label, zoom=True)


def parameter_tabs(
    axes: Sequence[Axis], scored: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Draw the score against each parameter."""
    return tabs("Parameters", {axis.name: _against(axis, scored, chosen) for axis in axes})


def _against(
    axis: Axis, scored: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    trials = [trial for trial in scored if axis.name in map(plain, trial["parameters"])]
    if not trials:
        return text_slot("No trial has this parameter.")

    def place(trial: Mapping[str, Any]) -> float:
        # Trials with the same value are spread a little, the same way every time.
        spread = (trial["number"] * 0.618034 % 1 - 0.5) * 0.5 if axis.values else 0.0
        return axis.place(value_of(trial, axis)) + spread

    errors = [trial["standard_error"] for trial in trials]
    bars = {"array": errors, "thickness": 0.6, "width": 0, "color": "var(--muted)"}
    data = [_dots(trials, [place(trial) for trial in trials], _scores(trials), error_y=bars)]
    if chosen in trials:
        data.append(_star(chosen, place(chosen), chosen["score"]))
    layout = {
        "height": 380,
        "xaxis": axis.layout(),
        "yaxis": {"title": {"text": "score"}},
        "showlegend": False,
    }
    label = f"Score against {axis.name}, {counted(len(trials), 'trial')}."
    return figure(data, layout, label=label, zoom=not axis.values)


def value_of(trial: Mapping[str, Any], axis: Axis) -> Any:
    """Return a trial's value of a parameter; None if it does not apply to the trial."""
    return next(
        (value for name, value in trial["parameters"].items() if plain(name) == axis.name), None
    )


def pair_tabs(
    axes: Sequence[Axis], scored: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Draw the score by each two parameters: best scores as cells, or trials as points."""
    pairs = [*combinations(axes, 2)][:_MOST_PAIRS]
    if not pairs:
        return text_slot("There is only one parameter.")
    return tabs(
        "Pairs of parameters",
        {f"{y.name} and {x.name}": _pair(x, y, scored, chosen) for y, x in pairs},
    )


def _pair(
    x: Axis, y: Axis, scored: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    both = [t for t in scored if value_of(t, x) is not None and value_of(t, y) is not None]
    if not both:
        return text_slot("No trial has both parameters.")
    if x.cells and y.cells:
        return _heat_map(x, y, both)
    scores = _scores(both)
    marker = {
        "size": 10,
        "color": scores,
        "colorscale": HEAT,
        "cmin": min(scores),
        "cmax": max(scores),
        "line": {"width": 0.7, "color": "var(--muted)"},
        "colorbar": {"thickness": 12, "title": {"text": "score"}},
        "showscale": True,
    }
    places = ([axis.place(value_of(trial, axis)) for trial in both] for axis in (x, y))
    data = [_dots(both, *places, marker=marker)]
    if chosen in both:
        data.append(_star(chosen, x.place(value_of(chosen, x)), y.place(value_of(chosen, y))))
    layout = {"height": 420, "xaxis": x.layout(), "yaxis": y.layout(), "showlegend": False}
    label = f"Score by {y.name} and {x.name}, {counted(len(both), 'trial')}."
    return figure(data, layout, label=label, zoom=True)


def _heat_map(x: Axis, y: Axis, trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    best: dict[tuple[int, int], float] = {}
    for trial in trials:
        cell = (y.cells.index(value_of(trial, y)), x.cells.index(value_of(trial, x)))
        best[cell] = max(best.get(cell, 0.0), trial["score"])
    rows = [
        [best.get((down, across)) for across in range(len(x.cells))] for down in range(len(y.cells))
    ]
    names_x, names_y = ([value_text(value) for value in axis.cells] for axis in (x, y))
    few = len(names_x) <= 12
    heat = {
        "type": "heatmap",
        "z": rows,
        "customdata": [
            [f"{plot_text(down)}<br>{plot_text(across)}" for across in names_x] for down in names_y
        ],
        "hovertemplate": "%{customdata}<br>%{z:.3f}<extra></extra>",
        "texttemplate": "%{z:.3f}" if few else "",
        "colorscale": HEAT,
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {"thickness": 12, "title": {"text": "best score"}},
    }
    layout = {
        "height": max(260, ROW_HEIGHT * 1.4 * len(names_y) + 130),
        "xaxis": names_axis(names_x, title={"text": plot_text(x.name)}),
        "yaxis": names_axis(names_y, title={"text": plot_text(y.name)}),
    }
    (down, across), highest = max(best.items(), key=lambda item: item[1])
    label = (
        f"Best score by {y.name} and {x.name}: {number(highest)} at {names_y[down]} and "
        f"{names_x[across]}."
    )
    return figure([heat], layout, label=label, narrow={"hide_colorbar": True})


def parallel_figure(
    axes: Sequence[Axis], scored: Sequence[Mapping[str, Any]], chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Draw every trial as a line across all parameters to its score, the best on top."""
    ordered = sorted(scored, key=lambda trial: (trial["score"], -trial["number"]))
    low, high = ordered[0]["score"], ordered[-1]["score"]

    def line(trial: Mapping[str, Any]) -> list[float]:
        values = (value_of(trial, axis) for axis in axes)
        places = [
            -0.15 if value is None else axis.share(value)
            for axis, value in zip(axes, values, strict=True)
        ]
        return [*places, 0.5 if high == low else (trial["score"] - low) / (high - low)]

    data, start = [], 0
    for share, name, tint, opacity, width in _LAYERS:
        end = round(share * len(ordered))
        layer, start = ordered[start:end], end
        if layer:
            data.append(_lines(layer, name, [line(trial) for trial in layer]))
            data[-1].update(opacity=opacity, line={"color": tint, "width": width})
    data.append(_lines([chosen], "chosen", [line(chosen)]))
    data[-1]["line"] = {"color": colour(1), "width": 3.5, "dash": "dash"}
    layout = {
        "height": 430,
        "xaxis": {
            **names_axis([*(axis.name for axis in axes), "score"], side="top"),
            "range": [-0.3, len(axes) + 0.45],
        },
        "yaxis": {"visible": False, "range": [-0.25, 1.1]},
        "legend": {**LEGEND_BELOW, "y": -0.03},
        "shapes": [_rule(at) for at in range(len(axes) + 1)],
        "annotations": [
            *(tick for at, axis in enumerate(axes) for tick in _ticks(axis, at)),
            _tick(len(axes), 0, number(low) or ""),
            _tick(len(axes), 1, number(high) or ""),
        ],
    }
    names = ", ".join(axis.name for axis in axes)
    label = f"{counted(len(scored), 'trial')} as lines across {names}."
    return figure(data, layout, label=label, narrow={"xaxis.tickangle": -35})


def _lines(
    trials: Sequence[Mapping[str, Any]], name: str, lines: Sequence[Sequence[float]]
) -> dict[str, Any]:
    """Return lines as one trace, with a gap after each."""
    texts = [_hover(t) for t, line in zip(trials, lines, strict=True) for _ in (*line, None)]
    return scatter(
        "lines",
        [at for line in lines for at in (*range(len(line)), None)],
        [at for line in lines for at in (*line, None)],
        name=name,
        text=texts,
        hovertemplate="%{text}<extra></extra>",
    )


def _rule(at: int) -> dict[str, Any]:
    line = {"color": "var(--muted)", "width": 1}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": line, "layer": "below"}


def _tick(at: int, share: float, text: str) -> dict[str, Any]:
    return {
        "x": at,
        "y": share,
        "text": plot_text(shorten(text, 12)),
        "showarrow": False,
        "xanchor": "left",
        "xshift": 4,
        "font": {"size": 11, "color": "var(--ink)"},
        "bgcolor": "var(--card)",
        "borderpad": 1,
    }


def _ticks(axis: Axis, at: int) -> list[dict[str, Any]]:
    values = axis.values if 0 < len(axis.values) <= 12 else (axis.low, axis.high)
    if len(axis.values) > 12:
        values = (axis.values[0], axis.values[-1])
    return [_tick(at, axis.share(value), value_text(value)) for value in values]
