"""``earmark tune``."""

from __future__ import annotations

from collections.abc import Iterator
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
from earmark.cli._output import print_json, printable
from earmark.cli._progress import progress_bar

if TYPE_CHECKING:
    from earmark.tuning import TunedModel

__all__ = ["app"]

app = typer.Typer()


# The options of the command, in the order of its help.
_ModelOption = Annotated[
    str,
    option(
        "--model -m MODEL",
        "Model to tune: a family or preset such as knn or svm, or a recipe as TOML file.",
    ),
]
_SearchOption = Annotated[
    str,
    option(
        "--search METHOD",
        "How to search: grid (try every combination) or optuna (sample with TPE).",
    ),
]
_SpaceOption = Annotated[
    str | None,
    option(
        "--space SPACE",
        "Settings to search: a preset, or a TOML file in the same format.",
        show_default="the preset of the family",
    ),
]
_ProtocolOption = Annotated[
    str, option("--protocol PROTOCOL", "How to make folds: artist, track or random.")
]
_TrialsOption = Annotated[
    int | None,
    option(
        "--trials N",
        "Number of trials, including those already in the study.",
        min=1,
        show_default="the whole grid, or 100",
    ),
]
_MinutesOption = Annotated[
    float | None, option("--minutes N", "Stop after this many minutes.", show_default="no limit")
]
_RuleOption = Annotated[
    str,
    option(
        "--rule RULE",
        "Which settings to choose: best (highest score) or one-se (the simplest within "
        "one standard error of it).",
    ),
]
_RowsOption = Annotated[
    str, option("--rows ROWS", "Rows to use: train (without the official test rows) or all.")
]
_FeatureSetOption = Annotated[
    str | None, option("--features NAME", "Feature set.", show_default="the first of the dataset")
]
_StudyOption = Annotated[
    Path | None, option("--study FILE", "File to keep the search in, so that it can be continued.")
]
_NestedOption = Annotated[
    bool, option("--nested", "Also tune inside every fold, to measure an unbiased score.")
]
_OutputOption = Annotated[
    Path | None, option("--output -o FILE", "TOML file to write the recipe to.")
]
_AsJsonOption = Annotated[bool, option("--json", "Print the search as JSON.")]


@command(
    app,
    "earmark tune --dataset gtzan:DATA/gtzan --model knn",
    "earmark tune -d gtzan:DATA/gtzan -m svm --search optuna --trials 200 --study svm.study "
    "-o svm.toml --report svm.html",
    "earmark tune -d folder:MUSIC -m forest --search optuna --minutes 10 --nested",
    no_args_is_help=True,
)
def _tune(
    dataset: DatasetOption,
    model: _ModelOption = "svm",
    search: _SearchOption = "grid",
    space: _SpaceOption = None,
    protocol: _ProtocolOption = "artist",
    trials: _TrialsOption = None,
    minutes: _MinutesOption = None,
    seed: SeedOption = 0,
    rule: _RuleOption = "best",
    rows: _RowsOption = "train",
    feature_set: _FeatureSetOption = None,
    study: _StudyOption = None,
    nested: _NestedOption = False,
    output: _OutputOption = None,
    report: ReportOption = None,
    overwrite: OverwriteOption = False,
    jobs: JobsOption = None,
    as_json: _AsJsonOption = False,
) -> None:
    r"""Search for the best settings of a model, and write them as a recipe.

    Requires extra packages: pip install 'earmark\[train]'. All settings are tested with the
    same five folds, on artists the model was not trained on. If the dataset has an official
    split, its test rows are not used (in GTZAN, 640 of 930 rows are). The best score of many
    trials is always too high; --nested measures an unbiased one.

    With --study, you can stop a search: run the same command again and it continues.
    """
    with train_extra():
        from earmark.workflows.tune import tune

    with progress_bar("Tuning", show_item=True) as progress:
        tuned = tune(
            dataset,
            model=model,
            search=search,
            space=space,
            protocol=protocol,
            trials=trials,
            minutes=minutes,
            seed=seed,
            rule=rule,
            rows=rows,
            feature_set=feature_set,
            study=study,
            nested=nested,
            output=output,
            report=report,
            overwrite=overwrite,
            jobs=jobs,
            progress=progress,
        )
    if as_json:
        print_json(tuned)
    else:
        for line in _summary(tuned):
            typer.echo(printable(line))


def _values(parameters: Any) -> str:
    return ", ".join(f"{name} = {value}" for name, value in parameters.items())


def _summary(tuned: TunedModel) -> Iterator[str]:
    """Say what was done, what came of it, and what was written."""
    tuning, chosen = tuned.tuning, tuned.tuning.chosen
    of = f" of {tuning.size}" if tuning.size is not None else ""
    before = f", {tuning.n_resumed} of them before" if tuning.n_resumed else ""
    failed = sum(trial.score is None for trial in tuning.trials)
    yield (
        f"{len(tuning.trials)}{of} settings of {tuning.space.name} tried{before}, {failed} failed"
    )
    yield tuned.note
    yield f"chosen    {_values(chosen.parameters)}"
    yield (
        f"score     {chosen.score:.3f}, standard error {chosen.standard_error:.3f}: "
        f"{tuning.n_folds} folds, protocol {tuning.protocol}, seed {tuning.seed}, n = {tuning.n}; "
        "too high, because it is the best of many"
    )
    if tuned.nested is not None:
        accuracy = tuned.nested.accuracy
        yield (
            f"unbiased  {accuracy.value:.3f} ({accuracy.low:.3f} to {accuracy.high:.3f}): "
            f"tuned again inside every training fold, protocol {tuned.nested.protocol}"
        )
    for what, path in (("recipe", tuned.output), ("report", tuned.report)):
        if path is not None:
            yield f"{what:<9} {path}"
