"""``earmark warmup``."""

from __future__ import annotations

import typer

from earmark.cli._commands import command

__all__ = ["app"]

app = typer.Typer()


@command(app, "earmark warmup")
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
