"""``earmark evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli._commands import command, train_extra
from earmark.cli._options import (
    DatasetOption,
    JobsOption,
    OverwriteOption,
    ReportOption,
    SeedOption,
    option,
)
from earmark.cli._output import printable, stdout
from earmark.cli._pages import check_page, write_page
from earmark.cli._progress import progress_bar
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.evaluation import Results

__all__ = ["app"]

app = typer.Typer()


# The options of the command, in the order of its help.
_ModelsOption = Annotated[
    str,
    option(
        "--models -m MODELS",
        "Models, separated by commas: default (the recipe of the default model), a "
        "family or preset such as knn, svm or forest, a recipe (name or TOML file), or an "
        ".earmark file, which is tested as it is on rows it was not trained on.",
    ),
]
_ProtocolsOption = Annotated[
    str,
    option(
        "--protocols -p PROTOCOLS",
        "How to split, separated by commas: random (any row on either side), track (no track on "
        "both sides), artist (no artist on both sides), official, published3; or all that the "
        "dataset supports.",
    ),
]
_NewRowsOption = Annotated[
    bool,
    option(
        "--new-rows",
        "Test an .earmark file on the rows it was not trained on, and separately on those "
        "by artists it was trained on.",
    ),
]
_OutputOption = Annotated[
    Path | None,
    option("--output -o FILE", "JSON file to write the results to, updated after every run."),
]
_FreshOption = Annotated[
    bool, option("--fresh", "Ignore the runs already in the output file and start again.")
]
_ImportancesOption = Annotated[
    bool, option("--importances", "Also measure how much each feature matters, by shuffling it.")
]
_FeaturesOption = Annotated[
    str | None, option("--features NAME", "Feature set, for models that accept any.")
]
_UnitOption = Annotated[
    str | None, option("--unit UNIT", "What a row is: track or segment, if there are both.")
]
_AsJsonOption = Annotated[bool, option("--json", "Print the results as JSON.")]


@command(
    app,
    "earmark evaluate -d gtzan:DATA/gtzan -m knn,svm",
    "earmark evaluate -d segments57:DATA/segments57 -m forest -p random,track,artist "
    "-o results.json --report page.html",
    "earmark evaluate -d folder:MUSIC -m mine.earmark --new-rows",
    no_args_is_help=True,
)
def _evaluate(
    dataset: DatasetOption,
    models: _ModelsOption = "default",
    protocols: _ProtocolsOption = "all",
    new_rows: _NewRowsOption = False,
    output: _OutputOption = None,
    report: ReportOption = None,
    overwrite: OverwriteOption = False,
    fresh: _FreshOption = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    importances: _ImportancesOption = False,
    features: _FeaturesOption = None,
    unit: _UnitOption = None,
    as_json: _AsJsonOption = False,
) -> None:
    r"""Measure how accurate models are on a dataset, under different train/test splits.

    Requires extra packages: pip install 'earmark\[train]'. Each model is trained again in every
    fold. Numbers in brackets are 95 % bootstrap intervals: over artists if the protocol keeps
    artists apart, otherwise over tracks. The leakage gap is the accuracy under random minus the
    accuracy under artist, on the same rows. With --output, finished runs are kept: if you stop,
    run the same command again to continue.
    """
    with train_extra():
        from earmark.workflows.evaluate import evaluate

    check_page(report, overwrite=overwrite)
    with progress_bar("Evaluating") as progress:
        results = evaluate(
            dataset,
            models=_split(models),
            protocols="all" if protocols == "all" else _split(protocols),
            new_rows=new_rows,
            seed=seed,
            importances=importances,
            jobs=jobs,
            feature_set=features,
            unit=unit,
            output=output,
            fresh=fresh,
            progress=progress,
        )
    if report is not None:
        write_page(report, [results])
    if as_json:
        typer.echo(results.to_json(), nl=False)
        return
    _show(results)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _rows_text(model: str, rows: Mapping[str, Any]) -> str:
    """Say which rows a finished model was scored on.

    Examples
    --------
    >>> rows = {"trained_on": 90, "unseen": 8, "unseen_known_artists": 2, "artists_known": True}
    >>> _rows_text("mine.earmark", rows)
    'mine.earmark: 8 new rows by artists it was not trained on, 2 new rows by artists it was \
trained on; 90 rows it was trained on are left out'
    """
    new, known = rows["unseen"], rows["unseen_known_artists"]
    parts = [f"{counted(new, 'new row')} by artists it was not trained on"]
    if rows["artists_known"]:
        parts.append(f"{counted(known, 'new row')} by artists it was trained on")
    else:
        parts = [f"{counted(new, 'new row')}; the dataset does not name their artists"]
    left_out = counted(
        rows["trained_on"],
        "row it was trained on is left out",
        "rows it was trained on are left out",
    )
    return f"{model}: {', '.join(parts)}; {left_out}"


def _show(results: Results) -> None:
    from earmark.cli._tables import results_tables

    console, dataset = stdout(), results.dataset
    console.print(
        printable(
            f"{dataset.name}: {counted(dataset.n, dataset.unit)} of "
            f"{counted(len(dataset.classes), 'genre')}, "
            f"{dataset.feature_set}, seed {results.seed}; accuracy with 95 % intervals"
        )
    )
    for table in results_tables(results, width=console.width):
        console.print()
        console.print(table)
    for model in results.models:
        if "rows" in model.recipe:
            console.print(printable(_rows_text(model.name, model.recipe["rows"])))
    for protocol, reason in results.skipped.items():
        console.print(printable(f"Skipped {protocol}: {reason}"), style="dim")
