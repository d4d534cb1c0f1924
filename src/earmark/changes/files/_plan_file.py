"""A plan of where files come to as a file that people edit.

As with tags, lines may be deleted, and ``action`` and ``target`` edited. A target is looked over
again when it is read: it has to stay inside the folder, and to be safe on every system.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, get_args

from earmark.changes._plan_csv import (
    escaped,
    meant,
    read_table,
    seen_text,
    stamp_in,
    write_table,
)
from earmark.changes.files._plan import OrganiseAction, OrganisePlan, OrganiseRow, RowKind
from earmark.changes.files._policy import MODES, GenreSource
from earmark.changes.files._safe_names import alike, parts_of
from earmark.errors import PlanError
from earmark.types import PathName

__all__ = ["ORGANISE_PLAN_VERSION", "read_organise_plan", "write_organise_plan"]

ORGANISE_PLAN_VERSION = "earmark.organise-plan/1"
"""What the first line of a plan begins with; raised with every change that breaks a reader."""

_COLUMNS = (*("action", "target", "why", "note", "taken_by", "kind", "seen", "content", "path"),)
_NEEDED = ("action", "target", "seen", "path")
_KINDS: Mapping[str, RowKind] = {"song": "song", "sidecar": "sidecar"}
_ACTIONS: Mapping[str, OrganiseAction] = {"keep": "keep", **{mode: mode for mode in MODES}}


def write_organise_plan(path: PathName, plan: OrganisePlan, *, overwrite: bool = False) -> None:
    """Write a plan for people to edit.

    Parameters
    ----------
    path : str or path-like
        The file.
    plan : OrganisePlan
        What is written.
    overwrite : bool
        Whether to replace a file that is there.

    Raises
    ------
    ParameterError
        If the file is there.
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_organise_plan(f"{folder}/plan.csv", OrganisePlan((), "/music"))
    ...     read_organise_plan(f"{folder}/plan.csv").into
    '/music'
    """
    about = {
        "into": plan.into,
        "by": plan.by,
        "template": plan.template,
        "genre_source": plan.genre_source,
        "per_album": plan.per_album,
        "mode": plan.mode,
        "bytes_needed": plan.bytes_needed,
        "bytes_free": plan.bytes_free,
    }
    rows = (
        [
            *(row.action, escaped(row.target), escaped(row.why), escaped(row.note)),
            *(escaped(row.taken_by), row.kind, seen_text(row.seen), row.content),
            escaped(row.path),
        ]
        for row in plan.rows
    )
    write_table(
        path,
        version=ORGANISE_PLAN_VERSION,
        about=about,
        columns=_COLUMNS,
        rows=rows,
        overwrite=overwrite,
    )


def read_organise_plan(path: PathName) -> OrganisePlan:
    """Read a plan, edited or not.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    OrganisePlan
        The plan.

    Raises
    ------
    PlanError
        If it is no plan, of another version, or says what cannot be done: with line, column and
        value.
    """
    about, lines = read_table(
        path, version=ORGANISE_PLAN_VERSION, told=["into", "mode"], needed=_NEEDED
    )
    _check_about(path, about)
    rows: list[OrganiseRow] = []
    known: dict[tuple[str, str], int] = {}
    for number, cells in lines:
        row = _row(path, number, cells)
        keys = [("path", row.path)]
        if row.action != "keep":
            keys.append(("target", alike(row.target)))
        for column, value in keys:
            first = known.setdefault((column, value), number)
            if first != number:
                raise PlanError(
                    path,
                    f"line {number}, column {column!r}: {getattr(row, column)!r} is already in "
                    f"line {first}, or a name that some systems take for the same",
                )
        rows.append(row)
    return OrganisePlan(
        tuple(rows),
        about["into"],
        str(about.get("by", "")),
        about["mode"],
        about.get("bytes_needed", 0),
        about.get("bytes_free"),
        template=str(about.get("template", "")),
        genre_source=about.get("genre_source", "predicted"),
        per_album=about.get("per_album", True),
    )


def _check_about(path: PathName, about: Mapping[str, Any]) -> None:
    into = about.get("into")
    if not isinstance(into, str) or not os.path.isabs(into) or "\0" in into:
        raise PlanError(path, f"line 1, column 2: into={into!r} is not the full path of a folder")
    if about.get("mode") not in MODES:
        raise PlanError(path, f"line 1, column 2: mode={about.get('mode')!r} is not a mode")
    for name in ("bytes_needed", "bytes_free"):
        if not isinstance(about.get(name), int | None):
            raise PlanError(path, f"line 1, column 2: {name}={about[name]!r} is not a number")
    source, per_album = about.get("genre_source", "predicted"), about.get("per_album", True)
    if source not in get_args(GenreSource):
        raise PlanError(
            path, f"line 1, column 2: genre_source={source!r} is not a source of genres"
        )
    if not isinstance(per_album, bool):
        raise PlanError(path, f"line 1, column 2: per_album={per_album!r} is not true or false")


def _row(path: PathName, number: int, cells: Mapping[str, str]) -> OrganiseRow:
    """Read a line, or say what is wrong with it."""
    column = "action"
    try:
        action = _ACTIONS.get(cells["action"].strip().lower())
        if action is None:
            raise ValueError(f"not one of {', '.join(_ACTIONS)}")
        column = "target"
        target = meant(cells["target"])
        if action != "keep":
            parts_of(target)
        column = "kind"
        kind = _KINDS.get(cells.get("kind", "song").strip().lower())
        if kind is None:
            raise ValueError(f"not one of {', '.join(_KINDS)}")
        column = "seen"
        seen = stamp_in(cells["seen"], needed=action != "keep")
        column = "path"
        name = meant(cells["path"])
        if not os.path.isabs(name) or "\0" in name:
            raise ValueError("not the full path of a file")
    except ValueError as error:
        value = cells[column]
        raise PlanError(path, f"line {number}, column {column!r}: {value!r}: {error}") from error
    why, taken_by, note = (_told(cells.get(name, "")) for name in ("why", "taken_by", "note"))
    content = cells.get("content", "")  # which older plans do not have
    return OrganiseRow(name, action, target, why, taken_by, seen, content, note, kind)


def _told(text: str) -> str:
    """Return what is only there to be read, whatever was made of it."""
    try:
        return meant(text)
    except ValueError:
        return text
