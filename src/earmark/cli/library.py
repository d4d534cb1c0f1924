"""``earmark library``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from earmark.cli._help import examples
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
from earmark.cli._options import JsonOption, YesOption
from earmark.cli._output import printable, stdout
from earmark.cli._review import confirm_new_genre, run_review
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.library import Filters, LibraryTrack

__all__ = ["add_to"]

_HELP = (
    "Search your library, correct genres, and remove what is gone.\n\n"
    "A TRACK is a number from earmark library list, a path, or words from the artist and title."
)
_EXAMPLES = examples(
    "earmark library list --genre jazz --year 1955-1965",
    "earmark library show 'blue train'",
    "earmark library set-genre 17 jazz",
    "earmark library export --csv > library.csv",
)
_SortOption = Annotated[
    str,
    typer.Option(
        "--sort",
        metavar="ORDER",
        help="Sort by path, artist, title, genre, confidence, doubt, year or added.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    library = typer.Typer(no_args_is_help=True, help=_HELP, epilog=_EXAMPLES)
    commands: tuple[tuple[Callable[..., None], tuple[str, ...]], ...] = (
        (_list, ("list blue train", "list --genre jazz")),
        (_show, ("show 17", "show 'blue train' --json")),
        (_stats, ("stats",)),
        (_failed, ("failed",)),
        (_export, ("export --csv > library.csv",)),
        (_review, ("review", "review --genre rock")),
        (_set_genre, ("set-genre 17 18 19 jazz", "set-genre 17 --clear")),
        (_prune, ("prune", "prune --yes")),
        (_forget, ("forget /media/usb/Music", "forget /media/usb/Music --yes")),
    )
    for command, uses in commands:
        name = uses[0].partition(" ")[0]
        epilog = examples(*(f"earmark library {use}" for use in uses))
        library.command(name, epilog=epilog)(command)
    app.add_typer(library, name="library")


@with_filters()
def _list(
    filters: Filters,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Only tracks whose artist and title contain all these words.",
            metavar="WORD",
            show_default=False,
        ),
    ] = None,
    library: LibraryOption = None,
    sort: _SortOption = "path",
    limit: Annotated[
        int,
        typer.Option(
            "--limit", "-n", metavar="N", min=0, help="Maximum number of rows (0 for all)."
        ),
    ] = 100,
    as_json: JsonOption = False,
) -> None:
    """List tracks with their genre, confidence and tags."""
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
    count = counted(page.total, "track")
    rest = f", {more:,} of them not shown. Show all with --limit 0" if more else ""
    stdout().print(f"\n{count}{rest}", style="dim")


def _show(
    track: Annotated[
        str,
        typer.Argument(
            metavar="TRACK",
            help="Number, path, or words from artist and title.",
            show_default=False,
        ),
    ],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a track: its tags, its genre as a whole and over time, and similar songs."""
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
    """Show how many tracks, artists and genres there are, and how many are unsure or missing."""
    from earmark.workflows.library import stats

    found = stats(filters, library=library)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1))
        return
    print_stats(found)


def _failed(
    library: LibraryOption = None, folder: InOption = None, as_json: JsonOption = False
) -> None:
    """List files that could not be analysed, or only partly, with the reason."""
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
        stdout().print("Try again with: earmark scan --retry-failed", style="dim")


@with_filters()
def _export(
    filters: Filters,
    library: LibraryOption = None,
    sort: _SortOption = "path",
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV (the default).")] = False,
    as_json: JsonOption = False,
    as_lines: Annotated[
        bool, typer.Option("--jsonl", help="Write one JSON object per line, one for each track.")
    ] = False,
) -> None:
    """Write tracks to standard output as CSV or JSON, for other programs."""
    from earmark.errors import ParameterError
    from earmark.workflows.library import export_tracks

    if as_csv + as_json + as_lines > 1:
        raise ParameterError("--csv, --json and --jsonl cannot be combined. Choose one")
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
        bool, typer.Option("--all", help="Ask about every track, not only the unsure ones.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Go through the tracks with an unsure genre, and set it."""
    from earmark.library import Review, TrackPage, open_library
    from earmark.workflows.library import review_tracks

    filters = filters_of(genre=genre, artist=artist, folder=folder, max_confidence=max_confidence)
    tracks = review_tracks(filters, everything=everything, library=library)
    if as_json:
        typer.echo(json.dumps(TrackPage(tuple(tracks), len(tracks)).to_dict(), indent=1))
        return
    if not is_terminal():
        print_tracks(tracks)
        stdout().print(
            f"\n{len(tracks):,} to review. Run this command in a terminal to set their genres",
            style="dim",
        )
        return
    if not tracks:
        stdout().print("No genre is unsure. Review every track with --all", style="dim")
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
            help="One or more tracks, then the genre (with --clear, only tracks).",
            metavar="TRACK... GENRE",
            show_default=False,
        ),
    ],
    library: LibraryOption = None,
    clear: Annotated[
        bool,
        typer.Option(
            "--clear", help="Remove the genre you set, so that the model's answer counts again."
        ),
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Allow a genre that no track has and no model knows.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Set the genre of tracks. Your genre replaces the model's answer everywhere."""
    from earmark.errors import ParameterError, UnknownGenreError
    from earmark.library import TrackPage
    from earmark.workflows.library import set_genre

    tracks, genre = (arguments, None) if clear else (arguments[:-1], arguments[-1])
    if not tracks:
        raise ParameterError("Give one or more tracks and then the genre, such as: 17 18 jazz")
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
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remove tracks from the library whose files no longer exist, with your corrections."""
    from earmark.workflows.library import prune_library

    gone = prune_library(library=library, preview=not yes)
    _tell_gone(gone, "removed", done=yes, as_json=as_json)


def _forget(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER", help="Folder that was scanned before.", show_default=False
        ),
    ],
    library: LibraryOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Stop scanning a folder, and mark its tracks whose files no longer exist as missing."""
    from earmark.workflows.library import forget_folder

    gone = forget_folder(folder, library=library, preview=not yes)
    _tell_gone(gone, "marked as missing", done=yes, as_json=as_json)
    if not as_json and not yes and not gone:
        stdout().print("The folder would no longer be scanned. Confirm with --yes", style="dim")


def _tell_gone(gone: list[LibraryTrack], what: str, *, done: bool, as_json: bool) -> None:
    from earmark.library import TrackPage

    if as_json:
        typer.echo(json.dumps(TrackPage(tuple(gone), len(gone)).to_dict(), indent=1))
        return
    for track in gone:
        corrected = f" (your genre: {printable(track.corrected)})" if track.corrected else ""
        typer.echo(f"{printable(track.name)}{corrected}")
    if done:
        stdout().print(f"\n{len(gone):,} {what}", style="dim")
    elif gone:
        stdout().print(f"\n{len(gone):,} would be {what}. Confirm with --yes", style="dim")
    else:
        stdout().print("No files are missing", style="dim")
