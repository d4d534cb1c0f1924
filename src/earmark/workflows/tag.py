"""Write genres into files' tags: plan, apply, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.arguments import checked
from earmark.changes import (
    PlanRow,
    Run,
    TagPlan,
    TagPolicy,
    Threshold,
    apply_plan,
    model_threshold,
    read_plan,
    undo_batch,
    write_plan,
)
from earmark.changes import plan_tags as plan_rows
from earmark.errors import ParameterError
from earmark.files import check_target
from earmark.library import Batch, Filters, open_library
from earmark.models import DEFAULT_MODEL, load_model
from earmark.types import PathName, Progress
from earmark.workflows._changing import names_of, report_of, wanted_tracks

__all__ = [
    "SCHEMA",
    "Batch",
    "PlanRow",
    "Run",
    "TagPlan",
    "apply_tags",
    "list_tag_batches",
    "plan_tags",
    "report",
    "undo_tags",
]

SCHEMA = "earmark.tag/2"
"""Name and version of what `report` returns; raised with every change that could break a reader."""


@checked
def plan_tags(
    filters: Filters | None = None,
    *,
    library: PathName | None = None,
    threshold: float | None = None,
    precision: float = 0.9,
    replace: bool = False,
    max_genres: int = 1,
    also: float = 0.25,
    names: PathName | Mapping[str, str] | None = None,
    treat_as_empty: Sequence[str] = (),
    output: PathName | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> TagPlan:
    """Plan which genres are written into which files. No file is changed.

    Parameters
    ----------
    filters : Filters or None
        Which tracks; None: all.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    threshold : float or None
        How sure the model must be; None: so sure that it is right as often as `precision` says.
    precision : float
        Share of the answers that should be right, on music of artists the model was not trained on.
    replace : bool
        Whether genres that are there are replaced.
    max_genres : int
        How many genres a file gets at the most.
    also : float
        How probable a second and further genre must be.
    names : str, path-like, mapping or None
        What you call genres: a file, see `earmark.changes.load_names`, or names by the model's.
    treat_as_empty : sequence of str
        More genres in tags that count as none, see `earmark.tags.is_empty_genre`; those of
        `filters` count as well.
    output : str, path-like or None
        Where to write the plan, for `apply_tags`.
    overwrite : bool
        Whether to replace a file that is there.
    progress : callable or None
        Called with the tracks done, their number, and the last one's path.

    Returns
    -------
    TagPlan
        A row for each track, whether its file would be written, and why not.

    Raises
    ------
    ParameterError
        If a value is out of its range, the names cannot be used, the output exists, or nobody knows
        from which confidence on the model is right that often.
    LibraryError
        If the library cannot be used.
    ModelError
        If the library's model cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_library(f"{folder}/music.db", create=True).close()
    ...     plan_tags(library=f"{folder}/music.db", threshold=0.8).to_write
    ()
    """
    for name, value in (("threshold", threshold), ("precision", precision)):
        if value is not None and not 0 <= value <= 1:
            raise ParameterError(f"{name}={value!r} must be from 0 to 1")
    check_target(output, overwrite=overwrite, endings=(".csv",))
    policy = TagPolicy(
        replace=replace,
        max_genres=max_genres,
        also=also,
        names=names_of(names),
        treat_as_empty=(*treat_as_empty, *(filters.treat_as_empty if filters else ())),
    )
    with open_library(library) as opened:
        model = load_model(opened.setting("model") or DEFAULT_MODEL)
        if threshold is None:
            least = model_threshold(model.manifest, precision=precision)
        else:
            least = Threshold(threshold)
        tracks = wanted_tracks(opened, filters)
    plan = plan_rows(
        tracks,
        threshold=least,
        policy=policy,
        model=model.name,
        classes=model.classes,
        progress=progress,
    )
    if output is not None:
        write_plan(output, plan, overwrite=overwrite)
    return plan


@checked
def apply_tags(
    plan: TagPlan | PathName,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> Run:
    """Write the genres of a plan into the files.

    Each file is copied, the copy is changed, looked over and renamed over the file, so that at
    every moment the old one or the new is there, whole. What it said before is in the library
    first.

    Parameters
    ----------
    plan : TagPlan, str or path-like
        A plan, or the file it was written to; that may have been edited.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file, and the number that `undo_tags` takes.

    Raises
    ------
    PlanError
        If the plan cannot be read or says what cannot be done. Nothing was changed then.
    LibraryError
        If the library cannot be used, or another apply or undo is going on.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_library(f"{folder}/music.db", create=True).close()
    ...     plan = plan_tags(library=f"{folder}/music.db", threshold=0.8)
    ...     apply_tags(plan, library=f"{folder}/music.db").outcomes
    ()
    """
    what = plan if isinstance(plan, TagPlan) else read_plan(plan)
    with open_library(library) as opened:
        return apply_plan(opened, what, progress=progress)


@checked
def undo_tags(
    batch: int | None = None,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> Run:
    """Make the genres of files what they were before a plan was applied.

    Parameters
    ----------
    batch : int or None
        Number of what is taken back, see `list_tag_batches`; None: the last that stands.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file, where it is now; those whose genres others have changed since are
        skipped.

    Raises
    ------
    ParameterError
        If there is nothing to take back, or no batch of that number.
    LibraryError
        If the library cannot be used, or another apply or undo is going on.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_library(f"{folder}/music.db", create=True).close()
    ...     undo_tags(library=f"{folder}/music.db")
    Traceback (most recent call last):
    earmark.errors.ParameterError: there is nothing to undo
    """
    with open_library(library) as opened:
        return undo_batch(opened, batch, progress=progress)


@checked
def list_tag_batches(*, library: PathName | None = None) -> list[Batch]:
    """List what was applied to files' tags, and how much of it stands.

    Parameters
    ----------
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.

    Returns
    -------
    list of Batch
        The newest first.

    Raises
    ------
    LibraryError
        If the library cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_library(f"{folder}/music.db", create=True).close()
    ...     list_tag_batches(library=f"{folder}/music.db")
    []
    """
    with open_library(library) as opened:
        return opened.journal.batches("tag")


@checked
def report(result: TagPlan | Run | list[Batch]) -> dict[str, Any]:
    """Return a plan, a run or a list of batches as the schema ``earmark.tag/2`` defines them.

    Parameters
    ----------
    result : TagPlan, Run or list of Batch
        What one of the functions here returned.

    Returns
    -------
    dict
        What JSON can hold; its schema is ``earmark/schemas/tag-2.json``.

    Examples
    --------
    >>> report([])
    {'schema': 'earmark.tag/2', 'batches': []}
    """
    return report_of(SCHEMA, result)
