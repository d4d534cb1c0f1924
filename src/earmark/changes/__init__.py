"""Changes to a user's files: planned and shown first, made safely, and taken back.

What is shared by all kinds of changes: `replace_safely` for one file, `exclusive` for a library,
and the library's journal, which holds what is needed to take a change back from before it is made.
"""

from earmark.changes._genre_names import load_names, usual_name
from earmark.changes._lock import exclusive
from earmark.changes._outcomes import Outcome, Run
from earmark.changes._replace import discard_copy, refusal, replace_safely
from earmark.changes.files._placing import apply_organise, undo_organise
from earmark.changes.files._plan import OrganisePlan, OrganiseRow
from earmark.changes.files._plan_file import (
    ORGANISE_PLAN_VERSION,
    read_organise_plan,
    write_organise_plan,
)
from earmark.changes.files._planning import plan_organise
from earmark.changes.files._policy import MODES, GenreSource, OrganisePolicy
from earmark.changes.files._record import moved_from
from earmark.changes.files._safe_names import alike, is_safe_name, safe_name
from earmark.changes.files._template import FIELDS, PARTS, Template
from earmark.changes.tags._plan import (
    PlanRow,
    TagPlan,
    TagPolicy,
    Threshold,
    model_threshold,
    plan_tags,
)
from earmark.changes.tags._plan_file import PLAN_VERSION, read_plan, write_plan
from earmark.changes.tags._writing import apply_plan, undo_batch

__all__ = [
    "FIELDS",
    "MODES",
    "ORGANISE_PLAN_VERSION",
    "PARTS",
    "PLAN_VERSION",
    "GenreSource",
    "OrganisePlan",
    "OrganisePolicy",
    "OrganiseRow",
    "Outcome",
    "PlanRow",
    "Run",
    "TagPlan",
    "TagPolicy",
    "Template",
    "Threshold",
    "alike",
    "apply_organise",
    "apply_plan",
    "discard_copy",
    "exclusive",
    "is_safe_name",
    "load_names",
    "model_threshold",
    "moved_from",
    "plan_organise",
    "plan_tags",
    "read_organise_plan",
    "read_plan",
    "refusal",
    "replace_safely",
    "safe_name",
    "undo_batch",
    "undo_organise",
    "usual_name",
    "write_organise_plan",
    "write_plan",
]
