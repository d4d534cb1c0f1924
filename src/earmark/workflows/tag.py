"""Plan which genres are written into files' tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from earmark.arguments import checked
from earmark.changes.tags import (
    TagPlan,
    TagPolicy,
    Threshold,
    make_tag_plan,
    model_threshold,
)
from earmark.errors import ParameterError
from earmark.files import check_target
from earmark.library import Filters, Library
from earmark.models import DEFAULT_MODEL, Model
from earmark.types import PathName, Progress
from earmark.workflows._changing import names_from, planning_job, tracks_to_plan, written
from earmark.workflows.session import default_session, opened_library

__all__ = ["plan_tags"]


@checked
def plan_tags(
    filters: Filters | None = None,
    *,
    library: Library | PathName | None = None,
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
    library : Library, str, path-like or None
        The library or its file, see `earmark.library.library_path`.
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
        Genres in tags that count as none, besides those of `filters`.
    output : str, path-like or None
        A file to write the plan to, for `earmark.workflows.changes.apply_changes`.
    overwrite : bool
        Whether to replace an existing file.
    progress : callable, Job or None
        Called with the number of tracks done, the number in all, and the path of the last one.

    Returns
    -------
    TagPlan
        A row for each track: whether its file would be written, and why not.

    Raises
    ------
    ParameterError, LibraryError, ModelError
        If a value, the names, the library or its model cannot be used, the output exists, or no
        confidence is known to reach `precision`.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/music.db", create=True) as library:
    ...         plan_tags(library=library, threshold=0.8).to_change
    ()
    """
    _check_shares(threshold=threshold, precision=precision)
    check_target(output, overwrite=overwrite, endings=(".csv",))
    empty = (*treat_as_empty, *(filters.treat_as_empty if filters else ()))
    policy = TagPolicy(replace, max_genres, also, names_from(names), empty)
    with opened_library(library, progress=progress) as opened:
        model = default_session().model(opened.setting("model") or DEFAULT_MODEL)
        tracks = tracks_to_plan(opened, filters)
    plan = make_tag_plan(
        tracks,
        threshold=_threshold(model, threshold, precision),
        policy=policy,
        model=model.name,
        classes=model.classes,
        progress=planning_job(progress),
    )
    return written(plan, output, overwrite=overwrite)


def _check_shares(**shares: float | None) -> None:
    for name, value in shares.items():
        if value is not None and not 0 <= value <= 1:
            raise ParameterError(f"{name}={value!r} must be from 0 to 1")


def _threshold(model: Model, threshold: float | None, precision: float) -> Threshold:
    """Return the user's threshold, or else the one that reaches a precision."""
    if threshold is None:
        return model_threshold(model.manifest, precision=precision)
    return Threshold(threshold)
