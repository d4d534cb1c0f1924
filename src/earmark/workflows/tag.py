"""Write genres into files' tags: plan, apply, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from earmark.arguments import checked
from earmark.changes import ChangeRun, undo_batch
from earmark.changes.tags import (
    TagPlan,
    TagPolicy,
    Threshold,
    WriteGenres,
    make_tag_plan,
    model_threshold,
)
from earmark.errors import ParameterError
from earmark.files import check_target
from earmark.library import Batch, Filters, open_library
from earmark.models import DEFAULT_MODEL, load_model
from earmark.types import PathName, Progress
from earmark.workflows._changing import apply_to_library, names_from, tracks_to_plan

__all__ = ["apply_tags", "list_tag_batches", "plan_tags", "undo_tags"]


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
        Only these tracks; None: all.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    threshold : float or None
        Write only answers with at least this confidence; None: chosen to reach `precision`.
    precision : float
        Share of the answers that should be right, on music by artists the model was not trained on.
    replace : bool
        Whether existing genres are replaced.
    max_genres : int
        Maximum number of genres for a file.
    also : float
        As in `earmark.changes.tags.TagPolicy`.
    names : str, path-like, mapping or None
        Your names for the model's genres, or a file of them, see `earmark.changes.load_names`.
    treat_as_empty : sequence of str
        More genres in tags that count as none, see `earmark.tags.is_empty_genre`; those of
        `filters` count as well.
    output : str, path-like or None
        A file to write the plan to, for `apply_tags`.
    overwrite : bool
        Whether to replace an existing file.
    progress : callable or None
        Called with the number of tracks done, the number in all, and the path of the last one.

    Returns
    -------
    TagPlan
        A row for each track: whether its file would be written, and why not.

    Raises
    ------
    ParameterError
        If a value is out of its range, the names cannot be used, the output exists, or no
        confidence is known to reach `precision`.
    LibraryError, ModelError
        If the library or its model cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_library(f"{folder}/music.db", create=True).close()
    ...     plan_tags(library=f"{folder}/music.db", threshold=0.8).to_change
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
        names=names_from(names),
        treat_as_empty=(*treat_as_empty, *(filters.treat_as_empty if filters else ())),
    )
    with open_library(library) as opened:
        model = load_model(opened.setting("model") or DEFAULT_MODEL)
        if threshold is None:
            least = model_threshold(model.manifest, precision=precision)
        else:
            least = Threshold(threshold)
        tracks = tracks_to_plan(opened, filters)
    plan = make_tag_plan(
        tracks,
        threshold=least,
        policy=policy,
        model=model.name,
        classes=model.classes,
        progress=progress,
    )
    if output is not None:
        plan.write(output, overwrite=overwrite)
    return plan


@checked
def apply_tags(
    plan: TagPlan | PathName,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Write the genres of a plan into the files.

    A copy of each file is changed, checked and renamed over the file, so that at every moment the
    old one or the new one is there, whole. The library records first what undoing needs.

    Parameters
    ----------
    plan : TagPlan, str or path-like
        A plan, or its file, which may have been edited.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    progress : callable or None
        Called with the number of files done, the number in all, and the path of the last one.

    Returns
    -------
    ChangeRun
        The outcome of each file, and the number that `undo_tags` takes.

    Raises
    ------
    PlanError
        If the plan cannot be read or asks for what cannot be done. Nothing was changed then.
    LibraryError
        If the library cannot be used, or another apply or undo is running.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_library(f"{folder}/music.db", create=True).close()
    ...     plan = plan_tags(library=f"{folder}/music.db", threshold=0.8)
    ...     run = apply_tags(plan, library=f"{folder}/music.db")
    ...     run.outcomes, list_tag_batches(library=f"{folder}/music.db")
    ((), [])
    """
    return apply_to_library(TagPlan, plan, library, progress)


@checked
def undo_tags(
    batch: int | None = None,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Write back the genres that files had before a plan was applied.

    Parameters
    ----------
    batch : int or None
        Number of the apply, see `list_tag_batches`; None: the last one that has not been undone.
    library : str, path-like or None
        As in `apply_tags`.
    progress : callable or None
        As in `apply_tags`.

    Returns
    -------
    ChangeRun
        The outcome of each file, where it is now; those whose genres others have changed since are
        skipped.

    Raises
    ------
    ParameterError
        If there is nothing to undo, or no batch of that number.
    LibraryError
        If the library cannot be used, or another apply or undo is running.
    """
    with open_library(library) as opened:
        return undo_batch(opened, WriteGenres, batch, progress=progress)


@checked
def list_tag_batches(*, library: PathName | None = None) -> list[Batch]:
    """List the plans applied so far, and how much of each has been undone.

    Parameters
    ----------
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.

    Returns
    -------
    list of Batch
        The newest first.
    """
    with open_library(library) as opened:
        return opened.journal.batches(WriteGenres.kind)
