"""``earmark classify``."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._commands import command
from earmark.cli._options import AudioPathsArgument, JobsOption, ModelOption, option
from earmark.cli._output import (
    compile_first,
    genre_legend,
    genre_strip,
    plain_table,
    printable,
    stdout,
    time_text,
)
from earmark.cli._progress import progress_bar
from earmark.errors import ParameterError
from earmark.wording import UNSURE_WORDS, unsure_words

if TYPE_CHECKING:
    from earmark.types import Unsure

__all__ = ["app"]

app = typer.Typer()

_STRIP_WIDTH = 24
_NARROW = 90  # columns, below which the table says less so that names can be read


@command(
    app,
    "earmark classify ~/Music",
    "earmark classify a.mp3 b.flac --json",
    "earmark classify ~/Music --csv > genres.csv",
    no_args_is_help=True,
)
def _classify(
    paths: AudioPathsArgument,
    model: ModelOption = "",
    jobs: JobsOption = None,
    as_json: Annotated[bool, option("--json", "Print one JSON document.")] = False,
    as_jsonl: Annotated[
        bool, option("--jsonl", "Print one JSON object per line, one for each track.")
    ] = False,
    as_csv: Annotated[bool, option("--csv", "Print CSV, one row for each track.")] = False,
) -> None:
    """Name the genre of audio files.

    Each track gets a genre as a whole and one for every 30 seconds. An answer you should not
    rely on says so: "not sure: between rock and metal" if the best genre is weak or close to
    the second, "not like any music I know" if nothing similar was in the training data. Silence
    does not count. If a cue sheet divides a file into tracks, each track gets its own genre.

    Exit code: 0 if all files were classified, 1 if some failed, 2 if the command was wrong.
    """
    from earmark.analysis import Classification
    from earmark.models import DEFAULT_MODEL, load_model
    from earmark.workflows.classify import classify_many

    if as_json + as_jsonl + as_csv > 1:
        raise ParameterError("--json, --jsonl and --csv cannot be combined. Choose one")
    loaded = load_model(model or DEFAULT_MODEL)
    n_failed = 0
    answered: list[Classification] = []
    stopped = False

    def counted(answers: Iterable[Classification]) -> Iterator[Classification]:
        nonlocal n_failed
        for answer in answers:
            n_failed += answer.error is not None
            yield answer

    compile_first()
    with progress_bar("Listening", streaming=as_jsonl or as_csv) as progress:
        answers = counted(
            classify_many(paths, model=model or DEFAULT_MODEL, jobs=jobs, progress=progress)
        )
        if as_json:
            _write_json(answers, loaded)
        elif as_jsonl:
            _write_jsonl(answers, loaded)
        elif as_csv:
            _write_csv(answers, loaded)
        else:
            try:
                answered.extend(answers)
            except KeyboardInterrupt:  # what was answered is not thrown away
                stopped = True
    if not (as_json or as_jsonl or as_csv):
        _print_table(answered, loaded.classes)
    if stopped:
        typer.echo("Stopped. The remaining files were not classified", err=True)
        raise typer.Exit(130)
    if n_failed:
        raise typer.Exit(1)


def _write(text: str, *, errors: str) -> None:
    """Write UTF-8 whatever the locale; a name that is not text is written as `errors` says."""
    sys.stdout.buffer.write(text.encode("utf-8", errors))
    sys.stdout.buffer.flush()


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def _write_json(answers: Iterable[Any], model: Any) -> None:
    from earmark.workflows.classify import classification_document

    # The escape Python writes for what is not Unicode is the very one that JSON reads.
    _write(
        _json(classification_document(answers, model=model), indent=1), errors="backslashreplace"
    )


def _write_jsonl(answers: Iterable[Any], model: Any) -> None:
    from earmark.workflows.classify import classification_document

    for answer in answers:
        document = classification_document([answer], model=model)
        (result,) = document.pop("results")
        _write(_json({**document, "result": result}), errors="backslashreplace")


def _write_csv(answers: Iterable[Any], model: Any) -> None:
    head = ["path", "duration", "genre", "confidence", "unsure", "runner_up"]
    parts = ["part", "start", "end", "artist", "title"]
    tail = ["warnings", "clips", "error_code", "error_message", *parts]

    def write_row(values: Iterable[object]) -> None:
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(values)
        _write(row.getvalue(), errors="surrogateescape")

    write_row([*head, *(f"p_{genre}" for genre in model.classes), *tail])
    for answer in answers:
        result = answer.to_dict()
        error = result["error"] or {"code": None, "message": None}
        write_row(
            [
                *(result[name] for name in head[:-1]),
                answer.runner_up,
                *(result["probabilities"].get(genre) for genre in model.classes),
                "; ".join(result["warnings"]),
                json.dumps(result["clips"]) if result["clips"] else None,
                error["code"],
                error["message"],
                *(result.get(name) for name in parts),
            ]
        )


_MEANINGS: Mapping[Unsure, str] = {
    "undecided": "answers this weak or this close are wrong more often than right",
    "unfamiliar": "unlike the music the model was trained on, so its confidence means little",
}


def _common_folder(paths: list[str]) -> str:
    """Return the folder all paths are in, with its separator, or nothing."""
    folders = {os.path.dirname(path) for path in paths}
    try:
        folder = os.path.commonpath(folders) if folders else ""
    except ValueError:  # absolute and relative ones
        folder = ""
    return os.path.join(folder, "") if folder else ""


def _print_table(answers: list[Any], genres: tuple[str, ...]) -> None:
    """Print answers, what is wrong with files, and a legend."""
    console = stdout()
    classified = [answer for answer in answers if answer.error is None]
    if classified:
        folder = _common_folder([answer.path for answer in classified])
        if folder:
            console.print(Text(printable(folder), style="dim"), soft_wrap=True)
        console.print(_table(classified, genres, folder, console.width))
        _print_legend(console, classified, genres)
    for answer in answers:
        for warning in answer.warnings:
            name = escape(printable(answer.name))
            console.print(f"[yellow]warning[/] {name}: {escape(warning)}", soft_wrap=True)
    for answer in answers:
        if answer.error is not None:
            name, reason = escape(printable(answer.name)), escape(printable(answer.error.reason))
            console.print(f"[red]failed[/]  {name}: {reason}", soft_wrap=True)
    n_unsure = sum(answer.unsure is not None for answer in classified)
    console.print(
        f"\n{len(classified)} classified ({n_unsure} unsure), "
        f"{len(answers) - len(classified)} failed",
        style="dim",
    )


def _table(answers: list[Any], genres: tuple[str, ...], folder: str, width: int) -> Table:
    """Lay answers out; a narrow table leaves out length and runner-up, and shortens the reasons."""
    narrow = width < _NARROW
    table = plain_table()
    table.add_column("File", overflow="fold", ratio=1)
    if not narrow:
        table.add_column("Length", justify="right", no_wrap=True)
    table.add_column("Genre", no_wrap=True)
    table.add_column("Confidence" if not narrow else "", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("Runner-up", no_wrap=True)
    table.add_column("Over time", no_wrap=True)
    strip_width = max(4, min(_STRIP_WIDTH, width // 4 - 10))
    for answer in answers:
        confidence, runner_up = "", ""
        if answer.genre is not None:
            confidence = f"{answer.confidence:.0%}"
            runner_up = f"{answer.runner_up} {answer.probabilities[answer.runner_up]:.0%}"
        if answer.unsure is None:
            genre = Text(answer.genre, style="bold")
        else:
            words = UNSURE_WORDS[answer.unsure]
            if not narrow:
                words = unsure_words(answer.unsure, genre=answer.genre, runner_up=answer.runner_up)
            genre = Text(words, style="yellow")
            if answer.genre is not None and answer.genre not in words:
                confidence = f"{answer.genre} {confidence}"
        row: list[Text | str] = [
            _name(answer, folder),
            genre,
            confidence,
        ]
        if not narrow:
            row.insert(1, time_text(answer.duration))
            row.append(runner_up)
        table.add_row(*row, genre_strip([clip.genre for clip in answer.clips], genres, strip_width))
    return table


def _name(answer: Any, folder: str) -> Text:
    """Return the name of a file or track; a part of a file with its title, if the sheet has it."""
    name = Text(printable(answer.name.removeprefix(folder)))
    if answer.part and answer.title:
        name.append(f"  {printable(answer.title)}", style="dim")
    return name


def _print_legend(console: Any, answers: list[Any], genres: tuple[str, ...]) -> None:
    seen = {clip.genre for answer in answers for clip in answer.clips}
    lead = Text("Genre over time, 30 s or more per letter:", style="dim")
    console.print()
    console.print(genre_legend(seen, genres, console.width, lead=lead))
    for reason, meaning in _MEANINGS.items():
        if any(answer.unsure == reason for answer in answers):
            console.print(f"{UNSURE_WORDS[reason]}: {meaning}", style="dim")
