"""Plans, runs and batches as documents of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earmark.changes._outcomes import ChangeRun
from earmark.changes._plan import ChangePlan
from earmark.library import Batch, BatchKind
from earmark.records import document

__all__ = ["change_document"]


def change_document(
    kind: BatchKind, result: ChangePlan[Any] | ChangeRun | Sequence[Batch]
) -> dict[str, Any]:
    """Return a plan, a run or a list of batches as a document of JSON.

    Parameters
    ----------
    kind : {"tag", "organise"}
        The kind of change.
    result : TagPlan, OrganisePlan, ChangeRun or list of Batch
        The result of planning, of apply and undo, or the history.

    Returns
    -------
    dict
        A document of the schema ``earmark.tag/2`` or ``earmark.organise/2``, see
        `earmark.records.schema_of`.

    Examples
    --------
    >>> change_document("tag", [])
    {'schema': 'earmark.tag/2', 'batches': []}
    """
    if isinstance(result, ChangePlan | ChangeRun):
        name = "run" if isinstance(result, ChangeRun) else "plan"
        return document(f"earmark.{kind}/2", **{name: result})
    return document(f"earmark.{kind}/2", batches=list(result))
