"""Plan how files are sorted into folders by genre, artist and so on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from earmark.arguments import checked
from earmark.changes.files import (
    GenreSource,
    Mode,
    OrganisePlan,
    OrganisePolicy,
    make_organise_plan,
    moved_from,
)
from earmark.files import check_target
from earmark.library import Filters, Library
from earmark.types import PathName, Progress
from earmark.workflows._changing import names_from, planning_job, tracks_to_plan, written
from earmark.workflows.session import opened_library

__all__ = ["plan_organise"]


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
    library: Library | PathName | None = None,
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
    library : Library, str, path-like or None
        The library or its file, see `earmark.library.library_path`.
    output : str, path-like or None
        A file to write the plan to, for `earmark.workflows.changes.apply_changes`.
    overwrite : bool
        Whether to replace an existing file.
    progress : callable, Job or None
        Called with the number of files done, the number in all, and the path of the last one.

    Returns
    -------
    OrganisePlan
        A row for each file (its new place, or why it stays), then one for each cover and the like.

    Raises
    ------
    ParameterError, LibraryError
        If a value or the library cannot be used, or the output exists.

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
    job = planning_job(progress)
    with opened_library(library, progress=progress) as opened:
        tracks = tracks_to_plan(opened, filters)
        among = None if filters is None else tracks_to_plan(opened, None)
        policy = replace(policy, roots=tuple(opened.scanned.roots()))
        moved = moved_from(opened)
    plan = make_organise_plan(tracks, policy=policy, among=among, origins=moved, progress=job)
    return written(plan, output, overwrite=overwrite)
