r"""A plan as a file that people edit: CSV, for a text editor or a spreadsheet.

The first line says what it is, the second names the columns, each further one is a file. Lines may
be deleted; ``action`` and ``genres`` may be edited. Genres stand beside each other, ``; `` between
them. What would break a line, or is no text, is written as Python writes it: ``\n``, ``\xff``; a
backslash is two, and a semicolon that is part of a genre ``\;``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from earmark.changes._plan_csv import (
    escaped,
    meant,
    read_table,
    seen_text,
    stamp_in,
    write_table,
)
from earmark.changes.tags._plan import PlanRow, TagPlan, Threshold
from earmark.errors import PlanError
from earmark.types import PathName

__all__ = ["PLAN_VERSION", "read_plan", "write_plan"]

PLAN_VERSION = "earmark.tag-plan/1"
"""What the first line of a plan begins with; raised with every change that breaks a reader."""

_COLUMNS = ("action", "genres", "now", "confidence", "why", "seen", "content", "path")
_NEEDED = ("action", "genres", "now", "seen", "path")


def _joined(genres: Iterable[str]) -> str:
    return "; ".join(escaped(genre).replace(";", "\\;") for genre in genres)


def _split(text: str) -> tuple[str, ...]:
    parts = re.split(r"(?<!\\)((?:\\\\)*);", text)
    texts = [a + b for a, b in zip(parts[::2], [*parts[1::2], ""], strict=True)]
    return tuple(meant(part.strip()) for part in texts if part.strip())


def write_plan(path: PathName, plan: TagPlan, *, overwrite: bool = False) -> None:
    """Write a plan for people to edit.

    Parameters
    ----------
    path : str or path-like
        The file.
    plan : TagPlan
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
    ...     write_plan(f"{folder}/plan.csv", TagPlan((), Threshold(0.8)))
    ...     read_plan(f"{folder}/plan.csv").threshold.confidence
    0.8
    """
    about = {
        "model": plan.model,
        "threshold": plan.threshold.confidence,
        "precision": plan.threshold.precision,
        "share": plan.threshold.share,
        "covered": plan.covered,
    }
    write_table(
        path,
        version=PLAN_VERSION,
        about=about,
        columns=_COLUMNS,
        rows=map(_cells, plan.rows),
        overwrite=overwrite,
    )


def _cells(row: PlanRow) -> list[str]:
    sure = "" if row.confidence is None else f"{row.confidence:.3f}"
    genres, now = _joined(row.genres), _joined(row.now)
    file = (seen_text(row.seen), row.content, escaped(row.path))
    return [row.action, genres, now, sure, escaped(row.why), *file]


def read_plan(path: PathName) -> TagPlan:
    """Read a plan, edited or not.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    TagPlan
        The plan.

    Raises
    ------
    PlanError
        If it is no plan, of another version, or says what cannot be done: with line, column and
        value.
    """
    about, lines = read_table(path, version=PLAN_VERSION, told=["threshold"], needed=_NEEDED)
    try:
        confidence = float(about["threshold"])
    except (TypeError, ValueError) as error:
        raise PlanError(path, f"line 1, column 2 is damaged: {error!r}") from error
    rows: list[PlanRow] = []
    known: dict[str, int] = {}
    for number, cells in lines:
        row = _row(path, number, cells)
        first = known.setdefault(row.path, number)
        if first != number:
            raise PlanError(
                path, f"line {number}, column 'path': {row.path!r} is already in line {first}"
            )
        rows.append(row)
    threshold = Threshold(confidence, about.get("precision"), about.get("share"))
    return TagPlan(tuple(rows), threshold, str(about.get("model", "")), about.get("covered"))


def _row(path: PathName, number: int, cells: Mapping[str, str]) -> PlanRow:
    """Read a line, or say what is wrong with it."""

    def refused(column: str, why: str) -> PlanError:
        return PlanError(path, f"line {number}, column {column!r}: {cells[column]!r}: {why}")

    found: dict[str, Any] = {}
    for column in ("genres", "now", "path"):
        try:
            value = cells[column]
            found[column] = meant(value) if column == "path" else _split(value)
        except ValueError as error:
            raise refused(column, str(error)) from error
    action = cells["action"].strip().lower()
    if action not in ("write", "keep"):
        raise refused("action", "must be write or keep")
    if action == "write" and not found["genres"]:
        raise refused("genres", "no genre to write")
    if any("\0" in genre for genre in found["genres"]):
        raise refused("genres", "a genre cannot hold a null character")
    if not os.path.isabs(found["path"]) or "\0" in found["path"]:
        raise refused("path", "not the full path of a file")
    try:
        seen = stamp_in(cells["seen"], needed=action == "write")
    except ValueError as error:
        raise refused("seen", str(error)) from error
    confidence = cells.get("confidence", "").strip()
    try:
        sure = float(confidence) if confidence else None
    except ValueError as error:
        raise refused("confidence", "not a number") from error
    return PlanRow(
        found["path"],
        "write" if action == "write" else "keep",
        found["genres"],
        found["now"],
        sure,
        cells.get("why", ""),
        seen,
        cells.get("content", ""),  # which older plans do not have
    )
