"""``earmark compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from earmark.cli._commands import command, train_extra
from earmark.cli._options import OverwriteOption, ReportOption, argument, option
from earmark.cli._output import plain_table, print_json, printable, stdout
from earmark.cli._pages import check_page, write_page

if TYPE_CHECKING:
    from earmark.evaluation import Comparison

__all__ = ["app"]

app = typer.Typer()


@command(
    app,
    "earmark compare before.json after.json",
    "earmark compare *.json --report page.html",
    no_args_is_help=True,
)
def _compare(
    results: Annotated[list[Path], argument("FILE", "Results files.")],
    report: ReportOption = None,
    overwrite: OverwriteOption = False,
    as_json: Annotated[bool, option("--json", "Print the comparison as JSON.")] = False,
) -> None:
    """Compare results files written by earmark evaluate.

    The first model of the first file is the baseline. For each protocol, the other models are
    compared with it on the rows that both were tested on. Numbers in brackets are paired 95 %
    bootstrap intervals: over artists if the protocol keeps artists apart, otherwise over
    tracks. Results on another dataset are listed without a comparison.
    """
    with train_extra():
        from earmark.workflows.compare import compare

    check_page(report, overwrite=overwrite)
    comparison = compare(results)
    if report is not None:
        write_page(report, comparison.results, comparison=comparison.to_dict())
    if as_json:
        print_json(comparison)
    else:
        _show(comparison)


def _show(comparison: Comparison) -> None:
    from earmark.cli._tables import estimate_text, protocol_note

    table = plain_table()
    for column in ("Protocol", "Model", "Dataset", "Rows", "Folds", "Intervals over", "Accuracy"):
        table.add_column(column, overflow="fold")
    protocols = dict.fromkeys(entry.protocol for entry in comparison.entries)
    for protocol in protocols:
        for entry in comparison.entries:
            if entry.protocol != protocol:
                continue
            title, *note = protocol_note(protocol, [entry.run])
            table.add_row(
                title,
                printable(entry.model),
                printable(entry.dataset),
                *note,
                estimate_text(entry.run.metrics.accuracy),
            )
    stdout().print(table)
    if comparison.differences:
        stdout().print()
        stdout().print(_differences_table(comparison))
    for warning in comparison.warnings:
        stdout().print(printable(f"Note: {warning}"), style="yellow")


def _differences_table(comparison: Comparison) -> Table:
    from earmark.cli._tables import estimate_text, protocol_note, units_text

    table = plain_table()
    for column in ("Protocol", "Compared", "Common rows", "Intervals over", "Difference"):
        table.add_column(column, overflow="fold")
    for difference in comparison.differences:
        rows = f"{difference.n:,}"
        if {difference.n_model, difference.n_baseline} != {difference.n}:
            rows += f" of {difference.n_model:,} and {difference.n_baseline:,}"
        table.add_row(
            protocol_note(difference.protocol, [])[0],
            printable(f"{difference.model} minus {difference.baseline}"),
            rows,
            units_text([difference.intervals]),
            estimate_text(difference.accuracy, "+"),
        )
    return table
