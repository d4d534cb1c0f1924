"""What the commands share in printing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

__all__ = [
    "SILENT_MARK",
    "compile_first",
    "genre_legend",
    "genre_letters",
    "genre_strip",
    "genre_style",
    "plain_table",
    "print_card",
    "print_json",
    "printable",
    "shortened",
    "stdout",
    "time_text",
]

_COLOURS = (
    *("blue", "yellow", "green", "magenta", "cyan", "red", "bright_black", "bright_magenta"),
    *("bright_green", "bright_cyan", "bright_blue", "bright_yellow"),
)
_LONGEST = 120
"""Characters of a title that are shown in a table."""


def stdout() -> Console:
    """Return a console on standard output."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 110  # a file or a pipe has no width of its own
    return console


def printable(text: str) -> str:
    r"""Replace what a terminal would obey, or could not show, by its escape.

    Examples
    --------
    >>> printable("a\nb\x1b[31m\udcff")
    'a\\nb\\x1b[31m\\udcff'
    """
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


def shortened(text: str) -> str:
    """Make a text printable, and cut it where it would fill a screen."""
    return printable(
        text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    )


def plain_table(*columns: str | Column, **settings: Any) -> Table:
    """Return a table without lines, to be filled; `settings` are those of Rich."""
    return Table(*columns, **{"box": None, "pad_edge": False, "header_style": "bold", **settings})


def print_json(content: Any, *, indent: int | None = 1) -> None:
    """Print a record, or what JSON can hold, as JSON."""
    content = content if isinstance(content, dict) else content.to_dict()
    typer.echo(json.dumps(content, indent=indent))


def print_card(card: str) -> None:
    """Print a model card, Markdown, on standard output."""
    from rich.markdown import Markdown

    stdout().print(Markdown("\n".join(map(printable, card.split("\n")))))


def genre_letters(genres: tuple[str, ...]) -> dict[str, str]:
    """Give each genre a letter of its own: the first of its name that no other has.

    Examples
    --------
    >>> genre_letters(("classical", "country", "rock"))
    {'classical': 'c', 'country': 'o', 'rock': 'r'}
    """
    letters: dict[str, str] = {}
    for genre in genres:
        free = (letter for letter in genre.lower() if letter not in letters.values())
        letters[genre] = next(free, "?")
    return letters


def genre_style(genre: str, genres: tuple[str, ...]) -> str:
    """Return the Rich style a genre is shown in."""
    return f"black on {_COLOURS[genres.index(genre) % len(_COLOURS)]}"


SILENT_MARK = "\N{MIDDLE DOT}"
"""What stands for a silent clip."""


def genre_legend(
    clips: Collection[str | None], genres: tuple[str, ...], width: int, *, lead: Text
) -> Text:
    """Say which letter of a strip is which genre, in lines that break between two of them.

    Examples
    --------
    >>> print(genre_legend(["rock", "jazz", None], ("jazz", "rock"), 16, lead=Text("Clips:")))
    Clips:  j jazz
    r rock  · silent
    """
    letters = genre_letters(genres)
    entries = [lead]
    for genre in genres:
        if genre in clips:
            letter = Text(letters[genre], style=genre_style(genre, genres))
            entries.append(Text.assemble(letter, f" {genre}"))
    if None in clips:
        entries.append(Text(f"{SILENT_MARK} silent", style="dim"))
    legend, filled = Text(), 0
    for entry in entries:
        if filled and filled + 2 + entry.cell_len > width:
            legend.append("\n")
            filled = 0
        elif filled:
            legend.append("  ")
            filled += 2
        legend.append_text(entry)
        filled += entry.cell_len
    return legend


def genre_strip(clips: Sequence[str | None], genres: tuple[str, ...], width: int) -> Text:
    """Draw the genre of each clip, a dot for a silent one; in a long track, of several clips."""
    letters = genre_letters(genres)
    step = max(1, -(-len(clips) // width))
    strip = Text()
    for start in range(0, len(clips), step):
        several = clips[start : start + step]
        genre = max(several, key=several.count)
        if genre is None:
            strip.append(SILENT_MARK, style="dim")
        else:
            strip.append(letters[genre], style=genre_style(genre, genres))
    return strip


def time_text(seconds: float) -> str:
    """Write a duration as minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def compile_first() -> None:
    """Compile the inner loops where that was not done yet, and say so on a terminal."""
    from earmark.features import is_compiled
    from earmark.workflows.warmup import warmup

    if is_compiled():
        return
    console = Console(file=sys.stderr)
    if console.is_terminal:
        console.print(
            "Compiling numeric code. This takes about ten seconds and happens only once",
            style="dim",
        )
    warmup()
