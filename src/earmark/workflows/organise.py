"""Sort files into folders by genre, artist and so on: plan, apply, undo."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from earmark.arguments import checked
from earmark.changes import ChangeRun, undo_batch
from earmark.changes.files import (
    GenreSource,
    Mode,
    OrganisePlan,
    OrganisePolicy,
    PlaceFile,
    make_organise_plan,
    moved_from,
)
from earmark.files import check_target
from earmark.library import Batch, Filters, open_library
from earmark.types import PathName, Progress
from earmark.workflows._changing import apply_to_library, names_from, tracks_to_plan

__all__ = ["apply_organise", "list_organise_batches", "plan_organise", "undo_organise"]


@checked
def plan_organise(
    filters: Filters | None = None,
    *,
    into: PathName,
    by: str = "genre/artist",
    template: str | None = None,
    mode: Mode = "link",
    genre_source: GenreSource = "predicted",
    per_album: bool = True,
    sidecars: bool = True,
    keep_unsure: bool = False,
    names: PathName | Mapping[str, str] | None = None,
    library: PathName | None = None,
    output: PathName | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> OrganisePlan:
    """Plan where files are linked, copied or moved to. No file is changed.

    Parameters
    ----------
    filters : Filters or None
        Only these tracks; None: all.
    into : str or path-like
        The folder the files go into; it need not exist.
    by, template, mode, genre_source : str or None
        As in `earmark.changes.files.OrganisePolicy`.
    per_album, sidecars, keep_unsure : bool
        As in `earmark.changes.files.OrganisePolicy`.
    names : str, path-like, mapping or None
        Your names for the model's genres, or a file of them, see `earmark.changes.load_names`.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    output : str, path-like or None
        A file to write the plan to, for `apply_organise`.
    overwrite : bool
        Whether to replace an existing file.
    progress : callable or None
        Called with the number of files done, the number in all, and the path of the last one.

    Returns
    -------
    OrganisePlan
        A row for each file: its new place, or why it stays; then one for each cover and the like
        that goes with songs. Several tracks in one file are one row.

    Raises
    ------
    ParameterError
        If a value cannot be used, or the output exists.
    LibraryError
        If the library cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_library(f"{folder}/music.db", create=True).close()
    ...     plan_organise(into=f"{folder}/by genre", library=f"{folder}/music.db").to_change
    ()
    """
    check_target(output, overwrite=overwrite, endings=(".csv",))
    policy = OrganisePolicy(
        os.fspath(into),
        by,
        mode,
        keep_unsure,
        names_from(names),
        template=template or "",
        genre_source=genre_source,
        per_album=per_album,
        sidecars=sidecars,
        treat_as_empty=filters.treat_as_empty if filters else (),
    )
    with open_library(library) as opened:
        tracks = tracks_to_plan(opened, filters)
        among = tracks if filters is None else tracks_to_plan(opened, None)
        policy = replace(policy, roots=tuple(opened.scanned.roots()))
        origins = moved_from(opened)
    plan = make_organise_plan(
        tracks, policy=policy, among=among, origins=origins, progress=progress
    )
    if output is not None:
        plan.write(output, overwrite=overwrite)
    return plan


@checked
def apply_organise(
    plan: OrganisePlan | PathName,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Link, copy or move files to the places in a plan.

    Nothing is ever overwritten, and nothing is written outside of the plan's folder. The library
    records first what undoing needs; it knows files that were moved at their new places, and later
    scans look there.

    Parameters
    ----------
    plan : OrganisePlan, str or path-like
        A plan, or its file, which may have been edited.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    progress : callable or None
        Called with the number of files done, the number in all, and the path of the last one.

    Returns
    -------
    ChangeRun
        The outcome of each file, and the number that `undo_organise` takes.

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
    ...     plan = plan_organise(into=f"{folder}/by genre", library=f"{folder}/music.db")
    ...     apply_organise(plan, library=f"{folder}/music.db").outcomes
    ()
    """
    return apply_to_library(OrganisePlan, plan, library, progress)


@checked
def undo_organise(
    batch: int | None = None,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> ChangeRun:
    """Remove the links and copies that were made, and bring back what was moved.

    Parameters
    ----------
    batch : int or None
        Number of the apply, see `list_organise_batches`; None: the last one not yet undone.
    library : str, path-like or None
        As in `apply_organise`.
    progress : callable or None
        As in `apply_organise`.

    Returns
    -------
    ChangeRun
        The outcome of each file; those that others have changed since are skipped.

    Raises
    ------
    ParameterError
        If there is nothing to undo, or no batch of that number.
    LibraryError
        If the library cannot be used, or another apply or undo is running.
    """
    with open_library(library) as opened:
        return undo_batch(opened, PlaceFile, batch, progress=progress)


@checked
def list_organise_batches(*, library: PathName | None = None) -> list[Batch]:
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
        return opened.journal.batches(PlaceFile.kind)
