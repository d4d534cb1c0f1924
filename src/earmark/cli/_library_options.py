"""The options that commands about the library share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.errors import ParameterError

if TYPE_CHECKING:
    from earmark.library import Filters

__all__ = [
    "AlbumOption",
    "ArtistOption",
    "CorrectedOption",
    "GenreOption",
    "InOption",
    "LibraryOption",
    "MaxConfidenceOption",
    "MinConfidenceOption",
    "MissingOption",
    "TempoOption",
    "TitleOption",
    "TreatAsEmptyOption",
    "UnsureOption",
    "YearOption",
    "filters_of",
    "parse_range",
]

LibraryOption = Annotated[
    str | None,
    typer.Option(
        "--library",
        envvar="EARMARK_LIBRARY",
        help="The library's file.",
        show_default="library.db in the user's data folder",
    ),
]
GenreOption = Annotated[
    str | None, typer.Option("--genre", "-g", help="Of this genre: your word, else the model's.")
]
ArtistOption = Annotated[str | None, typer.Option("--artist", help="Whose artist holds this.")]
AlbumOption = Annotated[str | None, typer.Option("--album", help="Whose album holds this.")]
TitleOption = Annotated[str | None, typer.Option("--title", help="Whose title holds this.")]
YearOption = Annotated[
    str | None, typer.Option("--year", help="Of a year, or years: 1994, 1990-1999, 2000-.")
]
TempoOption = Annotated[
    str | None, typer.Option("--tempo", help="Beats a minute: 90-110, -80, 140-.")
]
InOption = Annotated[str | None, typer.Option("--in", help="In this folder, or this file.")]
MinConfidenceOption = Annotated[
    float | None, typer.Option("--min-confidence", min=0, max=1, help="At least so sure, 0 to 1.")
]
MaxConfidenceOption = Annotated[
    float | None, typer.Option("--max-confidence", min=0, max=1, help="At most so sure, 0 to 1.")
]
UnsureOption = Annotated[
    bool | None, typer.Option("--unsure/--sure", help="Whose answer is unsure, or is not.")
]
CorrectedOption = Annotated[
    bool | None,
    typer.Option("--corrected/--not-corrected", help="Of which you have spoken, or have not."),
]
TreatAsEmptyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--treat-as-empty",
        metavar="GENRE",
        help="Treat this genre in tags as no genre, like Other or Unknown. Can be repeated.",
        show_default=False,
    ),
]
MissingOption = Annotated[bool, typer.Option("--missing", help="Whose file is gone.")]

_RANGE = re.compile(r"(\d+(?:\.\d+)?)?\s*(-)?\s*(\d+(?:\.\d+)?)?")


def parse_range(option: str, text: str | None) -> tuple[float | None, float | None] | None:
    """Read ``90-110``, ``90-``, ``-110`` or ``90``.

    Examples
    --------
    >>> parse_range("--year", "1990-1999"), parse_range("--year", "2000-")
    ((1990.0, 1999.0), (2000.0, None))
    """
    if text is None:
        return None
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found[1] or found[3]) or (found[3] and not found[2]):
        raise ParameterError(f"{option} {text!r} is not of the form 90, 90-110, 90- or -110")
    low = float(found[1]) if found[1] else None
    high = float(found[3]) if found[3] else None
    return (low, high) if found[2] else (low, low)


def filters_of(
    *,
    genre: str | None = None,
    artist: str | None = None,
    album: str | None = None,
    title: str | None = None,
    year: str | None = None,
    tempo: str | None = None,
    folder: str | None = None,
    min_confidence: float | None = None,
    max_confidence: float | None = None,
    unsure: bool | None = None,
    corrected: bool | None = None,
    missing: bool = False,
) -> Filters:
    """Make filters of what was typed."""
    from earmark.library import Filters

    years = parse_range("--year", year)
    return Filters(
        genre=genre,
        artist=artist,
        album=album,
        title=title,
        year=None if years is None else tuple(None if one is None else int(one) for one in years),  # type: ignore[arg-type]
        tempo=parse_range("--tempo", tempo),
        path=folder,
        min_confidence=min_confidence,
        max_confidence=max_confidence,
        unsure=unsure,
        corrected=corrected,
        missing=missing,
    )
