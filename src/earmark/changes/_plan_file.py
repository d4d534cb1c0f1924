r"""Plans as files that people edit: CSV, for a text editor or a spreadsheet.

The first line says what it is, the second names the columns, each further one is a file. Lines may
be deleted. What would break a line, or is no text, is written as Python writes it: ``\n``,
``\xff``; a backslash is two.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from earmark.errors import PlanError
from earmark.files import FileState, atomic_write, check_target
from earmark.types import PathName

__all__ = ["COLUMNS", "Column", "PlanTable", "choice", "escaped", "meant"]

Row = TypeVar("Row")

_SEEN = re.compile(r"(\d+) bytes at (\d+)\.(\d{9})")
_NOT_SEEN = "not of the form '123 bytes at 1700000000.123456789'"
_ESCAPE = re.compile(r"\\(?:(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})|(.))")
_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MEANT = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t", ";": ";"}


def escaped(text: str) -> str:
    """Write a text so that it stays on its line."""

    def escape(character: str) -> str:
        code = ord(character)
        if character in _SHORT:
            return _SHORT[character]
        if character.isprintable():
            return character
        if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
            return f"\\x{code - 0xDC00:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return "".join(map(escape, text))


def meant(text: str) -> str:
    """Return what `escaped` was given; ValueError where a backslash means nothing."""

    def unescape(match: re.Match[str]) -> str:
        if match[1] is None:
            if match[2] not in _MEANT:
                raise ValueError(f"\\{match[2]} is not an escape; write a backslash twice")
            return _MEANT[match[2]]
        code = int(match[1][1:], 16)
        return chr(0xDC00 + code) if match[1][0] == "x" and code >= 0x80 else chr(code)

    if text.replace("\\\\", "").endswith("\\"):
        raise ValueError("write a backslash twice")
    return _ESCAPE.sub(unescape, text)


def _lenient(text: str) -> str:
    """Return what is only there to be read, whatever somebody made of it."""
    try:
        return meant(text)
    except ValueError:
        return text


def _file_path(text: str) -> str:
    path = meant(text)
    if not os.path.isabs(path) or "\0" in path:
        raise ValueError("not the full path of a file")
    return path


def _seen_text(seen: FileState | None) -> str:
    """Write what a file was when the plan was made."""
    if seen is None:
        return ""
    seconds, rest = divmod(seen.mtime_ns, 1_000_000_000)
    return f"{seen.size} bytes at {seconds}.{rest:09}"


def _seen(text: str) -> FileState | None:
    if not text.strip():
        return None
    seen = _SEEN.fullmatch(text.strip())
    if seen is None:
        raise ValueError(_NOT_SEEN)
    return FileState(int(seen[1]), int(seen[2]) * 1_000_000_000 + int(seen[3]))


def choice(*known: str, otherwise: str = "") -> Callable[[str], str]:
    """Return what reads a cell that holds one of some words; `otherwise` is the error."""

    def read(text: str) -> str:
        word = text.strip().lower()
        if word not in known:
            raise ValueError(otherwise or f"not one of {', '.join(known)}")
        return word

    return read


@dataclass(frozen=True)
class Column:
    """How an attribute of a row is written to a cell and read from it; ValueError if it cannot."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    needed: bool = False


COLUMNS: Mapping[str, Column] = {
    "why": Column(escaped, _lenient),
    "note": Column(escaped, _lenient),
    "taken_by": Column(escaped, _lenient),
    "seen": Column(_seen_text, _seen, needed=True),
    "content": Column(str, str),  # which older plans do not have
    "path": Column(escaped, _file_path, needed=True),
}
"""Columns that plans of several kinds have."""


