"""Names of files and folders that work on every system and do not lead out of a folder."""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache

__all__ = ["alike", "is_safe_name", "parts_of", "safe_name"]

_MAX_BYTES = 255
_NO_CHARACTERS = frozenset(("Cc", "Cn", "Cs", "Zl", "Zp"))
"""Categories of what cannot be in a name: control, unassigned, half a pair, ends of lines."""
_JOINED_TO_NEXT = "\u200d"
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_RESERVED = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{name}{digit}" for name in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)
"""Names of devices on Windows, with or without an ending."""


def _character(sign: str) -> str:
    if sign == '"':
        return "'"
    return "_" if sign in r"<>:/\|?*" or unicodedata.category(sign) in _NO_CHARACTERS else sign


def _belongs(sign: str, before: str) -> bool:
    """Tell whether a character belongs to the one before it."""
    if _JOINED_TO_NEXT in (sign, before) or "\U0001f3fb" <= sign <= "\U0001f3ff":
        return True
    return bool(unicodedata.combining(sign)) or unicodedata.category(sign) == "Mn"


def _cut(name: str) -> str:
    """Shorten a name that is too long, before its ending."""
    if len(name.encode()) <= _MAX_BYTES:
        return name
    match = _ENDING.search(name)
    ending = match[0] if match else ""
    stem = name[: len(name) - len(ending)]
    kept = stem.encode()[: _MAX_BYTES - len(ending)].decode("utf-8", "ignore")
    for _ in range(16):  # keep an accent with its letter, and an emoji whole
        if len(kept) < 2 or not _belongs(stem[len(kept)], kept[-1]):
            break
        kept = kept[:-1]
    return kept.rstrip() + ending


def _once(text: str) -> str:
    name = "".join(map(_character, unicodedata.normalize("NFC", text))).strip().rstrip(".")
    if name.startswith(".") or name.split(".")[0].rstrip().upper() in _RESERVED:
        name = f"_{name}"  # hidden, or a device
    return _cut(name)


def safe_name(text: str, *, otherwise: str = "_") -> str:
    """Make a name for a file or folder that works on every system, in normal form C.

    A double quote becomes a single one; what else Windows does not take, separators, control
    characters and bytes that are not UTF-8 become ``_``; blanks at either end and dots at the end
    are left out; a name that would be hidden or a device of Windows gets a ``_`` before it; what is
    more than 255 bytes is left out before the ending. `otherwise` is the name if nothing is left.
    """
    name = _once(text)
    while (again := _once(name)) != name:
        name = again
    return name or otherwise


def is_safe_name(name: str) -> bool:
    """Tell whether a name works on every system unchanged, in normal form C or not."""
    if not name or safe_name(name) != unicodedata.normalize("NFC", name):
        return False
    return len(os.fsencode(name)) <= _MAX_BYTES


@lru_cache(maxsize=65_536)
def alike(name: str) -> str:
    """Return a key that is equal for names that some systems take for the same.

    Such names differ in case, in how accents are encoded, or in invisible characters.
    """
    folded = unicodedata.normalize("NFD", name).casefold()
    seen = (sign for sign in folded if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFC", "".join(seen))


def parts_of(target: str) -> tuple[str, ...]:
    """Split a place inside a folder; ValueError if a name is not safe and may lead outside."""
    parts = tuple(target.split("/"))
    for part in parts:
        if not part:
            raise ValueError(
                "a folder name is empty: there are two / in a row, or a / at the start or end"
            )
        if not is_safe_name(part):
            other = safe_name(part, otherwise="")
            hint = f"; {other!r} would be" if other else ""
            raise ValueError(f"{part!r} is not a name that is safe on every system{hint}")
    return parts
