"""The options that commands about the library share."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from earmark.errors import ParameterError

if TYPE_CHECKING:
    from earmark.library import Filters

__all__ = [
    "AlbumOption",
    "ArtistOption",
    "CorrectedOption",
    "GenreOption",
    "GenreTagOption",
    "InOption",
    "LibraryOption",
    "MaxConfidenceOption",
    "MinConfidenceOption",
    "MissingOption",
    "TempoOption",
    "TitleOption",
    "TreatAsEmptyOption",
    "UnsureOption",
    "WarnedOption",
    "YearOption",
    "filters_of",
    "parse_range",
    "with_filters",
    "with_options",
]

_PANEL = "Filters"

LibraryOption = Annotated[
    str | None,
    typer.Option(
        "--library",
        envvar="EARMARK_LIBRARY",
        metavar="FILE",
        help="Library file.",
        show_default="library.db in your data folder",
    ),
]
GenreOption = Annotated[
    str | None,
    typer.Option(
        "--genre",
        "-g",
        metavar="GENRE",
        help="Only tracks of this genre (your correction, or else the model's answer).",
        rich_help_panel=_PANEL,
    ),
]
ArtistOption = Annotated[
    str | None,
    typer.Option(
        "--artist",
        metavar="TEXT",
        help="Only tracks whose artist contains TEXT.",
        rich_help_panel=_PANEL,
    ),
]
AlbumOption = Annotated[
    str | None,
    typer.Option(
        "--album",
        metavar="TEXT",
        help="Only tracks whose album contains TEXT.",
        rich_help_panel=_PANEL,
    ),
]
TitleOption = Annotated[
    str | None,
    typer.Option(
        "--title",
        metavar="TEXT",
        help="Only tracks whose title contains TEXT.",
        rich_help_panel=_PANEL,
    ),
]
YearOption = Annotated[
    str | None,
    typer.Option(
        "--year",
        metavar="RANGE",
        help="Only tracks from these years: 1994, 1990-1999, 2000- or -1989.",
        rich_help_panel=_PANEL,
    ),
]
TempoOption = Annotated[
    str | None,
    typer.Option(
        "--tempo",
        metavar="RANGE",
        help="Only tracks with this tempo in beats per minute: 90-110, -80 or 140-.",
        rich_help_panel=_PANEL,
    ),
]
InOption = Annotated[
    str | None,
    typer.Option(
        "--in",
        metavar="FOLDER",
        help="Only tracks in this folder (or this one file).",
        rich_help_panel=_PANEL,
    ),
]
MinConfidenceOption = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        metavar="NUMBER",
        min=0,
        max=1,
        help="Only tracks with at least this confidence, from 0 to 1.",
        rich_help_panel=_PANEL,
    ),
]
MaxConfidenceOption = Annotated[
    float | None,
    typer.Option(
        "--max-confidence",
        metavar="NUMBER",
        min=0,
        max=1,
        help="Only tracks with at most this confidence, from 0 to 1.",
        rich_help_panel=_PANEL,
    ),
]
UnsureOption = Annotated[
    bool | None,
    typer.Option(
        "--unsure/--sure",
        help="Only tracks the model is unsure about (or is sure about).",
        rich_help_panel=_PANEL,
    ),
]
CorrectedOption = Annotated[
    bool | None,
    typer.Option(
        "--corrected/--not-corrected",
        help="Only tracks you have corrected (or have not).",
        rich_help_panel=_PANEL,
    ),
]
GenreTagOption = Annotated[
    bool | None,
    typer.Option(
        "--genre-tag/--no-genre-tag",
        help="Only tracks whose tags name a genre (or do not).",
        rich_help_panel=_PANEL,
    ),
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
WarnedOption = Annotated[
    bool | None,
    typer.Option(
        "--warned/--not-warned",
        help="Only tracks with warnings, such as damaged audio (or without warnings).",
        rich_help_panel=_PANEL,
    ),
]
_TreatAsEmptyFilter = Annotated[
    list[str] | None,
    typer.Option(
        "--treat-as-empty",
        metavar="GENRE",
        help="Treat this genre in tags as no genre, like Other or Unknown. Can be repeated.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
MissingOption = Annotated[
    bool,
    typer.Option(
        "--missing", help="Only tracks whose file no longer exists.", rich_help_panel=_PANEL
    ),
]

_FILTERS: Mapping[str, tuple[Any, Any]] = MappingProxyType(
    {
        "genre": (GenreOption, None),
        "artist": (ArtistOption, None),
        "album": (AlbumOption, None),
        "title": (TitleOption, None),
        "year": (YearOption, None),
        "tempo": (TempoOption, None),
        "folder": (InOption, None),
        "min_confidence": (MinConfidenceOption, None),
        "max_confidence": (MaxConfidenceOption, None),
        "unsure": (UnsureOption, None),
        "corrected": (CorrectedOption, None),
        "tag_genre": (GenreTagOption, None),
        "treat_as_empty": (_TreatAsEmptyFilter, None),
        "warned": (WarnedOption, None),
        "missing": (MissingOption, False),
    }
)
"""By the argument of `filters_of`: the option and its default."""

_RANGE = re.compile(r"(\d+(?:\.\d+)?)?\s*(-)?\s*(\d+(?:\.\d+)?)?")


def with_filters(*, without: tuple[str, ...] = ()) -> Callable[..., Callable[..., None]]:
    """Give a command the filters as options, except some, in place of its argument ``filters``."""
    options = {name: option for name, option in _FILTERS.items() if name not in without}
    return with_options("filters", options, filters_of)


def with_options(
    argument: str, options: Mapping[str, tuple[Any, Any]], make: Callable[..., Any]
) -> Callable[..., Callable[..., None]]:
    """Give a command several options in place of one argument, which `make` makes of them.

    `options` has the annotation and the default of each, by name.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, localns={"Filters": object}, include_extras=True)

        @functools.wraps(command)
        def run(**given: Any) -> None:
            made = make(**{name: given.pop(name) for name in options})
            command(**{argument: made}, **given)

        parameters = []
        for name, parameter in inspect.signature(command).parameters.items():
            if name == argument:
                parameters += [
                    inspect.Parameter(
                        option, parameter.KEYWORD_ONLY, default=default, annotation=annotation
                    )
                    for option, (annotation, default) in options.items()
                ]
            else:
                parameters.append(
                    parameter.replace(annotation=hints[name], kind=parameter.KEYWORD_ONLY)
                )
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        del run.__wrapped__  # its own signature counts
        return run

    return decorate


def parse_range(option: str, text: str | None) -> tuple[float | None, float | None] | None:
    """Read ``90-110``, ``90-``, ``-110`` or ``90``.

    Examples
    --------
    >>> parse_range("--year", "1990-1999"), parse_range("--year", "2000-")
    ((1990.0, 1999.0), (2000.0, None))
    """
    if text is None:
        return None
    match = _RANGE.fullmatch(text.strip())
    if match is None or not (match[1] or match[3]) or (match[3] and not match[2]):
        raise ParameterError(f"{option} {text!r} is not a range. Write 90, 90-110, 90- or -110")
    low = float(match[1]) if match[1] else None
    high = float(match[3]) if match[3] else None
    return (low, high) if match[2] else (low, low)


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
    tag_genre: bool | None = None,
    treat_as_empty: Sequence[str] | None = None,
    warned: bool | None = None,
    missing: bool = False,
) -> Filters:
    """Return the filters for the options that were typed."""
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
        tag_genre=tag_genre,
        treat_as_empty=tuple(treat_as_empty or ()),
        warned=warned,
        missing=missing,
    )
