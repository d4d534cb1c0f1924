"""``earmark warmup``."""

from __future__ import annotations

import typer

from earmark.cli._help import examples

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("warmup", epilog=examples("earmark warmup"))(_warmup)


def _warmup() -> None:
    """Compile the numeric code now, so that the first analysis does not wait ten seconds for it."""
    from earmark.workflows.warmup import warmup

    done = warmup()
    kept = (
        f"The compiled code is kept in {done.folder}"
        if done.folder
        else "The compiled code is not kept: no cache folder is writable. Set NUMBA_CACHE_DIR to "
        "one that is"
    )
    typer.echo(f"Ready after {done.seconds:.1f} s. {kept}")