@dataclass(frozen=True)
class PlanTable(Generic[Row]):
    """How the plans of one kind are written to files and read from them.

    `check` says which column of a row contradicts another, and why; `unique` returns, by column,
    what no other row may have.
    """

    version: str
    row: Callable[..., Row]
    columns: Mapping[str, Column]
    about: Sequence[str]
    check: Callable[[Row], tuple[str, str] | None]
    unique: Callable[[Row], Mapping[str, str]]

    def write(
        self, path: PathName, about: Mapping[str, Any], rows: Iterable[Row], *, overwrite: bool
    ) -> None:
        """Write a plan in one step; ParameterError if the file exists, OSError if it cannot be."""
        check_target(path, overwrite=overwrite)
        with atomic_write(path, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([self.version, json.dumps(about)])
            writer.writerow(self.columns)
            for row in rows:
                cells = self.columns.items()
                writer.writerow([column.write(getattr(row, name)) for name, column in cells])

    def read(self, path: PathName) -> tuple[dict[str, Any], tuple[Row, ...]]:
        """Read the first line, about the whole plan, and the rows; PlanError if it cannot."""
        lines = _lines(path)
        about = _about(path, lines, self.version, self.about)
        if len(lines) < 2:
            raise PlanError(path, "line 2, with the names of the columns, is missing")
        (_, header), *rest = lines[1:]
        for name, column in self.columns.items():
            if column.needed and name not in header:
                raise PlanError(path, f"line 2: column {name!r} is missing")
        rows: list[Row] = []
        known: dict[tuple[str, str], int] = {}
        for number, cells in rest:
            if len(cells) != len(header):
                raise PlanError(path, f"line {number} has {len(cells)} fields, not {len(header)}")
            row = self._row(path, number, dict(zip(header, cells, strict=True)))
            for name, value in self.unique(row).items():
                first = known.setdefault((name, value), number)
                if first != number:
                    alike = ", or a name that some systems take for the same"
                    raise PlanError(
                        path,
                        f"line {number}, column {name!r}: {getattr(row, name)!r} is already in "
                        f"line {first}{alike if name == 'target' else ''}",
                    )
            rows.append(row)
        return about, tuple(rows)

    def _row(self, path: PathName, number: int, cells: Mapping[str, str]) -> Row:
        """Read a line, or say what is wrong with it."""

        def refused(column: str, why: str) -> PlanError:
            return PlanError(path, f"line {number}, column {column!r}: {cells[column]!r}: {why}")

        values: dict[str, Any] = {}
        for name, column in self.columns.items():
            try:
                if name in cells:
                    values[name] = column.read(cells[name])
            except ValueError as error:
                raise refused(name, str(error)) from error
        row = self.row(**values)
        wrong = self.check(row)
        if wrong is None and values["action"] != "keep" and values["seen"] is None:
            wrong = "seen", _NOT_SEEN
        if wrong is not None:
            raise refused(*wrong)
        return row


def _lines(path: PathName) -> list[tuple[int, list[str]]]:
    """Read the lines of a file that hold anything, with their numbers."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, row) for row in reader if any(row)]
    except OSError as error:
        raise PlanError(path, (error.strerror or str(error)).lower()) from error
    except UnicodeDecodeError as error:
        raise PlanError(path, f"it is not UTF-8: {error}") from error
    except (csv.Error, ValueError) as error:
        raise PlanError(path, f"it is not CSV: {error}") from error


def _about(
    path: PathName, lines: list[tuple[int, list[str]]], version: str, needed: Sequence[str]
) -> dict[str, Any]:
    """Return the first line, about the whole plan."""
    cells = [cell for cell in (lines[0][1] if lines else []) if cell]
    kind = version.partition("/")[0]
    if not cells or not cells[0].startswith(f"{kind}/"):
        raise PlanError(path, f"it is not a plan: its first line is not {version},...")
    if cells[0] != version:
        raise PlanError(path, f"it is {cells[0]}; this release reads {version}")
    try:
        about = dict(json.loads(cells[1]))
        missing = [name for name in needed if name not in about]
        if missing:
            raise KeyError(missing[0])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise PlanError(path, f"line 1, column 2 is damaged: {error!r}") from error
    return about
