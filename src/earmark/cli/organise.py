"""``earmark organise``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._changing import (
    AllOption,
    LimitOption,
    NamesOption,
    add_undo_and_history,
    print_kept,
    print_plan,
    print_rows,
    print_run,
)
from earmark.cli._commands import command, group
from earmark.cli._library_options import (
    FILTERS,
    LibraryOption,
    TreatAsEmptyOption,
    filters_of,
    with_options,
)
from earmark.cli._options import JsonOption, OverwriteOption, PlanOutputOption, argument, option
from earmark.cli._output import plain_table, printable, stdout
from earmark.cli._progress import progress_bar
from earmark.errors import ParameterError
from earmark.wording import UNSURE_WORDS, counted

if TYPE_CHECKING:
    from earmark.changes.files import OrganisePlan, OrganiseRow

__all__ = ["app"]

app = group(
    "organise",
    "Sort files into folders by genre, artist and so on: make a plan, apply it, undo it.\n\n"
    "No file is ever overwritten. If two files would get the same name, the first one gets it and "
    "the other is listed. File names are made safe for Windows, macOS and Linux. Covers, lyrics, "
    "cue sheets, logs and booklets move with their songs.",
    "earmark organise plan --into ~/Sorted -o plan.csv",
    "earmark organise apply plan.csv",
    "earmark organise undo",
)

_IntoOption = Annotated[Path | None, option("--into FOLDER", "Folder to sort the files into.")]
_ByOption = Annotated[
    str,
    option(
        "--by LEVELS",
        "Levels of folders, separated by /: genre, artist, albumartist, album, year or "
        "decade. Files keep their names.",
    ),
]
_TemplateOption = Annotated[
    str | None,
    option(
        "--template TEXT",
        "Pattern for folder and file names, instead of --by. Example: "
        "'{genre}/{artist}/{year} {album}/{track:02} {title}'. Other fields: "
        "albumartist, composer, decade, disc, filename, extension.",
    ),
]
_SourceOption = Annotated[
    str,
    option(
        "--genre-source SOURCE",
        "Where the genre comes from: predicted (the model), tag, or tag-or-predicted (the tag "
        "if there is one). Your corrections always come first.",
    ),
]
_PerAlbumOption = Annotated[
    bool,
    option(
        "--per-album/--no-per-album",
        "Give all songs of an album in one folder the same genre, by majority vote.",
    ),
]
_SidecarsOption = Annotated[
    bool,
    option(
        "--sidecars/--no-sidecars",
        "Place covers, lyrics, cue sheets, logs and booklets with their songs.",
    ),
]
_ModeOption = Annotated[
    str,
    option("--mode -m MODE", "What to do with files: link (make symbolic links), copy or move."),
]
_KeepUnsureOption = Annotated[
    bool,
    option(
        "--keep-unsure",
        "Leave unsure and silent songs where they are, instead of placing them in a folder "
        "named Unsure.",
    ),
]


_OPTIONS: Mapping[str, tuple[Any, Any]] = {
    "into": (_IntoOption, None),
    "by": (_ByOption, "genre/artist"),
    "template": (_TemplateOption, None),
    "mode": (_ModeOption, "link"),
    "genre_source": (_SourceOption, "predicted"),
    "per_album": (_PerAlbumOption, True),
    "treat_as_empty": (TreatAsEmptyOption, None),
    "sidecars": (_SidecarsOption, True),
    "library": (LibraryOption, None),
    "keep_unsure": (_KeepUnsureOption, False),
    "names": (NamesOption, None),
    **{name: FILTERS[name] for name in ("genre", "artist", "album", "year", "folder")},
}
"""What a plan is made from: the options and their defaults."""

_FILTERS = ("genre", "artist", "album", "year", "folder", "treat_as_empty")


@dataclass(frozen=True)
class _Request:
    """What a plan is made from."""

    into: Path | None
    library: str | None
    arguments: Mapping[str, Any]

    @classmethod
    def of(cls, *, into: Path | None, library: str | None, **given: Any) -> _Request:
        filters = filters_of(**{name: given.pop(name) for name in _FILTERS})
        filters = replace(filters, missing=None, state=None)
        return cls(into, library, {"filters": filters, **given})

    def make_plan(self, **output: Any) -> OrganisePlan:
        """Make the plan."""
        from earmark.workflows.organise import plan_organise

        if self.into is None:
            raise ParameterError("Pass --into FOLDER: the folder to sort the files into")
        with progress_bar("Planning") as progress:
            return plan_organise(
                into=self.into, library=self.library, progress=progress, **self.arguments, **output
            )


@command(
    app,
    "earmark organise plan --into ~/Sorted",
    "earmark organise plan --into ~/Sorted --by decade/genre --mode copy -o plan.csv",
)
@with_options("request", _OPTIONS, _Request.of)
def _plan(
    request: _Request,
    output: PlanOutputOption = None,
    limit: LimitOption = 100,
    show_kept: AllOption = False,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show where each file would go. No file is changed."""
    plan = request.make_plan(output=output, overwrite=overwrite)
    show = partial(_show, plan, limit=limit, show_kept=show_kept)
    print_plan("organise", plan, show, output=output, as_json=as_json)


