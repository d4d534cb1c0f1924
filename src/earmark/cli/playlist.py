"""``earmark playlist``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from earmark.cli._commands import command
from earmark.cli._library_options import LibraryOption, with_filters
from earmark.cli._library_tables import genre_text
from earmark.cli._options import JsonOption, OverwriteOption, option
from earmark.cli._output import plain_table, printable, stdout, time_text
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
    from earmark.recommend import Playlist

__all__ = ["app"]

app = typer.Typer()


_LikeOption = Annotated[
    list[str] | None, option("--like TRACK", "Choose songs like this track. Can be repeated.")
]
_FromOption = Annotated[
    str | None,
    option("--from TRACK", "First track: the playlist leads from it to the track of --to."),
]
_ToOption = Annotated[str | None, option("--to TRACK", "Last track.")]
_TracksOption = Annotated[
    int | None, option("--tracks -n N", "Number of songs.", min=1, show_default="25")
]
_MinutesOption = Annotated[
    float | None, option("--minutes N", "Length in minutes, instead of --tracks.")
]
_SeedOption = Annotated[
    int, option("--seed N", "Random seed. A different seed gives a different playlist.", min=0)
]
_OutputOption = Annotated[str | None, option("--output -o FILE", "File to write the playlist to.")]
_KindOption = Annotated[
    str | None,
    option(
        "--format FORMAT",
        "Format: m3u8, pls, xspf, csv or json.",
        show_default="from the file name",
    ),
]
_AbsoluteOption = Annotated[
    bool, option("--absolute", "Write absolute paths instead of relative ones.")
]


@command(
    app,
    "earmark playlist --like 'blue train' -o evening.m3u8",
    "earmark playlist --from 17 --to 'master of puppets' --tracks 15",
    "earmark playlist --genre reggae --minutes 60 -o reggae.xspf",
    "earmark playlist --tempo 118-126 --year 1990-",
    no_args_is_help=True,
)
@with_filters(without=("missing",))
def _playlist(
    filters: Filters,
    like: _LikeOption = None,
    from_: _FromOption = None,
    to: _ToOption = None,
    tracks: _TracksOption = None,
    minutes: _MinutesOption = None,
    per_artist: PerArtistOption = 3,
    min_length: MinLengthOption = 20,
    include_unfamiliar: IncludeUnfamiliarOption = False,
    min_likeness: MinLikenessOption = None,
    seed: _SeedOption = 0,
    output: _OutputOption = None,
    kind: _KindOption = None,
    absolute: _AbsoluteOption = False,
    overwrite: OverwriteOption = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a playlist of songs like a track, from one track to another, or matching filters.

    A TRACK is its number, its path, or words from its artist and title. No artist plays twice
    in a row, and no recording appears twice. Short tracks, silent tracks and music unlike any
    the model knows are left out, as in earmark similar. Use --output to write the playlist to
    an M3U8, PLS, XSPF, CSV or JSON file. Paths in it are relative to its folder unless you pass
    --absolute.
    """
    from earmark.files import check_target
    from earmark.recommend import render
    from earmark.workflows.playlist import format_of, make_playlist, write_playlist

    chosen = format_of(output or "", kind)
    check_target(output, overwrite=overwrite)
    with progress_bar("Indexing") as progress:
        made = make_playlist(
            like=like or (),
            from_=from_,
            to=to,
            filters=filters,
            tracks=tracks,
            minutes=minutes,
            per_artist=per_artist or None,
            min_length=min_length,
            include_unfamiliar=include_unfamiliar,
            min_likeness=min_likeness,
            seed=seed,
            library=library,
            progress=progress,
        )
    written = None
    if output is not None:
        written = write_playlist(
            made, output, kind=chosen, relative=not absolute, overwrite=overwrite
        )
    if as_json or (output is None and kind is not None):
        sys.stdout.flush()
        sys.stdout.buffer.write(render(made, "json" if as_json else chosen, folder=None))
        sys.stdout.buffer.flush()
        return
    _print(made, min_length=min_length)
    if written is not None:
        typer.echo(f"Written to {printable(written)}")


def _print(made: Playlist, *, min_length: float) -> None:
    console = stdout()
    console.print(Text(printable(made.title), style="bold"), soft_wrap=True)
    table = plain_table()
    table.add_column("No.", justify="right", no_wrap=True, style="dim")
    table.add_column("Track", overflow="fold", ratio=1)
    table.add_column("Genre", no_wrap=True)
    table.add_column("Length", justify="right", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    steps: list[str] = ["", *(f"{max(0.0, step):.2f}" for step in made.steps)]
    for track, caption, step in zip(made.tracks, captions_of(made.tracks), steps, strict=False):
        length = "" if track.duration is None else time_text(track.duration)
        table.add_row(str(track.id), Text(caption), genre_text(track), length, step)
    console.print(table)
    total = time_text(made.duration)
    count = counted(len(made.tracks), "song")
    console.print(
        f"\n{count}, {total}. Score: how much each song sounds like the one before it", style="dim"
    )
    for note in made.notes:
        console.print(Text(f"Note: {printable(note)}", style="yellow"), soft_wrap=True)
    print_left_out(made.left_out, min_length=min_length)
