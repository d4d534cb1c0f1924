"""How a library is shown in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from earmark.cli._output import (
    genre_legend,
    genre_strip,
    plain_table,
    printable,
    shortened,
    stdout,
    time_text,
)
from earmark.wording import UNSURE_WORDS, unsure_words

if TYPE_CHECKING:
    from earmark.library import LibraryStats, LibraryTrack
    from earmark.workflows.library import TrackDetails

__all__ = ["genre_text", "print_details", "print_stats", "print_tracks", "words_of"]

_STRIP_WIDTH = 60
_BAR_WIDTH = 30
_NARROW = 90  # columns, below which less is shown so that names can be read


def genre_text(track: LibraryTrack, *, short: bool = False) -> Text:
    """Write the genre of a track: the user's, the model's, or why it is unsure, maybe in short."""
    if track.corrected is not None:
        return Text(f"{printable(track.corrected)} \N{CHECK MARK}", style="bold green")
    if track.state == "failed":
        return Text("failed", style="red")
    if track.unsure is not None:
        words = UNSURE_WORDS[track.unsure] if short else words_of(track)
        return Text(printable(words), style="yellow")
    if track.answer.genre is None:
        return Text("")
    return Text(track.answer.genre, style="bold")


def words_of(track: LibraryTrack) -> str:
    """Say why the answer of a track is unsure."""
    if track.unsure is None:
        return ""
    return unsure_words(track.unsure, genre=track.answer.genre, runner_up=track.answer.runner_up)


def print_tracks(tracks: Sequence[LibraryTrack], *, with_warnings: bool = False) -> None:
    """Print tracks as a table, with their warnings below each where they are wanted."""
    if not tracks:
        return
    console = stdout()
    narrow = console.width < _NARROW
    table = plain_table()
    table.add_column("No.", justify="right", no_wrap=True, style="dim")
    table.add_column("Track", overflow="fold", ratio=1)
    if not narrow:
        table.add_column("Year", justify="right", no_wrap=True)
        table.add_column("Length", justify="right", no_wrap=True)
    table.add_column("Genre", no_wrap=True)
    table.add_column("Confidence" if not narrow else "", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("In tags", overflow="ellipsis", max_width=20)
    for track in tracks:
        confidence = "" if track.answer.confidence is None else f"{track.answer.confidence:.0%}"
        name = Text(shortened(track.caption))
        for warning in track.warnings if with_warnings else ():
            name.append(f"\n{printable(warning)}", style="yellow")
        row: list[Text | str] = [str(track.id), name]
        if not narrow:
            row.append("" if track.tags.year is None else str(track.tags.year))
            row.append("" if track.duration is None else time_text(track.duration))
        genre = genre_text(track, short=narrow)
        if track.answer.genre is not None and track.answer.genre not in genre.plain:
            confidence = f"{printable(track.answer.genre)} {confidence}"  # what it is the share of
        row += [genre, "" if track.corrected else confidence]
        if not narrow:
            row.append(Text(printable(", ".join(track.tags.genres)), style="dim"))
        table.add_row(*row)
    console.print(table)


def print_details(details: TrackDetails) -> None:
    """Print one track: its genre in time, tags beside prediction, the nearest songs."""
    console, track = stdout(), details.track
    console.print(
        Text(printable(track.caption), style="bold"), Text(f"no. {track.id}", style="dim")
    )
    console.print(Text(printable(track.name), style="dim"), soft_wrap=True)
    if track.missing:
        console.print("File not found: it was moved, renamed or deleted", style="red")
    for warning in track.warnings:
        console.print(Text(f"warning  {printable(warning)}", style="yellow"))
    if track.error_reason is not None:
        console.print(Text(f"failed  {printable(track.error_reason)}", style="red"))
    console.print(_facts(track))
    if details.answer is not None:
        _print_timeline(details)
    if details.neighbours:
        console.print("\nSimilar songs", style="bold")
        table = plain_table(show_header=False)
        table.add_column(justify="right", style="dim")
        table.add_column(overflow="fold", ratio=2)
        table.add_column(overflow="fold", ratio=3, style="dim")
        for neighbour in details.neighbours:
            table.add_row(
                str(neighbour.track.id),
                Text(shortened(neighbour.track.caption)),
                Text(printable(neighbour.why)),
            )
        console.print(table)


def _facts(track: LibraryTrack) -> Table:
    table = plain_table(show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    in_tags = printable(", ".join(track.tags.genres)) or "no genre"
    table.add_row("In tags", Text(in_tags))
    if track.corrected is not None:
        table.add_row("Your genre", Text(printable(track.corrected), style="bold green"))
    if track.answer.genre is not None and track.answer.confidence is not None:
        answer = Text(f"{track.answer.genre} {track.answer.confidence:.0%}", style="bold")
        if track.unsure is not None:
            answer.append(f"  {printable(words_of(track))}", style="yellow")
        table.add_row("Sounds like", answer)
        ranked = sorted(track.answer.probabilities.items(), key=lambda item: -item[1])[1:4]
        others = ", ".join(f"{printable(genre)} {share:.0%}" for genre, share in ranked)
        table.add_row("Also possible", Text(others))
    elif track.unsure is not None:
        table.add_row("Sounds like", Text(words_of(track), style="yellow"))
    tempo = track.measurements.get("tempo")
    for name, value in (
        ("Album", shortened(track.tags.album)),
        ("Year", track.tags.year),
        ("Length", None if track.duration is None else time_text(track.duration)),
        ("Tempo", None if not tempo else f"{tempo:.0f} beats per minute"),
    ):
        if value:
            table.add_row(name, Text(str(value)))
    return table


def _print_timeline(details: TrackDetails) -> None:
    answer = details.answer
    if answer is None:
        return
    console = stdout()
    clips = [
        answer.classes[at] if counts else None
        for at, counts in zip(answer.timeline.argmax(axis=1), answer.sounding, strict=True)
    ]
    line = Text("0:00 ", style="dim")
    line.append_text(genre_strip(clips, answer.classes, _STRIP_WIDTH))
    line.append(f" {time_text(float(answer.bounds[-1, 1]))} ", style="dim")
    console.print()
    console.print(genre_legend(clips, answer.classes, console.width, lead=line))


def print_stats(stats: LibraryStats) -> None:
    """Print a library in numbers."""
    console = stdout()
    console.print(Text(printable(stats.path), style="dim"), soft_wrap=True)
    table = plain_table(show_header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    hours = stats.duration / 3600
    unsure = sum(stats.n_unsure.values())
    for count, what in (
        (stats.n_tracks, f"tracks, {hours:,.1f} hours"),
        (stats.n_artists, "artists"),
        (stats.n_albums, "albums"),
        (stats.n_corrected, "corrected by you"),
        (unsure, f"unsure{_reasons(stats)}"),
        (stats.n_without_genre, "without a genre in tags"),
        (stats.n_failed, "failed (see earmark library failed)"),
        (stats.n_missing, "missing (remove with earmark library prune)"),
    ):
        if count or what.startswith("tracks"):
            table.add_row(f"{count:,}", what)
    console.print(table)
    if stats.genres:
        console.print()
        console.print(_bars(dict(stats.genres)))
    if stats.decades:
        console.print()
        console.print(_bars({f"{decade}s": count for decade, count in stats.decades.items()}))
    size = stats.n_bytes / 1e6
    console.print(f"\nSize of the library: {size:,.1f} MB", style="dim")


def _reasons(stats: LibraryStats) -> str:
    reasons = [f"{count:,} {UNSURE_WORDS[reason]}" for reason, count in stats.n_unsure.items()]
    return f" ({', '.join(reasons)})" if reasons else ""


def _bars(counts: dict[str, int]) -> Table:
    table = plain_table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    most = max(counts.values())
    for name, count in counts.items():
        bar = "\N{FULL BLOCK}" * max(1, round(_BAR_WIDTH * count / most))
        table.add_row(Text(printable(name)), f"{count:,}", Text(bar, style="cyan"))
    return table
