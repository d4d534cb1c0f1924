"""``earmark playlist``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from earmark.cli._library_options import LibraryOption
from earmark.cli._library_tables import genre_text
from earmark.cli._output import printable, progress_bar, shortened, stdout, time_text
from earmark.cli.similar import told_cache_warnings

if TYPE_CHECKING:
    from earmark.recommend import Playlist

__all__ = ["add_to"]

_HELP = (
    "Make a playlist: like some songs, from one song to another, or of a genre.\n\n"
    "Tracks are told by number, path, or words that artist and title of one track hold. No artist "
    "comes twice in a row and no recording twice. Without --output it is shown; with it, written "
    "as M3U8, PLS, XSPF, CSV or JSON, paths relative to the file's folder unless --absolute."
)
_EXAMPLES = (
    "Examples:  earmark playlist --like 'blue train' -o evening.m3u8  ·  "
    "earmark playlist --from 17 --to 'master of puppets' --tracks 15  ·  "
    "earmark playlist --genre reggae --minutes 60 -o reggae.xspf"
)


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("playlist", help=_HELP, epilog=_EXAMPLES, no_args_is_help=True)(_playlist)


def _playlist(
    like: Annotated[
        list[str] | None,
        typer.Option("--like", help="Like this track; may be repeated.", show_default=False),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="The track to begin with.", show_default=False)
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="The track to end with.", show_default=False)
    ] = None,
    genre: Annotated[
        str | None, typer.Option("--genre", "-g", help="Of this genre.", show_default=False)
    ] = None,
    tracks: Annotated[
        int | None, typer.Option("--tracks", "-n", min=1, help="How many songs.", show_default="25")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="How long instead.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another draws other songs.")] = 0,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="The file to write.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--format", help="m3u8, pls, xspf, csv or json.", show_default="the file's ending"
        ),
    ] = None,
    absolute: Annotated[bool, typer.Option("--absolute", help="Write absolute paths.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    library: LibraryOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The playlist, as JSON.")] = False,
) -> None:
    from earmark.recommend import render
    from earmark.workflows.playlist import check_target, format_of, make_playlist, write_playlist

    chosen = format_of(output or "", kind)
    if output is not None:
        check_target(output, overwrite=overwrite)
    with told_cache_warnings(), progress_bar("Indexing") as progress:
        made = make_playlist(
            like=like or (),
            from_=from_,
            to=to,
            genre=genre,
            tracks=tracks,
            minutes=minutes,
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
    _print(made)
    if written is not None:
        typer.echo(f"written to {printable(written)}")


def _print(made: Playlist) -> None:
    console = stdout()
    console.print(Text(printable(made.title), style="bold"), soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("No.", justify="right", no_wrap=True, style="dim")
    table.add_column("Track", overflow="fold", ratio=1)
    table.add_column("Genre", no_wrap=True)
    table.add_column("Length", justify="right", no_wrap=True)
    table.add_column("Near", justify="right", no_wrap=True)
    steps: list[str] = ["", *(f"{max(0.0, step):.2f}" for step in made.steps)]
    for track, step in zip(made.tracks, steps, strict=False):
        length = "" if track.duration is None else time_text(track.duration)
        name = Text(shortened(track.caption))
        table.add_row(str(track.id), name, genre_text(track), length, step)
    console.print(table)
    total = time_text(made.duration)
    console.print(f"\n{len(made.tracks)} songs, {total}; Near: to the song before", style="dim")
    for note in made.notes:
        console.print(Text("note", style="yellow"), Text(printable(note)), soft_wrap=True)
