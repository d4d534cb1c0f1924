"""HTML pages of results, as an option of several commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.arguments import PAGE_ENDINGS, check_ending
from earmark.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    from earmark.evaluation import Results

__all__ = ["Overwrite", "Page", "check_page", "write_page"]

Page = Annotated[
    Path | None,
    typer.Option("--report", help="HTML page to write: tables and figures.", show_default=False),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a page that is there.")]


def check_page(path: Path | None, *, overwrite: bool) -> None:
    """Refuse, before anything is done, a page that could not be written at the end."""
    if path is None:
        return
    check_ending("report", path, PAGE_ENDINGS)
    if not path.parent.is_dir():
        raise ParameterError(f"report={str(path)!r}: its folder does not exist")
    if path.is_dir() or (path.exists() and not overwrite):
        raise ParameterError(
            f"report={str(path)!r} exists: delete it, choose another, or ask to overwrite it"
        )


def write_page(
    path: Path, results: Sequence[Results], *, comparison: Mapping[str, Any] | None = None
) -> None:
    """Write the HTML page of one results file or several, with what a comparison found."""
    try:
        from earmark.figures import results_page
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    page = results_page([one.to_dict() for one in results], comparison=comparison)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(path)
