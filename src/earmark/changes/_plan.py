"""What plans have in common: rows that say what is done with each file, or why nothing is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar

from earmark.changes._operation import Operation
from earmark.changes._outcomes import ChangeRun
from earmark.changes._plan_file import PlanTable
from earmark.library import Batch, BatchKind, Library
from earmark.records import Record, document
from earmark.types import PathName
from earmark.wording import UNSURE_WORDS

if TYPE_CHECKING:
    pass

__all__ = ["ChangePlan", "change_document"]


class _PlanRow(Protocol):
    @property
    def action(self) -> str: ...

    @property
    def why(self) -> str: ...


Row = TypeVar("Row", bound=_PlanRow)


@dataclass(frozen=True)
class ChangePlan(Record, ABC, Generic[Row]):
    """What would be done with files, row by row; a subclass for each kind of change."""

    operation: ClassVar[type[Operation]]
    table: ClassVar[PlanTable[Any]]

    rows: tuple[Row, ...]

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """The journal's entry for an apply of this plan."""

    @property
    @abstractmethod
    def about(self) -> Mapping[str, Any]:
        """The first line of its file, about the whole plan."""

    @classmethod
    @abstractmethod
    def from_file(cls, path: PathName, about: Mapping[str, Any], rows: tuple[Any, ...]) -> Self:
        """Make a plan of what its file holds; PlanError if its first line says what cannot be."""

    @abstractmethod
    def operations(self, library: Library) -> Sequence[Operation]:
        """Return what is to be done, in this order."""

    @property
    def to_change(self) -> tuple[Row, ...]:
        """The rows whose files are changed."""
        return tuple(row for row in self.rows if row.action != "keep")

    @property
    def kept(self) -> Mapping[str, int]:
        """How many files are kept, by reason, the commonest first.

        Undecided answers are one reason, whichever genres they are between.
        """
        undecided = UNSURE_WORDS["undecided"]
        kept = (row.why for row in self.rows if row.action == "keep")
        reasons = (undecided if why.startswith(f"{undecided}:") else why for why in kept)
        return dict(Counter(reasons).most_common())

    def write(self, path: PathName, *, overwrite: bool = False) -> None:
        """Write the plan to a CSV file for people to edit, one line for each file.

        Parameters
        ----------
        path : str or path-like
            The file.
        overwrite : bool
            Whether to replace an existing file.

        Raises
        ------
        ParameterError
            If the file exists.
        """
        self.table.write(path, self.about, self.rows, overwrite=overwrite)

    @classmethod
    def read(cls, path: PathName) -> Self:
        """Read a plan from a file in which lines may have been deleted, and cells edited.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        ChangePlan
            The plan.

        Raises
        ------
        PlanError
            If it is not a plan of this kind or of another version, or asks for what cannot be
            done; the message names line, column and value.
        """
        about, rows = cls.table.read(path)
        return cls.from_file(path, about, rows)


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
