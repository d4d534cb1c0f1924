"""Templates: patterns for the folders and the name of a file."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from earmark.changes.files._safe_names import safe_name
from earmark.errors import ParameterError

__all__ = ["FIELDS", "PARTS", "UNKNOWN", "Template", "template_by"]

PARTS = ("genre", "artist", "albumartist", "album", "year", "decade")
"""The levels of folders that `template_by` knows."""

FIELDS = (*PARTS, "composer", "title", "track", "disc", "filename", "extension")
"""The fields of templates."""

UNKNOWN: Mapping[str, str] = {
    "genre": "Unknown genre",
    "artist": "Unknown artist",
    "albumartist": "Unknown artist",
    "album": "Unknown album",
    "year": "Unknown year",
    "decade": "Unknown decade",
    "composer": "Unknown composer",
    "track": "Unknown track",
    "disc": "Unknown disc",
}
"""Names of folders whose fields are all unknown, by the first field."""

_WIDTH = re.compile(r"0[1-9]")
_NUMBERS = ("track", "disc", "year")
_BLANK = "\0"
_BESIDE = r"[\s\-\u2013_.,]*"
_IN_BRACKETS = re.compile(rf"[(\[]{_BESIDE}{_BLANK}{_BESIDE}[)\]]")
_AT_END = re.compile(rf"{_BESIDE}{_BLANK}[{_BLANK}\s\-\u2013_.,]*$")
_BEFORE_BRACKET = re.compile(rf"{_BESIDE}{_BLANK}{_BESIDE}(?=[)\]])")
_ELSEWHERE = re.compile(f"{_BLANK}{_BESIDE}")
_EXTENSION = "{extension}"

Pieces = tuple[tuple[str, str, str], ...]
"""Of each field: the text before it, its name, and its width; last, the text after them all."""


def _pieces(template: str, part: str) -> Pieces:
    """Split one part of a template into its fields."""

    def refuse(why: str) -> ParameterError:
        return ParameterError(f"template={template!r}: {why}")

    pieces = []
    try:
        parsed = list(string.Formatter().parse(part))
    except ValueError as error:
        raise refuse(f"{part!r}: {error}") from error
    for text, field, width, conversion in parsed:
        if field is None:
            pieces.append((text, "", ""))
            continue
        if field not in FIELDS:
            raise refuse(f"{field!r} is not a field; the fields are {', '.join(FIELDS)}")
        if conversion:
            raise refuse(f"'!{conversion}' is not allowed here")
        if width and (field not in _NUMBERS or not _WIDTH.fullmatch(width)):
            raise refuse(
                f"'{{{field}:{width}}}': only track, disc and year take a number of digits, as in "
                "{track:02}"
            )
        pieces.append((text or "", field, width or ""))
    constant = "".join(text for text, *_ in pieces)
    if not part or (all(not field for _, field, _ in pieces) and safe_name(constant) != constant):
        raise refuse(f"{part!r} is not a folder or file name that works on every system")
    return tuple(pieces)


@dataclass(frozen=True)
class Template:
    """A pattern for the place of a file: names with ``/`` between them, with fields in braces.

    ParameterError if it cannot be used; the message says why, and lists the fields if one is
    unknown.
    """

    text: str

    def __post_init__(self) -> None:
        self._parts  # noqa: B018  (a bad template is refused at once)
        names = {field for _, field, _ in self._parts[-1]}
        if not names & {"title", "track", "filename"}:
            raise ParameterError(
                f"template={self.text!r}: the name of the file, after the last /, needs one of "
                "{title}, {track}, {filename}"
            )

    @cached_property
    def _parts(self) -> tuple[Pieces, ...]:
        # The ending of the file is always kept, named or not.
        text = self.text.removesuffix(f".{_EXTENSION}")
        return tuple(_pieces(self.text, part) for part in text.split("/"))

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields it holds."""
        return frozenset(field for part in self._parts for _, field, _ in part if field)

    def place(self, values: Mapping[str, str | int | None], extension: str) -> tuple[str, ...]:
        """Make the names of the folders and, last, of the file, each safe on every system.

        What is missing, None or empty is left out, with the punctuation beside it. The extension
        has its dot.
        """
        known = {**values, "extension": extension.removeprefix(".").lower()}
        folders = (_filled(part, known) for part in self._parts[:-1])
        name = _filled(self._parts[-1], known, folder=False)
        return (*folders, safe_name(f"{name}{extension}"))


def _filled(part: Pieces, values: Mapping[str, str | int | None], *, folder: bool = True) -> str:
    """Fill in one part of a place; that of the file has no ending yet."""
    texts = []
    for text, field, width in part:
        value = values.get(field) if field else ""
        if isinstance(value, int) and width:
            value = f"{value:{width}d}"
        if field:
            value = str(value or "").replace(_BLANK, " ").strip() or _BLANK
        texts.append(f"{text}{value}")
    name = "".join(texts)
    if _BLANK in name:
        name = _BEFORE_BRACKET.sub("", _IN_BRACKETS.sub(_BLANK, name))
        name = _ELSEWHERE.sub("", _AT_END.sub("", name)).strip()
    first = next((field for _, field, _ in part if field), "")
    otherwise = UNKNOWN.get(first, "_")
    return safe_name(name, otherwise=otherwise) if folder else name or otherwise


def template_by(by: str) -> Template:
    """Return the template that names folders after some of `PARTS` and leaves files their names.

    ParameterError if a part is unknown or is there twice.
    """
    parts = by.split("/")
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise ParameterError(f"by={by!r}: {unknown[0]!r} is not one of {', '.join(PARTS)}")
    if len(set(parts)) < len(parts):
        raise ParameterError(f"by={by!r} names the same level twice")
    return Template("/".join([*(f"{{{part}}}" for part in parts), "{filename}"]))
