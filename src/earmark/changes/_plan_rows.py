"""What rows of plans have in common: one for each file that the library knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from earmark.wording import UNSURE_WORDS

if TYPE_CHECKING:
    from earmark.library import LibraryTrack
    from earmark.types import Progress

__all__ = ["count_kept", "rows_of"]


class _Row(Protocol):
    @property
    def action(self) -> str: ...

    @property
    def why(self) -> str: ...


Row = TypeVar("Row")


def rows_of(
    tracks: Sequence[LibraryTrack],
    make: Callable[[LibraryTrack], Row],
    progress: Progress | None,
) -> tuple[Row, ...]:
    """Make a row for each path; of tracks that are gone from where another is, none."""
    by_path: dict[str, LibraryTrack] = {}
    for track in tracks:
        if by_path.setdefault(track.path, track).missing:
            by_path[track.path] = track
    rows = []
    for done, track in enumerate(by_path.values(), start=1):
        rows.append(make(track))
        if progress is not None:
            progress(done, len(by_path), track.path)
    return tuple(rows)


def count_kept(rows: Iterable[_Row]) -> Mapping[str, int]:
    """Count the files that are kept, by reason, the commonest first.

    Undecided answers are one reason, whichever genres they are between.
    """
    undecided = UNSURE_WORDS["undecided"]
    kept = (row.why for row in rows if row.action == "keep")
    reasons = (undecided if why.startswith(f"{undecided}:") else why for why in kept)
    return dict(Counter(reasons).most_common())
