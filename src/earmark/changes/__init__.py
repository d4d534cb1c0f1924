"""Changes to a user's files: planned and shown first, made safely, and undone.

A plan (`earmark.changes.tags`, `earmark.changes.files`) says what would be done with each file. It
makes an `Operation` of each row; `apply_plan` carries them out, one file at a time, and writes to
the journal of the library what undoing needs before a file is touched.
"""

from earmark.changes._document import change_document
from earmark.changes._genre_names import load_names, usual_name
from earmark.changes._lock import exclusive
from earmark.changes._operation import JournalEntry, Operation
from earmark.changes._outcomes import ChangeRun, Outcome, OutcomeState
from earmark.changes._plan import ChangePlan
from earmark.changes._replace import discard_copy, refusal, replace_safely
from earmark.changes._running import apply_plan, undo_batch

__all__ = [
    "ChangePlan",
    "ChangeRun",
    "JournalEntry",
    "Operation",
    "Outcome",
    "OutcomeState",
    "apply_plan",
    "change_document",
    "discard_copy",
    "exclusive",
    "load_names",
    "refusal",
    "replace_safely",
    "undo_batch",
    "usual_name",
]
