"""``earmark similar``."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._library_options import (
    GenreOption,
    LibraryOption,
    TempoOption,
    YearOption,
    filters_of,
)
from earmark.cli._library_tables import genre_text
from earmark.cli._output import compile_first, printable, progress_bar, shortened, stdout

if TYPE_CHECKING:
    from earmark.workflows.similar import SimilarSongs

__all__ = ["add_to", "told_cache_warnings"]

_NARROW = 90  # columns, below which genres are left out so that names can be read

_HELP = (
    "Find the songs of a library that are near one.\n\n"
    "TRACK is its number (earmark library list shows it), its path, or words that artist and title "
    "of one track hold; or an audio file that is not in the library. One song of each recording is "
    "shown, and why it is near.\n\n"
    "style (the default) compares in a space learnt so that genres and artists are near, timbre by "
    "how segments of 3 s sound."
)
_EXAMPLES = (
    "Examples:  earmark similar 'blue train'  ·  earmark similar song.mp3 --by timbre  ·  "
    "earmark similar 17 -n 20 --genre jazz --year 1955-1965"
)


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("similar", help=_HELP, epilog=_EXAMPLES, no_args_is_help=True)(_similar)


@contextmanager
def told_cache_warnings() -> Iterator[None]:
    """Print at the end, on standard error, that an index could not be kept.

    Yields
    ------
    None
        While warnings are kept back.
    """
    from earmark.recommend import CacheWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CacheWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, CacheWarning):
            typer.echo(f"earmark: {printable(str(warning.message))}", err=True)


def _similar(
    track: Annotated[
        str, typer.Argument(help="Number, path, words, or a file.", show_default=False)
    ],
    n: Annotated[int, typer.Option("--number", "-n", min=1, help="How many songs.")] = 10,
    by: Annotated[str, typer.Option("--by", help="How they are compared: style or timbre.")] = (
        "style"
    ),
    per_artist: Annotated[
        int, typer.Option("--per-artist", min=0, help="At most so many of one artist; 0: any.")
    ] = 2,
    genre: GenreOption = None,
    tempo: TempoOption = None,
    year: YearOption = None,
    library: LibraryOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    from earmark.workflows.similar import similar

    limits = filters_of(tempo=tempo, year=year)
    compile_first()
    with told_cache_warnings(), progress_bar("Indexing") as progress:
        found = similar(
            track,
            library=library,
            by=cast(Any, by),  # checked there
            n=n,
            per_artist=per_artist or None,
            genre=genre,
            tempo=limits.tempo,
            year=limits.year,
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1))
    else:
        _print(found, n)


def _print(found: SimilarSongs, n: int) -> None:
    console = stdout()
    name = escape(shortened(found.query.caption))
    console.print(f"Near [bold]{name}[/], by {found.by}", soft_wrap=True)
    if found.neighbours:
        console.print(_table(found, narrow=console.width < _NARROW))
    n_copies = sum(len(one.copies) for one in found.neighbours)
    told = f"{len(found.neighbours)} of {n} songs" if len(found.neighbours) < n else f"{n} songs"
    more = f"; {n_copies} more of the same recordings are left out" if n_copies else ""
    console.print(f"\n{told}{more}", style="dim")


def _table(found: SimilarSongs, *, narrow: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("No.", justify="right", no_wrap=True, style="dim")
    table.add_column("Track", overflow="fold", ratio=2)
    if not narrow:
        table.add_column("Genre", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Why", overflow="fold", ratio=3, style="dim")
    for one in found.neighbours:
        row: list[Text | str] = [str(one.track.id), Text(shortened(one.track.caption))]
        if not narrow:
            row.append(genre_text(one.track))
        table.add_row(*row, f"{one.score:.2f}", Text(printable(one.why)))
    return table
