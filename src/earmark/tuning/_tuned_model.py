"""A search on a dataset: which rows it saw, what was chosen, and the recipe of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from earmark.arguments import checked
from earmark.datasets import Rows
from earmark.errors import ParameterError
from earmark.models.recipe import Recipe, render_recipe
from earmark.records import Record, package_version
from earmark.tuning._nested import NestedTuning
from earmark.tuning._result import Tuning
from earmark.wording import counted

__all__ = [
    "ROWS",
    "TUNING_SCHEMA",
    "TunedModel",
    "recipe_file",
    "rows_to_choose_by",
    "tuned_recipe",
]

TUNING_SCHEMA = "earmark.tuning/1"
"""Schema of what `TunedModel.to_dict` returns."""

ROWS = ("train", "all")
"""What to choose by: the training part of a published split, or every row."""

AnyRows = TypeVar("AnyRows", bound=Rows)


def _dataset(tuned: TunedModel) -> dict[str, Any]:
    names = ("rows", "n", "n_left_out", "note", "feature_set", "provenance")
    values = {**vars(tuned), "n": tuned.tuning.n}
    return {"name": tuned.dataset, **{name: values[name] for name in names}}


@dataclass(frozen=True)
class TunedModel(
    Record,
    schema=TUNING_SCHEMA,
    keys=(
        ("earmark", package_version),
        ("dataset", _dataset),
        *("*tuning", "nested"),
        ("recipe", lambda tuned: {"name": tuned.recipe.name, **tuned.recipe.to_dict()}),
        *("output", "report"),
    ),
):
    """A search on a dataset, and what was written.

    Attributes
    ----------
    dataset : str
        Name of the corpus.
    rows : str
        ``train`` or ``all``.
    n_left_out : int
        Rows of the dataset that took no part.
    note : str
        Which rows those are, in words.
    feature_set : str
        Of the table.
    provenance : dict of str to str
        Of the table.
    tuning : Tuning
        The search.
    nested : NestedTuning or None
        The unbiased score, or None.
    recipe : Recipe
        What was chosen.
    output, report : str or None
        Where the recipe and the page were written.
    """

    dataset: str
    rows: str
    n_left_out: int
    note: str
    feature_set: str
    provenance: dict[str, str]
    tuning: Tuning
    nested: NestedTuning | None
    recipe: Recipe
    output: str | None
    report: str | None


@checked
def rows_to_choose_by(table: AnyRows, *, rows: str = "train") -> tuple[AnyRows, str]:
    """Select the rows that parameters may be chosen by.

    Parameters
    ----------
    table : FeatureTable
        All rows.
    rows : {"train", "all"}
        ``train``: the parts train and valid of the published split ``"official"``, or all rows
        where there is none. ``all``: every row.

    Returns
    -------
    table : FeatureTable
        Those rows.
    note : str
        Which they are, in words.

    Raises
    ------
    ParameterError
        If `rows` is something else.

    Examples
    --------
    >>> table = Rows(
    ...     ids=np.array(["a", "b"]), labels=np.array(["x", "y"]),
    ...     partitions={"official": np.array(["train", "test"])},
    ... )
    >>> rows_to_choose_by(table)[1]
    'chosen by 1 row of the official split for training and validation; 1 test row was not used'
    """
    if rows not in ROWS:
        raise ParameterError(f"rows={rows!r} is not one of {', '.join(ROWS)}")
    part = table.partitions.get("official")
    if part is None or not np.isin(part, ["train", "valid"]).any():
        return table, f"chosen by all {len(table)} rows: the dataset has no official split"
    n_test = int((part == "test").sum())
    if rows == "all":
        return table, (
            f"chosen by all {len(table)} rows, including {counted(n_test, 'test row')} of the "
            "official split: scores on those are no longer unbiased"
        )
    chosen = table.select(np.isin(part, ["train", "valid"]))
    return chosen, (
        f"chosen by {counted(len(chosen), 'row')} of the official split for training and "
        f"validation; {counted(n_test, 'test row was', 'test rows were')} not used"
    )


def recipe_file(model: TunedModel) -> str:
    """Write the recipe that was chosen as TOML, with a comment on how it was.

    Parameters
    ----------
    model : TunedModel
        The search.

    Returns
    -------
    str
        Content of a recipe file.
    """
    tuning = model.tuning
    chosen = tuning.chosen
    of = f"of {tuning.size} " if tuning.size is not None else ""
    lines = [
        f"Chosen by earmark tune: {tuning.search} search of {tuning.space.name!r}, "
        f"{len(tuning.trials)} {of}trials, rule {tuning.rule},",
        f"{tuning.n_folds} folds of protocol {tuning.protocol}, seed {tuning.seed};",
        f"{model.note}.",
        f"Score there {chosen.score:.4f} (standard error {chosen.standard_error:.4f}): too high, "
        "because it was chosen for being high.",
    ]
    if model.nested is not None:
        found = model.nested.accuracy
        lines.append(
            f"Tuned again inside every training fold ({model.nested.protocol}): "
            f"{found.value:.4f} ({found.low:.4f} to {found.high:.4f})."
        )
    return render_recipe(model.recipe, comment="\n".join(lines))


def tuned_recipe(tuning: Tuning, note: str) -> Recipe:
    """Name and describe the recipe that a search has chosen.

    Parameters
    ----------
    tuning : Tuning
        The search.
    note : str
        Which rows it saw.

    Returns
    -------
    Recipe
        The recipe with the parameters that were chosen.
    """
    return replace(
        tuning.recipe,
        name=f"{tuning.base.name}-tuned",
        description=f"{tuning.base.name}, tuned by earmark tune; {note}",
        corpus="",
    )
