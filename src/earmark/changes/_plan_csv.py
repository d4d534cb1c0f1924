r"""What files of plans have in common: CSV, for a text editor or a spreadsheet.

The first line says what it is, the second names the columns, each further one is a file. What would
break a line, or is no text, is written as Python writes it: ``\n``, ``\xff``; a backslash is two.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from earmark.errors import PlanError
from earmark.files import FileState, atomic_write, check_target
from earmark.types import PathName

__all__ = ["escaped", "meant", "read_table", "seen_text", "stamp_in", "write_table"]

_SEEN = re.compile(r"(\d+) bytes at (\d+)\.(\d{9})")
_ESCAPE = re.compile(r"\\(?:(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})|(.))")
_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MEANT = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t", ";": ";"}


def escaped(text: str) -> str:
    """Write a text so that it stays on its line."""

    def one(character: str) -> str:
        code = ord(character)
        if character in _SHORT:
            return _SHORT[character]
        if character.isprintable():
            return character
        if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
            return f"\\x{code - 0xDC00:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return "".join(map(one, text))


def meant(text: str) -> str:
    """Return what `escaped` was given; ValueError where a backslash means nothing."""

    def one(match: re.Match[str]) -> str:
        if match[1] is None:
            if match[2] not in _MEANT:
                raise ValueError(f"\\{match[2]} is not an escape; write a backslash twice")
            return _MEANT[match[2]]
        code = int(match[1][1:], 16)
        return chr(0xDC00 + code) if match[1][0] == "x" and code >= 0x80 else chr(code)

    if text.replace("\\\\", "").endswith("\\"):
        raise ValueError("write a backslash twice")
    return _ESCAPE.sub(one, text)


def seen_text(seen: FileState | None) -> str:
    """Write what a file was when the plan was made."""
    if seen is None:
        return ""
    seconds, rest = divmod(seen.mtime_ns, 1_000_000_000)
    return f"{seen.size} bytes at {seconds}.{rest:09}"


def stamp_in(text: str, *, needed: bool) -> FileState | None:
    """Return what `seen_text` was given; ValueError where it is something else."""
    if not text.strip() and not needed:
        return None
    seen = _SEEN.fullmatch(text.strip())
    if seen is None:
        raise ValueError("not of the form '123 bytes at 1700000000.123456789'")
    return FileState(int(seen[1]), int(seen[2]) * 1_000_000_000 + int(seen[3]))


def write_table(
    path: PathName,
    *,
    version: str,
    about: Mapping[str, Any],
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    overwrite: bool,
) -> None:
    """Write a plan in one step; ParameterError if the file is there, OSError if it cannot be."""
    check_target(path, overwrite=overwrite)
    with atomic_write(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([version, json.dumps(about)])
        writer.writerow(columns)
        writer.writerows(rows)


def read_table(
    path: PathName, *, version: str, told: Sequence[str], needed: Sequence[str]
) -> tuple[dict[str, Any], list[tuple[int, dict[str, str]]]]:
    """Read what the first line says, and each further one with its number; PlanError if none."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, row) for row in reader if any(row)]
    except OSError as error:
        raise PlanError(path, (error.strerror or str(error)).lower()) from error
    except UnicodeDecodeError as error:
        raise PlanError(path, f"it is not UTF-8: {error}") from error
    except (csv.Error, ValueError) as error:
        raise PlanError(path, f"it is not CSV: {error}") from error
    about = _about(path, lines, version, told)
    if len(lines) < 2:
        raise PlanError(path, "line 2, with the names of the columns, is missing")
    _, header = lines[1]
    missing = [name for name in needed if name not in header]
    if missing:
        raise PlanError(path, f"line 2: column {missing[0]!r} is missing")
    rows = []
    for number, cells in lines[2:]:
        if len(cells) != len(header):
            raise PlanError(path, f"line {number} has {len(cells)} fields, not {len(header)}")
        rows.append((number, dict(zip(header, cells, strict=True))))
    return about, rows


def _about(
    path: PathName, lines: list[tuple[int, list[str]]], version: str, told: Sequence[str]
) -> dict[str, Any]:
    """Return what the first line says of the whole plan."""
    cells = [cell for cell in (lines[0][1] if lines else []) if cell]
    kind = version.partition("/")[0]
    if not cells or not cells[0].startswith(f"{kind}/"):
        raise PlanError(path, f"it is not a plan: its first line is not {version},...")
    if cells[0] != version:
        raise PlanError(path, f"it is {cells[0]}; this release reads {version}")
    try:
        about = dict(json.loads(cells[1]))
        missing = [name for name in told if name not in about]
        if missing:
            raise KeyError(missing[0])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise PlanError(path, f"line 1, column 2 is damaged: {error!r}") from error
    return about
