"""Artist, title and genre that an audio file says of itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from earmark.types import PathName

__all__ = ["read_tags"]

# What containers call them, in lower case; where two are there, the first counts.
_NAMES = {
    "artist": ("artist", "tpe1", "author", "albumartist", "album artist", "tpe2"),
    "title": ("title", "tit2"),
    "genre": ("genre", "tcon", "wm/genre"),
}


def _text(value: Any) -> str:
    """Return the first text of a tag: files may hold several, or a frame that holds several."""
    genres = getattr(value, "genres", None)  # an ID3 frame, its numbers turned into names
    texts = genres if genres is not None else getattr(value, "text", value)
    first = (texts or [""])[0] if isinstance(texts, (list, tuple)) else texts
    return str(getattr(first, "value", first)).strip()


def read_tags(path: PathName) -> Mapping[str, str]:
    """Read what an audio file says of itself.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    mapping of str to str
        ``artist``, ``title`` and ``genre``; ``""`` for what it does not say or cannot be read.
    """
    import mutagen

    try:
        file = mutagen.File(os.fspath(path), easy=True)
        tags = {str(name).lower(): value for name, value in (file.items() if file else ())}
    except (mutagen.MutagenError, OSError, ValueError, KeyError):
        tags = {}
    found = {}
    for kind, names in _NAMES.items():
        texts = (_text(tags[name]) for name in names if name in tags)
        found[kind] = next(filter(None, texts), "")
    return found
