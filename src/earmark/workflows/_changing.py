"""What `tag` and `organise` have in common: which tracks, whose names, apply, undo and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from earmark.changes import ChangeRun, apply_plan, load_names
from earmark.changes.files import OrganisePlan
from earmark.changes.tags import TagPlan
from earmark.library import Filters, Library, LibraryTrack, check_genre, open_library
from earmark.types import PathName, Progress

__all__ = ["apply_to_library", "names_from", "tracks_to_plan"]

Plan = TypeVar("Plan", TagPlan, OrganisePlan)


def names_from(names: PathName | Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the user's names for genres, whether given as such or in a file."""
    if isinstance(names, Mapping):
        return names
    return {} if names is None else load_names(names)


def tracks_to_plan(library: Library, filters: Filters | None) -> list[LibraryTrack]:
    """Return the tracks that match; without filters all, also those whose files are gone."""
    if filters is not None:
        check_genre(library, filters.genre)
    return library.tracks(filters or Filters(missing=None, state=None))


def apply_to_library(
    kind: type[Plan],
    plan: Plan | PathName,
    library: PathName | None,
    progress: Progress | None,
) -> ChangeRun:
    """Apply a plan, or the one in a file, which is read before the library is opened."""
    what = plan if isinstance(plan, TagPlan | OrganisePlan) else kind.read(plan)
    with open_library(library) as opened:
        return apply_plan(opened, what, progress=progress)
