"""What MkDocs does to each page: links to files outside ``docs`` become plain names of files."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["on_page_markdown"]

_OUTSIDE = re.compile(r"\[([^\]]*)\]\((?:\.\./)+((?:src|benchmarks|examples|tests)/[^)]*)\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace links that lead out of the site, which the repository's own pages follow.

    Parameters
    ----------
    markdown : str
        The page.

    Returns
    -------
    str
        The page, each such link being its text and the name of the file.
    """

    def plain(match: re.Match[str]) -> str:
        text, path = match[1], match[2]
        return text if path.rpartition("/")[2] in text else f"{text} (`{path}`)"

    return _OUTSIDE.sub(plain, markdown)
