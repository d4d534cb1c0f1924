"""``earmark warmup``."""

from __future__ import annotations

import typer

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("warmup", epilog="Example:  earmark warmup")(_warmup)


def _warmup() -> None:
    """Compile the inner loops, which the first analysis would do otherwise; some ten seconds."""
    from earmark.workflows.warmup import warmup

    done = warmup()
    where = done.folder or "nowhere: no cache folder can be written (see NUMBA_CACHE_DIR)"
    typer.echo(f"ready after {done.seconds:.1f} s; compiled code is kept in {where}")
