"""Bring files into folders by genre, artist and so on: plan, apply, undo."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from earmark.arguments import checked
from earmark.changes import (
    GenreSource,
    OrganisePlan,
    OrganisePolicy,
    OrganiseRow,
    Run,
    moved_from,
    read_organise_plan,
    write_organise_plan,
)
from earmark.changes import apply_organise as apply_rows
from earmark.changes import plan_organise as plan_rows
from earmark.changes import undo_organise as undo_rows
from earmark.changes.files._transfer import Mode
from earmark.files import check_target
from earmark.library import Batch, Filters, open_library
from earmark.types import PathName, Progress
from earmark.workflows._changing import names_of, report_of, wanted_tracks

__all__ = [
    "SCHEMA",
    "Batch",
    "OrganisePlan",
    "OrganiseRow",
    "Run",
    "apply_organise",
    "list_organise_batches",
    "plan_organise",
    "report",
    "undo_organise",
]

SCHEMA = "earmark.organise/2"
"""Name and version of what `report` returns; raised with every change that could break a reader."""


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
        Which tracks; None: all.
    into : str or path-like
        The folder they come into; it need not be there.
    by : str
        What its folders are named after, the outer first: some of ``genre``, ``artist``,
        ``albumartist``, ``album``, ``year`` and ``decade`` with ``/`` between them. Files keep
        their names.
    template : str or None
        Instead of `by`: how folders and files are named, such as
        ``"{genre}/{albumartist}/{year} {album}/{disc}-{track:02} {title}"``. The fields are those
        of `by`, ``composer``, ``title``, ``track``, ``disc``, ``filename`` and ``extension``. The
        ending of a file is always kept.
    mode : {"link", "copy", "move"}
        How they come there. A link is a symbolic one to the absolute path of the file.
    genre_source : {"predicted", "tag", "tag-or-predicted"}
        Whose word on the genre counts, after your own: the model's, that of the tags, or that of
        the tags and, where they name none, the model's.
    per_album : bool
        Whether the songs of an album that is in one folder get one genre, by vote.
    sidecars : bool
        Whether covers, lyrics, cue sheets, logs and booklets come along with their songs.
    keep_unsure : bool
        Whether tracks whose genre is unsure or that are silent are kept where they are; else they
        come into a folder ``Unsure``.
    names : str, path-like, mapping or None
        What you call genres: a file, see `earmark.changes.load_names`, or names by the model's.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    output : str, path-like or None
        Where to write the plan, for `apply_organise`.
    overwrite : bool
        Whether to replace a file that is there.
    progress : callable or None
        Called with the tracks done, their number, and the last one's path.

    Returns
    -------
    OrganisePlan
        A row for each file, where it would come to, and why it is kept if it is; then one for
        each file that comes along. Several tracks of one file are one row.

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
    ...     plan_organise(into=f"{folder}/by genre", library=f"{folder}/music.db").to_place
    ()
    """
    check_target(output, overwrite=overwrite, endings=(".csv",))
    policy = OrganisePolicy(
        os.fspath(into),
        by,
        mode,
        keep_unsure,
        names_of(names),
        template=template or "",
        genre_source=genre_source,
        per_album=per_album,
        sidecars=sidecars,
        treat_as_empty=filters.treat_as_empty if filters else (),
    )
    with open_library(library) as opened:
        tracks = wanted_tracks(opened, filters)
        among = tracks if filters is None else wanted_tracks(opened, None)
        policy = replace(policy, roots=tuple(opened.scanned.roots()))
        origins = moved_from(opened)
    plan = plan_rows(tracks, policy=policy, among=among, origins=origins, progress=progress)
    if output is not None:
        write_organise_plan(output, plan, overwrite=overwrite)
    return plan


@checked
def apply_organise(
    plan: OrganisePlan | PathName,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> Run:
    """Link, copy or move files to the places a plan says.

    Nothing is ever overwritten, and nothing is written outside of the plan's folder. What is done
    is in the library first; where files were moved, it knows them at their new places, and later
    scans look there.

    Parameters
    ----------
    plan : OrganisePlan, str or path-like
        A plan, or the file it was written to; that may have been edited.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file, and the number that `undo_organise` takes.

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
    ...     plan = plan_organise(into=f"{folder}/by genre", library=f"{folder}/music.db")
    ...     apply_organise(plan, library=f"{folder}/music.db").outcomes
    ()
    """
    what = plan if isinstance(plan, OrganisePlan) else read_organise_plan(plan)
    with open_library(library) as opened:
        return apply_rows(opened, what, progress=progress)


@checked
def undo_organise(
    batch: int | None = None,
    *,
    library: PathName | None = None,
    progress: Progress | None = None,
) -> Run:
    """Remove the links and copies that were made, and bring back what was moved.

    Parameters
    ----------
    batch : int or None
        Number of what is taken back, see `list_organise_batches`; None: the last that stands.
    library : str, path-like or None
        The library's file, see `earmark.library.library_path`.
    progress : callable or None
        Called with the files done, their number, and the last one's path.

    Returns
    -------
    Run
        What came of each file; those that others have changed since are skipped.

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
    ...     undo_organise(library=f"{folder}/music.db")
    Traceback (most recent call last):
    earmark.errors.ParameterError: there is nothing to undo
    """
    with open_library(library) as opened:
        return undo_rows(opened, batch, progress=progress)


@checked
def list_organise_batches(*, library: PathName | None = None) -> list[Batch]:
    """List what was linked, copied or moved, and how much of it stands.

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
    ...     list_organise_batches(library=f"{folder}/music.db")
    []
    """
    with open_library(library) as opened:
        return opened.journal.batches("organise")


@checked
def report(result: OrganisePlan | Run | list[Batch]) -> dict[str, Any]:
    """Return a plan, a run or a list of batches as ``earmark.organise/2`` defines them.

    Parameters
    ----------
    result : OrganisePlan, Run or list of Batch
        What one of the functions here returned.

    Returns
    -------
    dict
        What JSON can hold; its schema is ``earmark/schemas/organise-2.json``.

    Examples
    --------
    >>> report([])
    {'schema': 'earmark.organise/2', 'batches': []}
    """
    return report_of(SCHEMA, result)
