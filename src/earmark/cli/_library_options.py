"""The options that commands about the library share."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from earmark.cli._options import option
from earmark.errors import ParameterError

if TYPE_CHECKING:
    from earmark.library import Filters

__all__ = [
    "FILTERS",
    "LibraryOption",
    "TreatAsEmptyOption",
    "filters_of",
    "with_filters",
    "with_options",
]

LibraryOption = Annotated[
    str | None,
    option(
        "--library FILE",
        "Library file.",
        envvar="EARMARK_LIBRARY",
        show_default="library.db in your data folder",
    ),
]


def _filter(
    kind: Any, usage: str, about: str, *, default: object = None, **settings: Any
) -> tuple[Any, object]:
    """Declare a filter: the annotation of its option, and its default."""
    annotated: Any = Annotated
    return annotated[kind, option(usage, about, rich_help_panel="Filters", **settings)], default


_TREAT_AS_EMPTY = (
    "--treat-as-empty GENRE",
    "Treat this genre in tags as no genre, like Other or Unknown. Can be repeated.",
)
TreatAsEmptyOption = Annotated[list[str] | None, option(*_TREAT_AS_EMPTY, show_default=False)]
_TEXT, _SHARE, _SWITCH = str | None, float | None, bool | None

FILTERS: Mapping[str, tuple[Any, object]] = MappingProxyType(
    {
        "genre": _filter(
            _TEXT,
            "--genre -g GENRE",
            "Only tracks of this genre (your correction, or else the model's answer).",
        ),
        "artist": _filter(_TEXT, "--artist TEXT", "Only tracks whose artist contains TEXT."),
        "album": _filter(_TEXT, "--album TEXT", "Only tracks whose album contains TEXT."),
        "title": _filter(_TEXT, "--title TEXT", "Only tracks whose title contains TEXT."),
        "year": _filter(
            _TEXT,
            "--year RANGE",
            "Only tracks from these years: 1994, 1990-1999, 2000- or -1989.",
        ),
        "tempo": _filter(
            _TEXT,
            "--tempo RANGE",
            "Only tracks with this tempo in beats per minute: 90-110, -80 or 140-.",
        ),
        "folder": _filter(_TEXT, "--in FOLDER", "Only tracks in this folder (or this one file)."),
        "min_confidence": _filter(
            _SHARE,
            "--min-confidence NUMBER",
            "Only tracks with at least this confidence, from 0 to 1.",
            min=0,
            max=1,
        ),
        "max_confidence": _filter(
            _SHARE,
            "--max-confidence NUMBER",
            "Only tracks with at most this confidence, from 0 to 1.",
            min=0,
            max=1,
        ),
        "unsure": _filter(
            _SWITCH,
            "--unsure/--sure",
            "Only tracks the model is unsure about (or is sure about).",
        ),
        "corrected": _filter(
            _SWITCH,
            "--corrected/--not-corrected",
            "Only tracks you have corrected (or have not).",
        ),
        "tag_genre": _filter(
            _SWITCH,
            "--genre-tag/--no-genre-tag",
            "Only tracks whose tags name a genre (or do not).",
        ),
        "treat_as_empty": _filter(list[str] | None, *_TREAT_AS_EMPTY, show_default=False),
        "warned": _filter(
            _SWITCH,
            "--warned/--not-warned",
            "Only tracks with warnings, such as damaged audio (or without warnings).",
        ),
        "missing": _filter(
            bool, "--missing", "Only tracks whose file no longer exists.", default=False
        ),
    }
)
"""By the argument of `filters_of`: the annotation of the option, and its default."""

_RANGE = re.compile(r"(\d+(?:\.\d+)?)?\s*(-)?\s*(\d+(?:\.\d+)?)?")


def with_filters(
    *, only: Sequence[str] = tuple(FILTERS), without: Sequence[str] = ()
) -> Callable[..., Callable[..., None]]:
    """Give a command filters, all or some, as options in place of its argument ``filters``."""
    options = {name: FILTERS[name] for name in only if name not in without}
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
                        name, parameter.KEYWORD_ONLY, default=default, annotation=annotation
                    )
                    for name, (annotation, default) in options.items()
                ]
            else:
                parameters.append(
                    parameter.replace(annotation=hints[name], kind=parameter.KEYWORD_ONLY)
                )
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {it.name: it.annotation for it in parameters}
        del run.__wrapped__  # its own signature counts
        return run

    return decorate


def _parse_range(option: str, text: str | None) -> tuple[float | None, float | None] | None:
    """Read ``90-110``, ``90-``, ``-110`` or ``90``.

    Examples
    --------
    >>> _parse_range("--year", "1990-1999"), _parse_range("--year", "2000-")
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
    year: str | None = None,
    tempo: str | None = None,
    folder: str | None = None,
    treat_as_empty: Sequence[str] | None = None,
    **others: Any,
) -> Filters:
    """Return the filters for the options that were typed."""
    from earmark.library import Filters

    years = _parse_range("--year", year)
    return Filters(
        year=None if years is None else tuple(None if it is None else int(it) for it in years),  # type: ignore[arg-type]
        tempo=_parse_range("--tempo", tempo),
        path=folder,
        treat_as_empty=tuple(treat_as_empty or ()),
        **others,
    )
