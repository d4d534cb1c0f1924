"""What the plans of tags and of files have in common: which tracks, and whose names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from earmark.changes import load_names
from earmark.changes.files import OrganisePlan
from earmark.changes.tags import TagPlan
from earmark.library import Filters, Library, LibraryTrack, check_genre
from earmark.types import PathName, Progress
from earmark.workflows.jobs import Job

__all__ = ["names_from", "planning_job", "tracks_to_plan", "written"]

Plan = TypeVar("Plan", TagPlan, OrganisePlan)


def names_from(names: PathName | Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the user's names for genres, whether given as such or in a file."""
    if isinstance(names, Mapping):
        return names
    return {} if names is None else load_names(names)


def planning_job(progress: Progress | None) -> Job[Any]:
    """Return a job of one phase, in which a plan is made."""
    job: Job[Any] = Job.of(progress, "plan")
    job.phase("plan")
    return job


def tracks_to_plan(library: Library, filters: Filters | None) -> list[LibraryTrack]:
    """Return the tracks that match, and unless they are left out those that cannot be changed."""
    wanted, default = filters or Filters(), Filters()
    check_genre(library, wanted.genre)
    if (wanted.missing, wanted.state) == (default.missing, default.state):
        wanted = replace(wanted, missing=None, state=None)
    return library.tracks(wanted)


def written(plan: Plan, output: PathName | None, *, overwrite: bool) -> Plan:
    """Write a plan to a file, if there is one, and return it."""
    if output is not None:
        plan.write(output, overwrite=overwrite)
    return plan
