"""``earmark similar``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._commands import command
from earmark.cli._library_options import LibraryOption, with_filters
from earmark.cli._library_tables import genre_text
from earmark.cli._options import JsonOption, argument, option
from earmark.cli._output import compile_first, plain_table, print_json, printable, shortened, stdout
from earmark.cli._progress import progress_bar
from earmark.cli._suggesting import (
    IncludeUnfamiliarOption,
    MinLengthOption,
    MinLikenessOption,
    PerArtistOption,
    captions_of,
    print_left_out,
)
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.library import Filters
    from earmark.workflows.similar import SimilarSongs

__all__ = ["app"]

app = typer.Typer()

_NARROW = 90  # columns, below which genres are left out so that names can be read


@command(
    app,
    "earmark similar 'blue train'",
    "earmark similar song.mp3 --by timbre",
    "earmark similar 17 -n 20 --genre jazz --year 1955-1965",
    no_args_is_help=True,
)
@with_filters(without=("missing",))
def _similar(
    track: Annotated[
        str, argument("TRACK", "Number, path, words from artist and title, or an audio file.")
    ],
    filters: Filters,
    n: Annotated[int, option("--number -n N", "Number of songs.", min=1)] = 10,
    by: Annotated[
        str,
        option(
            "--by style|timbre",
            "What to compare: style (songs of one genre or artist come close together) or "
            "timbre (the plain sound, 3 seconds at a time).",
        ),
    ] = "style",
    per_artist: PerArtistOption = 2,
    min_length: MinLengthOption = 20,
    include_unfamiliar: IncludeUnfamiliarOption = False,
    min_likeness: MinLikenessOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find songs in your library that sound like a track.

    TRACK is a number from earmark library list, a path, words from the artist and title, or an
    audio file that is not in the library. Each song comes with the reason it is similar, and
    the same recording appears only once. Short tracks, silent tracks and music unlike any the
    model knows are left out; the last lines show how many, and how to include them.
    """
    from earmark.workflows.similar import similar

    compile_first()
    with progress_bar("Indexing") as progress:
        near = similar(
            track,
            library=library,
            by=cast(Any, by),  # checked there
            n=n,
            per_artist=per_artist or None,
            filters=filters,
            min_length=min_length,
            include_unfamiliar=include_unfamiliar,
            min_likeness=min_likeness,
            progress=progress,
        )
    if as_json:
        print_json(near)
        return
    _print(near)
    _print_remarks(near, n, per_artist=per_artist, min_length=min_length)


def _print(near: SimilarSongs) -> None:
    console = stdout()
    name = escape(shortened(near.query.caption))
    console.print(f"Similar to [bold]{name}[/], by {near.by}", soft_wrap=True)
    if near.neighbours:
        console.print(_table(near, narrow=console.width < _NARROW))


def _print_remarks(near: SimilarSongs, n: int, *, per_artist: int, min_length: float) -> None:
    """Say how many songs there are, what was left out, and how to include it."""
    console, count = stdout(), len(near.neighbours)
    songs = counted(count, "song")
    remarks = [songs if count == n else f"{songs} of {n}"]
    if near.beyond_per_artist:
        remarks.append(
            f"{near.beyond_per_artist} beyond --per-artist {per_artist} to fill the list"
        )
    n_copies = sum(len(neighbour.copies) for neighbour in near.neighbours)
    if n_copies:
        remarks.append(f"{n_copies} more of the same recordings")
    console.print(f"\n{'; '.join(remarks)}", style="dim")
    print_left_out(near.left_out, min_length=min_length)


def _table(near: SimilarSongs, *, narrow: bool) -> Table:
    table = plain_table()
    table.add_column("No.", justify="right", no_wrap=True, style="dim")
    table.add_column("Track", overflow="fold", ratio=2)
    if not narrow:
        table.add_column("Genre", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Why", overflow="fold", ratio=3, style="dim")
    captions = captions_of([neighbour.track for neighbour in near.neighbours])
    for neighbour, caption in zip(near.neighbours, captions, strict=True):
        row: list[Text | str] = [str(neighbour.track.id), Text(caption)]
        if not narrow:
            row.append(genre_text(neighbour.track))
        table.add_row(*row, f"{neighbour.score:.2f}", Text(printable(neighbour.why)))
    return table
