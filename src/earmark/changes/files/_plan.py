"""Where each file would be linked, copied or moved to, and why others are kept where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from earmark.changes._plan_rows import count_kept
from earmark.changes.files._policy import GenreSource
from earmark.changes.files._transfer import Mode

if TYPE_CHECKING:
    from earmark.files import FileState

__all__ = ["OrganiseAction", "OrganisePlan", "OrganiseRow", "RowKind"]

OrganiseAction = Literal["link", "copy", "move", "keep"]
RowKind = Literal["song", "sidecar"]


@dataclass(frozen=True)
class OrganiseRow:
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
    note : str
        What is to be said besides, as of its genre.
    kind : {"song", "sidecar"}
        Whether it is a song, or a cover or the like that comes along with songs.
    taken_by : str
        What is at that place, or comes there, if that is why; ``""`` otherwise.
    seen : FileState or None
        What the file was when the plan was made; None if it was not there.
    content : str
        What it held then, see `earmark.changes._content`.
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

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Its attributes, except `seen` and `content`.
        """
        return {
            "path": self.path,
            "kind": self.kind,
            "action": self.action,
            "target": self.target,
            "why": self.why,
            "note": self.note,
            "taken_by": self.taken_by or None,
        }


@dataclass(frozen=True)
class OrganisePlan:
    """Where files would come to.

    Attributes
    ----------
    rows : tuple of OrganiseRow
        A row a file.
    into : str
        The folder they come into.
    by : str
        What its folders are named after; ``""`` where there is a template.
    mode : {"link", "copy", "move"}
        How they come there.
    bytes_needed : int
        What copies, and files that are moved from another disk, take.
    bytes_free : int or None
        What the disk has; None if it cannot be asked.
    template : str
        How folders and files are named; ``""`` where `by` says it.
    genre_source : {"predicted", "tag", "tag-or-predicted"}
        Whose word on the genre counted, after the user's own.
    per_album : bool
        Whether the songs of an album got one genre.
    """

    rows: tuple[OrganiseRow, ...]
    into: str
    by: str = "genre/artist"
    mode: Mode = "link"
    bytes_needed: int = 0
    bytes_free: int | None = None
    template: str = ""
    genre_source: GenreSource = "predicted"
    per_album: bool = True

    @property
    def to_place(self) -> tuple[OrganiseRow, ...]:
        """The rows whose files are linked, copied or moved."""
        return tuple(row for row in self.rows if row.action != "keep")

    @property
    def collisions(self) -> tuple[OrganiseRow, ...]:
        """The rows whose files are kept since something else has or gets their place."""
        return tuple(row for row in self.rows if row.taken_by)

    @property
    def kept(self) -> Mapping[str, int]:
        """How many files are kept, by reason, the commonest first."""
        return count_kept(self.rows)

    @property
    def notes(self) -> Mapping[str, int]:
        """How many files that are placed have a note, by what it says before a colon."""
        said = (row.note.split(":")[0] for row in self.to_place if row.note)
        return dict(Counter(said).most_common())

    @property
    def fits(self) -> bool:
        """Whether the disk has what copies take, as far as is known."""
        return self.bytes_free is None or self.bytes_needed <= self.bytes_free

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A plan as the schema ``earmark.organise/2`` defines it.
        """
        return {
            "into": self.into,
            "by": self.by,
            "template": self.template,
            "genre_source": self.genre_source,
            "per_album": self.per_album,
            "mode": self.mode,
            "bytes_needed": self.bytes_needed,
            "bytes_free": self.bytes_free,
            "n_place": len(self.to_place),
            "kept": dict(self.kept),
            "notes": dict(self.notes),
            "rows": [row.to_dict() for row in self.rows],
        }
