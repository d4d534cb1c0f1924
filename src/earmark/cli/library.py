"""``earmark library``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from earmark.cli._library_options import (
    ArtistOption,
    GenreOption,
    InOption,
    LibraryOption,
    MaxConfidenceOption,
    filters_of,
    with_filters,
)
from earmark.cli._library_tables import print_details, print_stats, print_tracks
from earmark.cli._output import printable, stdout
from earmark.cli._review import confirm_new_genre, run_review

if TYPE_CHECKING:
    from earmark.library import Filters, LibraryTrack

__all__ = ["add_to"]

_HELP = (
    "Ask the library that earmark scan made, correct it, and tidy it up.\n\n"
    "A TRACK is its number (earmark library list shows it), its path, or words that artist and "
    "title of one track hold."
)
_EXAMPLES = (
    "Examples:  earmark library list --genre jazz --year 1955-1965  ·  "
    "earmark library show 'blue train'  ·  earmark library set-genre 17 jazz  ·  "
    "earmark library export --csv > library.csv"
)
_SORTS = "path, artist, title, genre, confidence, doubt, year or added."
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    library = typer.Typer(no_args_is_help=True, help=_HELP, epilog=_EXAMPLES)
    for name, command, example in (
        ("list", _list, "earmark library list blue train  ·  earmark library list --genre jazz"),
        ("show", _show, "earmark library show 17  ·  earmark library show 'blue train' --json"),
        ("stats", _stats, "earmark library stats"),
        ("failed", _failed, "earmark library failed"),
        ("export", _export, "earmark library export --csv > library.csv"),
        ("review", _review, "earmark library review  ·  earmark library review --genre rock"),
        ("set-genre", _set_genre, "earmark library set-genre 17 18 19 jazz  ·  ... 17 --clear"),
        ("prune", _prune, "earmark library prune  ·  earmark library prune --yes"),
        ("forget", _forget, "earmark library forget /media/usb/Music --yes"),
    ):
        library.command(name, epilog=f"Example:  {example}")(command)
    app.add_typer(library, name="library")


@with_filters()
def _list(
    filters: Filters,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Only tracks whose artist or title contains every one of these words.",
            metavar="WORDS",
            show_default=False,
        ),
    ] = None,
    library: LibraryOption = None,
    sort: Annotated[str, typer.Option("--sort", help=f"By {_SORTS}")] = "path",
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="Maximum number of rows (0 for all).")
    ] = 100,
    as_json: JsonOption = False,
) -> None:
    """List tracks: genre, confidence, and what the tags say."""
    from dataclasses import replace

    from earmark.workflows.library import list_tracks

    named = tuple(word for text in words or () for word in text.split())
    page = list_tracks(
        replace(filters, words=named), library=library, sort=sort, limit=limit or None
    )
    if as_json:
        typer.echo(json.dumps(page.to_dict(), indent=1))
        return
    print_tracks(page.tracks, with_warnings=bool(filters.warned))
    more = page.total - len(page.tracks)
    count = "1 track" if page.total == 1 else f"{page.total:,} tracks"
    rest = f"; the other {more:,} are shown by --limit 0" if more else ""
    stdout().print(f"\n{count}{rest}", style="dim")


def _show(
    track: Annotated[str, typer.Argument(help="Number, path, or words.", show_default=False)],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one track: its genre in time, the tags beside the prediction, the nearest songs."""
    from earmark.workflows.library import show_track

    details = show_track(track, library=library)
    if as_json:
        typer.echo(json.dumps(details.to_dict(), indent=1))
        return
    print_details(details)