@command(
    app,
    "earmark organise apply plan.csv",
    "earmark organise apply --into ~/Sorted --mode move --yes",
    no_args_is_help=True,
)
@with_options("request", _OPTIONS, _Request.of)
def _apply(
    plan: Annotated[
        str | None, argument("PLAN", "Plan file, written by earmark organise plan -o.")
    ] = None,
    yes: Annotated[
        bool, option("--yes -y", "Without PLAN: make a plan, show it and apply it.")
    ] = False,
    *,
    request: _Request,
    limit: LimitOption = 100,
    as_json: JsonOption = False,
) -> None:
    """Apply a plan. Each file is placed completely or stays where it is."""
    from earmark.workflows.changes import apply_changes

    if plan is not None and request.into is not None:
        raise ParameterError("PLAN and --into cannot be combined: a plan already names its folder")
    what: OrganisePlan | str
    if plan is not None:
        what = plan
    else:
        what = request.make_plan()
        if not as_json:
            _show(what, limit=limit, show_kept=False)
        if not yes:
            raise ParameterError("Nothing was changed. Check the plan, then pass --yes to apply it")
    with progress_bar("Placing") as progress:
        run = apply_changes(what, kind="organise", library=request.library, progress=progress)
    print_run("organise", run, as_json=as_json)


add_undo_and_history(
    app,
    "organise",
    undo="Undo an apply: remove the links and copies it made, and move files back.",
    settings=["mode", "into"],
)


def _bytes_text(size: int) -> str:
    """Write a number of bytes.

    Examples
    --------
    >>> _bytes_text(999), _bytes_text(12_345_678)
    ('999 bytes', '12.3 MB')
    """
    for unit, text in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {text}"
    return counted(size, "byte")


def _table(rows: Sequence[OrganiseRow]) -> Table:
    table = plain_table()
    table.add_column("Action", no_wrap=True)
    table.add_column("File", overflow="fold", ratio=1)
    table.add_column("New place", overflow="fold", ratio=1)
    for row in rows:
        style = "dim" if row.action == "keep" else ""
        target = row.target if row.action != "keep" else row.why
        into = Text(printable(target))
        if row.note and row.action != "keep":
            into.append(f"  ({printable(row.note)})", style="dim")
        table.add_row(Text(row.action), Text(printable(row.path)), into, style=style)
    return table


def _show(plan: OrganisePlan, *, limit: int, show_kept: bool) -> None:
    """Print the files of a plan, what collides, why others are kept, and what it takes."""
    console = stdout()
    print_rows(plan, limit=limit, show_kept=show_kept, table=_table)
    for row in plan.collisions[: limit or None]:
        cells = (printable(row.path), printable(row.target), row.why, printable(row.taken_by))
        name, target, why, other = map(escape, cells)
        console.print(
            f"[yellow]collision[/] {name}: {target}: {why}: {other}",
            soft_wrap=True,
        )
    into = escape(printable(plan.into))
    n_kept = len(plan.rows) - len(plan.to_change)
    n_sidecars = sum(row.kind == "sidecar" for row in plan.to_change)
    along = f" ({n_sidecars:,} of them covers, lyrics and similar files)" if n_sidecars else ""
    console.print(
        f"{counted(len(plan.to_change), 'file')} to {plan.mode} into {into}{along}, "
        f"{n_kept:,} to leave as they are",
        soft_wrap=True,
    )
    print_kept(plan)
    for note, count in plan.notes.items():
        where = ", placed in the folder Unsure" if note in UNSURE_WORDS.values() else ""
        console.print(f"  {count:,}  {escape(note)}{where}", style="dim", soft_wrap=True)
    if plan.bytes_needed and plan.bytes_free is not None:
        space = f"{_bytes_text(plan.bytes_needed)} needed, {_bytes_text(plan.bytes_free)} free"
        console.print(space if plan.fits else f"[red]Not enough space:[/] {space}")
