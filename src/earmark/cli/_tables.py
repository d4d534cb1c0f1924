"""Scores as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from rich.table import Table

from earmark.cli._output import plain_table, printable
from earmark.evaluation import Estimate, Intervals, ModelResult, Results, Run
from earmark.wording import protocol_title

__all__ = ["estimate_text", "protocol_note", "results_tables", "units_text"]

_WIDTH_OF_PROTOCOLS, _WIDTH_OF_MODEL = 56, 18


def estimate_text(estimate: Estimate, sign: Literal["", "+"] = "") -> str:
    """Return a number and its interval, with "+" as the sign of positive numbers in differences.

    Examples
    --------
    >>> estimate_text(Estimate(0.5, 0.4, 0.6))
    '0.500 [0.400, 0.600]'
    >>> estimate_text(Estimate(0.25, -0.125, 0.5), "+")
    '+0.250 [-0.125, +0.500]'
    """
    return f"{estimate.value:{sign}.3f} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]"


def units_text(every: Sequence[Intervals]) -> str:
    """Return what intervals are over.

    Examples
    --------
    >>> units_text([Intervals("artist", 271), Intervals("artist", 272)])
    '271, 272 artists'
    """
    sizes: dict[str, set[int]] = {}
    for intervals in every:
        sizes.setdefault(intervals.over, set()).add(intervals.n_units)
    return "; ".join(
        f"{', '.join(f'{n:,}' for n in sorted(counts))} {over}s" for over, counts in sizes.items()
    )


def protocol_note(protocol: str, runs: Sequence[Run]) -> tuple[str, str, str, str]:
    """Return a protocol's title, its rows, its folds and what its intervals are over."""
    counts = sorted({(run.n, run.n_tracks) for run in runs})
    rows = ", ".join(
        f"{n:,}" if n == tracks else f"{n:,} of {tracks:,} tracks" for n, tracks in counts
    )
    folds = ", ".join(sorted({str(run.n_folds or "-") for run in runs}))
    units = units_text([run.intervals for run in runs])
    return protocol_title(protocol), rows, folds, units


def results_tables(results: Results, *, width: int) -> Iterator[Table]:
    """Lay accuracies out: a row for each protocol, a column for each model, the gap at the foot.

    Models that do not fit beside each other come in a table below.
    """
    at_once = max(1, (width - _WIDTH_OF_PROTOCOLS) // _WIDTH_OF_MODEL)
    for start in range(0, len(results.models), at_once):
        yield _table(results, results.models[start : start + at_once])


def _table(results: Results, models: Sequence[ModelResult]) -> Table:
    table = plain_table()
    names = (model.name for model in models)
    for column in ("Protocol", "Rows", "Folds", "Intervals over", *names):
        table.add_column(printable(column), overflow="fold")
    for protocol in results.protocols:
        runs = [model.run(protocol) for model in models]
        there = [run for run in runs if run is not None]
        if there:
            table.add_row(
                *protocol_note(protocol, there),
                *(_cell(None if run is None else run.metrics.accuracy) for run in runs),
            )
        if any(run.track_metrics is not None for run in there):
            table.add_row("  tracks, by vote of segments", "", "", "", *map(_voted, runs))
    if any(model.leakage_gap is not None for model in models):
        gaps = (_cell(model.leakage_gap, "+") for model in models)
        units = units_text([it.gap_intervals for it in models if it.gap_intervals is not None])
        table.add_row("leakage gap", "", "", units, *gaps, style="bold")
    return table


def _voted(run: Run | None) -> str:
    scores = None if run is None else run.track_metrics
    return _cell(None if scores is None else scores.accuracy)


def _cell(estimate: Estimate | None, sign: Literal["", "+"] = "") -> str:
    """Return a number and, below it, its interval."""
    return "-" if estimate is None else estimate_text(estimate, sign).replace(" ", "\n", 1)
