"""The command line: it turns arguments into calls of `earmark.workflows` and answers into text."""

from earmark.cli._start import main

__all__ = ["main"]
