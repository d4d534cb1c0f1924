"""HTML reports of results, which several commands write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.arguments import PAGE_ENDINGS
from earmark.errors import MissingExtraError
from earmark.files import atomic_write, check_target

if TYPE_CHECKING:
    from earmark.evaluation import Results

__all__ = ["check_page", "write_page"]


def check_page(path: Path | None, *, overwrite: bool) -> None:
    """Refuse, before anything is done, a page that could not be written at the end."""
    check_target(path, overwrite=overwrite, name="report", endings=PAGE_ENDINGS)


def write_page(
    path: Path, results: Sequence[Results], *, comparison: Mapping[str, Any] | None = None
) -> None:
    """Write the HTML page of one results file or several, with what a comparison found."""
    try:
        from earmark.figures import results_page
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    page = results_page([part.to_dict() for part in results], comparison=comparison)
    with atomic_write(path, "w") as file:
        file.write(page)
