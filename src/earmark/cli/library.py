"""``earmark library``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from earmark.cli._commands import command, group
from earmark.cli._library_options import LibraryOption, with_filters
from earmark.cli._library_tables import print_details, print_stats, print_tracks
from earmark.cli._options import JsonOption, YesOption, argument, option
from earmark.cli._output import print_json, printable, stdout
from earmark.cli._review import confirm_new_genre, run_review
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.library import Filters, LibraryTrack

__all__ = ["app"]

app = group(
    "library",
    "Search your library, correct genres, and remove missing tracks.\n\n"
    "A TRACK is a number from earmark library list, a path, or words from the artist and title.",
    "earmark library list --genre jazz --year 1955-1965",
    "earmark library show 'blue train'",
    "earmark library set-genre 17 jazz",
    "earmark library export --csv > library.csv",
)
_SortOption = Annotated[
    str,
    option("--sort ORDER", "Sort by path, artist, title, genre, confidence, doubt, year or added."),
]


@command(app, "earmark library list blue train", "earmark library list --genre jazz")
@with_filters()
def _list(
    filters: Filters,
    words: Annotated[
        list[str] | None,
        argument("WORD", "Only tracks whose artist and title contain all these words."),
    ] = None,
    library: LibraryOption = None,
    sort: _SortOption = "path",
    limit: Annotated[
        int, option("--limit -n N", "Maximum number of rows (0 for all).", min=0)
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
        print_json(page)
        return
    print_tracks(page.tracks, with_warnings=bool(filters.warned))
    more = page.total - len(page.tracks)
    count = counted(page.total, "track")
    rest = f", {more:,} of them not shown. Show all with --limit 0" if more else ""
    stdout().print(f"\n{count}{rest}", style="dim")


@command(app, "earmark library show 17", "earmark library show 'blue train' --json")
def _show(
    track: Annotated[str, argument("TRACK", "Number, path, or words from artist and title.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a track: its tags, its genre as a whole and over time, and similar songs."""
    from earmark.workflows.library import show_track

    details = show_track(track, library=library)
    if as_json:
        print_json(details)
    else:
        print_details(details)


@command(app, "earmark library stats")
@with_filters(without=("missing",))
def _stats(
    filters: Filters,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how many tracks, artists and genres there are, and how many are unsure or missing."""
    from earmark.workflows.library import stats

    library_stats = stats(filters, library=library)
    if as_json:
        print_json(library_stats)
    else:
        print_stats(library_stats)


@command(app, "earmark library failed")
@with_filters(only=("folder",))
def _failed(
    library: LibraryOption = None, *, filters: Filters, as_json: JsonOption = False
) -> None:
    """List files that could not be analysed, or only partly, with the reason."""
    from earmark.workflows.library import failed_tracks

    page = failed_tracks(filters, library=library)
    if as_json:
        print_json(page)
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


@command(app, "earmark library export --csv > library.csv")
@with_filters()
def _export(
    filters: Filters,
    library: LibraryOption = None,
    sort: _SortOption = "path",
    as_csv: Annotated[bool, option("--csv", "Write CSV (the default).")] = False,
    as_json: JsonOption = False,
    as_lines: Annotated[
        bool, option("--jsonl", "Write one JSON object per line, one for each track.")
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


@command(app, "earmark library review", "earmark library review --genre rock")
@with_filters(only=("genre", "artist", "folder", "max_confidence"))
def _review(
    library: LibraryOption = None,
    *,
    filters: Filters,
    everything: Annotated[
        bool, option("--all", "Ask about every track, not only the unsure ones.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Go through the tracks with an unsure genre, and set it."""
    from earmark.library import Review, TrackPage, open_library
    from earmark.workflows.library import review_tracks

    tracks = review_tracks(filters, everything=everything, library=library)
    if as_json:
        print_json(TrackPage(tuple(tracks), len(tracks)))
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


@command(app, "earmark library set-genre 17 18 19 jazz", "earmark library set-genre 17 --clear")
def _set_genre(
    arguments: Annotated[
        list[str],
        argument(
            "TRACK... GENRE", "One or more tracks, then the genre (with --clear, only tracks)."
        ),
    ],
    library: LibraryOption = None,
    clear: Annotated[
        bool,
        option("--clear", "Remove the genre you set, so that the model's answer counts again."),
    ] = False,
    new: Annotated[
        bool, option("--new", "Allow a genre that no track has and no model knows.")
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
        corrected = set_genre(tracks, genre, new=new, library=library)
    except UnknownGenreError as error:
        if not is_terminal() or as_json:
            meant = f" Did you mean {' or '.join(error.nearest)}?" if error.nearest else ""
            raise ParameterError(
                f"{error.genre} is new to this library.{meant} Pass --new to add it"
            ) from error
        if not confirm_new_genre(error):
            raise typer.Exit(1) from None
        corrected = set_genre(tracks, genre, new=True, library=library)
    if as_json:
        print_json(TrackPage(tuple(corrected), len(corrected)))
        return
    for track in corrected:
        typer.echo(f"{printable(track.caption)}: {printable(track.genre or 'no genre')}")


@command(app, "earmark library prune", "earmark library prune --yes")
def _prune(
    library: LibraryOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remove tracks from the library whose files no longer exist, with your corrections."""
    from earmark.workflows.library import prune_library

    gone = prune_library(library=library, preview=not yes)
    _print_gone(gone, "removed", done=yes, as_json=as_json)


@command(
    app, "earmark library forget /media/usb/Music", "earmark library forget /media/usb/Music --yes"
)
def _forget(
    folder: Annotated[str, argument("FOLDER", "Folder that was scanned before.")],
    library: LibraryOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Stop scanning a folder, and mark its tracks whose files no longer exist as missing."""
    from earmark.workflows.library import forget_folder

    gone = forget_folder(folder, library=library, preview=not yes)
    _print_gone(gone, "marked as missing", done=yes, as_json=as_json)
    if not as_json and not yes and not gone:
        stdout().print("The folder would no longer be scanned. Confirm with --yes", style="dim")


def _print_gone(gone: list[LibraryTrack], what: str, *, done: bool, as_json: bool) -> None:
    from earmark.library import TrackPage

    if as_json:
        print_json(TrackPage(tuple(gone), len(gone)))
        return
    for track in gone:
        genre = f" (your genre: {printable(track.corrected)})" if track.corrected else ""
        typer.echo(f"{printable(track.name)}{genre}")
    if done:
        stdout().print(f"\n{len(gone):,} {what}", style="dim")
    elif gone:
        stdout().print(f"\n{len(gone):,} would be {what}. Confirm with --yes", style="dim")
    else:
        stdout().print("No files are missing", style="dim")
