"""Where each file would be linked, copied or moved to, and why others are kept where they are."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

from earmark.changes._plan import ChangePlan
from earmark.changes._plan_file import COLUMNS, Column, PlanTable, choice, escaped, meant
from earmark.changes.files._path_names import album_of
from earmark.changes.files._placing import PlaceFile, RowKind
from earmark.changes.files._policy import MODES, GenreSource
from earmark.changes.files._safe_names import alike, parts_of
from earmark.changes.files._transfer import Mode
from earmark.errors import PlanError
from earmark.records import Record

if TYPE_CHECKING:
    from earmark.files import FileState
    from earmark.library import Library
    from earmark.types import PathName

__all__ = ["OrganiseAction", "OrganisePlan", "OrganiseRow"]

OrganiseAction = Literal["link", "copy", "move", "keep"]


@dataclass(frozen=True)
class OrganiseRow(
    Record,
    keys=(
        *("path", "kind", "action", "target", "why", "note"),
        ("taken_by", lambda row: row.taken_by or None),
    ),
):
    """One file of a plan.

    Attributes
    ----------
    path : str
        The file.
    action : {"link", "copy", "move", "keep"}
        What is done with it.
    target : str
        Its place inside the folder, names with ``/`` between them; ``""`` if it has none.
    why : str
        Why it is kept.
    taken_by : str
        The file that has that place, or gets it, if that is why; ``""`` otherwise.
    seen : FileState or None
        Size and time of the file when the plan was made; None if it was not there.
    content : str
        A hash of its audio and tags then, see `earmark.changes._content`.
    note : str
        A remark, as on its genre.
    kind : {"song", "sidecar"}
        Whether it is a song, or goes with songs, as a cover does.
    """

    path: str
    action: OrganiseAction
    target: str = ""
    why: str = ""
    taken_by: str = ""
    seen: FileState | None = None
    content: str = ""
    note: str = ""
    kind: RowKind = "song"


def _check(row: OrganiseRow) -> tuple[str, str] | None:
    if row.action != "keep":
        try:
            parts_of(row.target)
        except ValueError as error:
            return "target", str(error)
    return None


def _unique(row: OrganiseRow) -> dict[str, str]:
    place = {} if row.action == "keep" else {"target": alike(row.target)}
    return {"path": row.path, **place}


_TABLE = PlanTable(
    "earmark.organise-plan/1",
    OrganiseRow,
    {
        "action": Column(str, choice("keep", *MODES), needed=True),
        "target": Column(escaped, meant, needed=True),
        **{name: COLUMNS[name] for name in ("why", "note", "taken_by")},
        "kind": Column(str, choice(*get_args(RowKind))),
        **{name: COLUMNS[name] for name in ("seen", "content", "path")},
    },
    about=("into", "mode"),
    check=_check,
    unique=_unique,
)
_SETTINGS = ("into", "by", "template", "genre_source", "per_album", "mode")
_SPACE = ("bytes_needed", "bytes_free")


@dataclass(frozen=True)
class OrganisePlan(
    ChangePlan[OrganiseRow],
    keys=(
        *(*_SETTINGS, *_SPACE),
        ("n_place", lambda plan: len(plan.to_change)),
        *("kept", "notes", "rows"),
    ),
):
    """Where files would go.

    Attributes
    ----------
    rows : tuple of OrganiseRow
        One row for each file.
    into : str
        The folder they go into.
    by : str
        Levels of its folders; ``""`` where there is a template.
    mode : {"link", "copy", "move"}
        How files get there.
    bytes_needed : int
        Size of all copies, and of files that are moved from another disk.
    bytes_free : int or None
        Free space on the disk; None if it is unknown.
    template : str
        Pattern for folder and file names; ``""`` where `by` gives the folders.
    genre_source : {"predicted", "tag", "tag-or-predicted"}
        Where genres come from, unless the user has corrected them.
    per_album : bool
        Whether the songs of an album got one genre.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     OrganisePlan((), "/music").write(f"{folder}/plan.csv")
    ...     OrganisePlan.read(f"{folder}/plan.csv").into
    '/music'
    """

    operation = PlaceFile
    table: ClassVar = _TABLE

    into: str
    by: str = "genre/artist"
    mode: Mode = "link"
    bytes_needed: int = 0
    bytes_free: int | None = None
    template: str = ""
    genre_source: GenreSource = "predicted"
    per_album: bool = True

    @property
    def collisions(self) -> tuple[OrganiseRow, ...]:
        """The rows whose files are kept because another file has or gets their place."""
        return tuple(row for row in self.rows if row.taken_by)

    @property
    def notes(self) -> Mapping[str, int]:
        """How many files that are placed have a note, by its text before a colon."""
        notes = (row.note.split(":")[0] for row in self.to_change if row.note)
        return dict(Counter(notes).most_common())

    @property
    def fits(self) -> bool:
        """Whether the disk has the space for copies, as far as is known."""
        return self.bytes_free is None or self.bytes_needed <= self.bytes_free

    @property
    def settings(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in ("into", "by", "template", "mode")}

    @property
    def about(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in (*_SETTINGS, *_SPACE)}

    @classmethod
    def from_file(cls, path: PathName, about: Mapping[str, Any], rows: tuple[Any, ...]) -> Self:
        given = {name: about[name] for name in (*_SETTINGS, *_SPACE) if name in about}
        given |= {name: str(given.get(name, "")) for name in ("by", "template")}
        into = given["into"]
        is_folder = isinstance(into, str) and os.path.isabs(into) and "\0" not in into
        wrong = {
            "into": "" if is_folder else "the full path of a folder",
            "mode": "" if given["mode"] in MODES else "a mode",
            **{
                name: "" if isinstance(given.get(name), int | None) else "a number"
                for name in _SPACE
            },
            "genre_source": ""
            if given.get("genre_source", "tag") in get_args(GenreSource)
            else "a source of genres",
            "per_album": "" if isinstance(given.get("per_album", True), bool) else "true or false",
        }
        for name, kind in wrong.items():
            if kind:
                raise PlanError(path, f"line 1, column 2: {name}={given[name]!r} is not {kind}")
        return cls(rows, **given)

    def operations(self, library: Library) -> Sequence[PlaceFile]:
        albums: dict[str, list[PlaceFile]] = {}
        operations = []
        for row in sorted(self.rows, key=lambda row: row.kind == "sidecar"):
            songs = albums.setdefault(album_of(row.path), [])
            if row.action == "keep":
                continue
            operation = PlaceFile(
                library,
                row.path,
                into=self.into,
                place=row.target,
                mode=row.action,
                role=row.kind,
                songs=songs if row.kind == "sidecar" else (),
                seen=row.seen,
                content=row.content,
            )
            if row.kind == "song":
                songs.append(operation)
            operations.append(operation)
        return operations
