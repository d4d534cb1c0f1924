"""What `tag` and `organise` have in common besides `earmark.changes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earmark.changes import OrganisePlan, Run, TagPlan, load_names
from earmark.library import Batch, Filters, Library, LibraryTrack, check_genre
from earmark.types import PathName

__all__ = ["names_of", "report_of", "wanted_tracks"]


def names_of(names: PathName | Mapping[str, str] | None) -> Mapping[str, str]:
    """Return what the user calls genres, be it given as such or in a file."""
    if isinstance(names, Mapping):
        return names
    return {} if names is None else load_names(names)


def wanted_tracks(library: Library, filters: Filters | None) -> list[LibraryTrack]:
    """Return the tracks of a plan: those asked for, else all, those that are gone included."""
    if filters is not None:
        check_genre(library, filters.genre)
    return library.tracks(filters or Filters(missing=None, state=None))


def report_of(schema: str, result: TagPlan | OrganisePlan | Run | list[Batch]) -> dict[str, Any]:
    """Return a plan, a run or a list of batches as a schema defines them."""
    if isinstance(result, list):
        return {"schema": schema, "batches": [batch.to_dict() for batch in result]}
    return {"schema": schema, "run" if isinstance(result, Run) else "plan": result.to_dict()}
