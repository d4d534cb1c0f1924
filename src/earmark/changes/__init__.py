"""Changes to a user's files: planned and shown first, made safely, and undone.

A plan (`earmark.changes.tags`, `earmark.changes.files`) says what would be done with each file. It
makes an operation of each row; `apply_plan` carries them out, one file at a time, and writes to the
journal of the library what undoing needs before a file is touched.
"""

from earmark.changes._genre_names import load_names
from earmark.changes._outcomes import ChangeRun, Outcome, OutcomeState
from earmark.changes._plan import change_document
from earmark.changes._running import apply_plan, undo_batch

__all__ = [
    "ChangeRun",
    "Outcome",
    "OutcomeState",
    "apply_plan",
    "change_document",
    "load_names",
    "undo_batch",
]
