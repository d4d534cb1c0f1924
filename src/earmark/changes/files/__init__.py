"""Link, copy or move files into folders."""

from earmark.changes.files._placing import PlaceFile
from earmark.changes.files._plan import OrganisePlan, OrganiseRow
from earmark.changes.files._planning import make_organise_plan
from earmark.changes.files._policy import MODES, GenreSource, OrganisePolicy
from earmark.changes.files._record import moved_from
from earmark.changes.files._transfer import Mode

__all__ = [
    "MODES",
    "GenreSource",
    "Mode",
    "OrganisePlan",
    "OrganisePolicy",
    "OrganiseRow",
    "PlaceFile",
    "make_organise_plan",
    "moved_from",
]
