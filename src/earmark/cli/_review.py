"""Asking about tracks, one after the other, in a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from earmark.cli._library_tables import words_of
from earmark.cli._output import printable, stdout, time_text
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.errors import UnknownGenreError
    from earmark.library import LibraryTrack, Review

__all__ = ["confirm_new_genre", "run_review"]

_HELP = """\
  1, 2, 3 ...   set the genre with this number
  a genre       set this genre; a new one must be confirmed
  Enter or n    leave this track as it is and show the next one
  b             go back to the previous track
  u             undo the last genre you set
  ?             show this help and the known genres
  q             quit; the genres you set are kept"""


def run_review(review: Review) -> None:
    """Ask about each track until the end, or until the user ends it."""
    shown = -1
    while (track := review.track) is not None:
        if shown != review.position:
            _show(review, track)
            shown = review.position
        typed = _typed("Genre (Enter: next, ?: help)")
        if typed is None or typed == "q":
            break
        if typed == "u":
            shown = -1 if _undone(review) else shown
        elif not _followed(review, typed):
            _set(review, typed)
    else:
        stdout().print("\nThat was the last track", style="dim")
    count = f"{counted(review.n_set, 'genre')} set"
    undo = ". Clear one with: earmark library set-genre TRACK --clear" if review.n_set else ""
    stdout().print(f"\n{count}{undo}")


def _typed(prompt: str) -> str | None:
    """Return what is typed; None after Ctrl-C, or at the end of the input."""
    typer.echo(f"{prompt}: ", nl=False)
    try:
        line = _read_line()
    except KeyboardInterrupt:
        line = ""
    if not line:
        typer.echo()
        return None
    return line.strip()


def _read_line() -> str:
    """Read a line; empty at the end of the input. `input` would write to standard error."""
    return sys.stdin.readline()


def _followed(review: Review, typed: str) -> bool:
    """Do what a letter stands for; tell whether it was one."""
    if typed in ("", "n"):
        review.skip()
    elif typed == "b":
        if not review.back():
            stdout().print("This is the first track", style="dim")
    elif typed == "?":
        genres = printable(", ".join(review.genres))
        stdout().print(Text(f"{_HELP}\nGenres: {genres}", style="dim"))
    else:
        return False
    return True


def _undone(review: Review) -> bool:
    track = review.undo()
    if track is None:
        stdout().print("There is nothing to undo", style="dim")
        return False
    stdout().print(Text(f"Undone: {printable(track.caption)}", style="dim"))
    return True


def _set(review: Review, typed: str) -> None:
    """Set the genre that was typed, or say why it is not set."""
    from earmark.errors import ParameterError, UnknownGenreError

    choices = review.choices
    if typed.isascii() and typed.isdigit():
        if not 1 <= int(typed) <= len(choices):
            stdout().print(f"No genre has the number {typed}. Type ? for help", style="dim")
            return
        typed = choices[int(typed) - 1]
        review.set(typed, new=True)  # a genre of its tags may be in no other place
        return
    try:
        genre = review.set(typed)
    except UnknownGenreError as error:
        if not confirm_new_genre(error):
            return
        genre = review.set(typed, new=True)
    except ParameterError:
        stdout().print(Text(f"{printable(typed)!r} is not a genre. Type ? for help", style="dim"))
        return
    if genre != typed:
        stdout().print(Text(f"Set to {printable(genre)}", style="dim"))


def confirm_new_genre(error: UnknownGenreError) -> bool:
    """Ask whether a genre is meant to be new; only ``y`` is a yes."""
    meant = f" Did you mean {' or '.join(error.nearest)}?" if error.nearest else ""
    text = f"{printable(error.genre)} is a new genre.{printable(meant)} Add it? y/N"
    answer = _typed(text)
    return answer is not None and answer.lower() in ("y", "yes")


def _show(review: Review, track: LibraryTrack) -> None:
    console = stdout()
    place = f"{review.position + 1:,} of {review.total:,}"
    console.print()
    console.print(Text(f"{place}  ", style="dim").append(printable(track.caption), "not dim bold"))
    length = "" if track.duration is None else f"  {time_text(track.duration)}"
    console.print(Text(f"{printable(track.name)}{length}", style="dim"), soft_wrap=True)
    answer = Text("Model: ", style="dim")
    answer.append(
        f"{printable(track.answer.genre or '')} {track.answer.confidence or 0:.0%}", "not dim bold"
    )
    if track.answer.runner_up is not None:
        share = track.answer.probabilities.get(track.answer.runner_up, 0)
        answer.append(f", then {printable(track.answer.runner_up)} {share:.0%}", "not dim")
    if track.unsure is not None:
        answer.append(f"  ({printable(words_of(track))})", "not dim yellow")
    console.print(answer)
    in_tags = printable(", ".join(track.tags.genres)) or "no genre"
    console.print(Text("Tags:  ", style="dim").append(in_tags, "not dim"))
    if track.corrected is not None:
        console.print(Text(f"You:   {printable(track.corrected)}", style="green"))
    line = Text()
    for number, genre in enumerate(review.choices, start=1):
        of_choice = track.answer.probabilities.get(genre)
        line.append(f"{number} ", style="bold cyan").append(printable(genre))
        line.append("   " if of_choice is None else f" {of_choice:.0%}   ", style="dim")
    console.print(line)
