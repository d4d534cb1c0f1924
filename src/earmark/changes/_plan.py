"""What plans have in common: rows that say what is done with each file, or why nothing is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar

from earmark.changes._operation import Operation
from earmark.changes._plan_file import PlanTable
from earmark.library import Library
from earmark.records import Record
from earmark.types import PathName
from earmark.wording import UNSURE_WORDS

if TYPE_CHECKING:
    pass

__all__ = ["ChangePlan"]


class _PlanRow(Protocol):
    @property
    def action(self) -> str: ...

    @property
    def why(self) -> str: ...


Row = TypeVar("Row", bound=_PlanRow)


@dataclass(frozen=True)
class ChangePlan(Record, ABC, Generic[Row]):
    """What would be done with files; a subclass for each kind of change.

    Attributes
    ----------
    operation : type
        The kind of change.
    table : PlanTable
        How the plan is written to a file.
    rows : tuple
        One row for each file.
    """

    operation: ClassVar[type[Operation]]
    table: ClassVar[PlanTable[Any]]

    rows: tuple[Row, ...]

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What the journal says of an apply of this plan."""

    @property
    @abstractmethod
    def about(self) -> Mapping[str, Any]:
        """What the first line of its file says of the whole plan."""

    @classmethod
    @abstractmethod
    def from_file(cls, path: PathName, about: Mapping[str, Any], rows: tuple[Any, ...]) -> Self:
        """Make a plan of what its file holds.

        Parameters
        ----------
        path : str or path-like
            The file, for errors.
        about : mapping
            What its first line says.
        rows : tuple
            Its rows.

        Returns
        -------
        ChangePlan
            The plan.

        Raises
        ------
        PlanError
            If the first line says what cannot be.
        """

    @abstractmethod
    def operations(self, library: Library) -> Sequence[Operation]:
        """Return what is to be done, in this order.

        Parameters
        ----------
        library : Library
            The library that holds the journal.

        Returns
        -------
        sequence of Operation
            One for each file that is changed.
        """

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
        """Write the plan to a file for people to edit: CSV, one line for each file.

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
        OSError
            If it cannot be written.
        """
        self.table.write(path, self.about, self.rows, overwrite=overwrite)

    @classmethod
    def read(cls, path: PathName) -> Self:
        """Read a plan, edited or not.

        Lines may have been deleted, and cells edited.

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