@with_filters(without=("missing",))
def _stats(
    filters: Filters,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count tracks, genres, artists, what is unsure, failed and gone."""
    from earmark.workflows.library import stats

    found = stats(filters, library=library)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1))
        return
    print_stats(found)


def _failed(
    library: LibraryOption = None, folder: InOption = None, as_json: JsonOption = False
) -> None:
    """List the files that could not be analysed, or only in part, and why."""
    from earmark.workflows.library import failed_tracks

    page = failed_tracks(filters_of(folder=folder), library=library)
    if as_json:
        typer.echo(json.dumps(page.to_dict(), indent=1))
        return
    for track in page.tracks:
        typer.echo(f"{printable(track.name)}: {printable(track.error_reason or '')}")
    warned = page.warned or ()
    for track in warned:
        for warning in track.warnings:
            typer.echo(f"warning: {printable(track.name)}: {printable(warning)}")
    others = f", {len(warned):,} analysed with warnings" if warned else ""
    stdout().print(f"\n{page.total:,} failed{others}", style="dim")
    if page.total:
        stdout().print("Try them again with: earmark scan --retry-failed", style="dim")


@with_filters()
def _export(
    filters: Filters,
    library: LibraryOption = None,
    sort: Annotated[str, typer.Option("--sort", help=f"By {_SORTS}")] = "path",
    as_csv: Annotated[bool, typer.Option("--csv", help="A table (the default).")] = False,
    as_json: JsonOption = False,
    as_lines: Annotated[bool, typer.Option("--jsonl", help="JSON, a track a line.")] = False,
) -> None:
    """Write tracks to standard output, for other programs."""
    from earmark.errors import ParameterError
    from earmark.workflows.library import export_tracks

    if as_csv + as_json + as_lines > 1:
        raise ParameterError("--csv, --json and --jsonl: choose one")
    kind = "json" if as_json else "jsonl" if as_lines else "csv"
    sys.stdout.flush()
    with open(sys.stdout.fileno(), "w", newline="", closefd=False, **_ENCODING) as output:
        export_tracks(output, filters, kind=cast(Any, kind), library=library, sort=sort)


_ENCODING: dict[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape"}


def _review(
    library: LibraryOption = None,
    genre: GenreOption = None,
    artist: ArtistOption = None,
    folder: InOption = None,
    max_confidence: MaxConfidenceOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Ask about every track, not only the doubtful ones.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Walk through the tracks whose genre is in doubt, and set it."""
    from earmark.library import open_library
    from earmark.workflows.library import TrackPage
    from earmark.workflows.review import Review, review_tracks

    filters = filters_of(genre=genre, artist=artist, folder=folder, max_confidence=max_confidence)
    tracks = review_tracks(filters, everything=everything, library=library)
    if as_json:
        typer.echo(json.dumps(TrackPage(tuple(tracks), len(tracks)).to_dict(), indent=1))
        return
    if not is_terminal():
        print_tracks(tracks)
        stdout().print(
            f"\n{len(tracks):,} to review; in a terminal, this command asks about each", style="dim"
        )
        return
    if not tracks:
        stdout().print("No genre is in doubt; --all asks about every track", style="dim")
        return
    with open_library(library) as opened:
        run_review(Review(opened, tracks))


def is_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin.isatty()


def _set_genre(
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="Tracks, then the genre; with --clear, tracks alone.",
            metavar="TRACK... GENRE",
            show_default=False,
        ),
    ],
    library: LibraryOption = None,
    clear: Annotated[bool, typer.Option("--clear", help="Clear the genre you set.")] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Add the genre if no track has it and no model knows it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Set the genre of tracks. It replaces what the model says, everywhere."""
    from earmark.errors import ParameterError, UnknownGenreError
    from earmark.workflows.library import TrackPage, set_genre

    tracks, genre = (arguments, None) if clear else (arguments[:-1], arguments[-1])
    if not tracks:
        raise ParameterError("TRACK... GENRE: a track and its genre are needed")
    try:
        found = set_genre(tracks, genre, new=new, library=library)
    except UnknownGenreError as error:
        if not is_terminal() or as_json:
            meant = f" Did you mean {' or '.join(error.nearest)}?" if error.nearest else ""
            raise ParameterError(
                f"{error.genre} is new to this library.{meant} Pass --new to add it"
            ) from error
        if not confirm_new_genre(error):
            raise typer.Exit(1) from None
        found = set_genre(tracks, genre, new=True, library=library)
    if as_json:
        typer.echo(json.dumps(TrackPage(tuple(found), len(found)).to_dict(), indent=1))
        return
    for track in found:
        typer.echo(f"{printable(track.caption)}: {printable(track.genre or 'no genre')}")


def _prune(
    library: LibraryOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only shown.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Forget tracks whose files are gone, with your corrections of them."""
    from earmark.workflows.library import prune_library

    gone = prune_library(library=library, preview=not yes)
    _tell_gone(gone, "forgotten", done=yes, as_json=as_json)


def _forget(
    folder: Annotated[str, typer.Argument(help="A folder that was scanned.", show_default=False)],
    library: LibraryOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only shown.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Scan a folder no longer, and mark its tracks whose files are gone."""
    from earmark.workflows.library import forget_folder

    gone = forget_folder(folder, library=library, preview=not yes)
    _tell_gone(gone, "marked as gone", done=yes, as_json=as_json)
    if not as_json and not yes and not gone:
        stdout().print("The folder would not be scanned any more; do it with --yes", style="dim")


def _tell_gone(gone: list[LibraryTrack], what: str, *, done: bool, as_json: bool) -> None:
    from earmark.workflows.library import TrackPage

    if as_json:
        typer.echo(json.dumps(TrackPage(tuple(gone), len(gone)).to_dict(), indent=1))
        return
    for track in gone:
        corrected = f" (you said: {printable(track.corrected)})" if track.corrected else ""
        typer.echo(f"{printable(track.name)}{corrected}")
    if done:
        stdout().print(f"\n{len(gone):,} {what}", style="dim")
    elif gone:
        stdout().print(f"\n{len(gone):,} would be {what}; do it with --yes", style="dim")
    else:
        stdout().print("Nothing is gone", style="dim")
