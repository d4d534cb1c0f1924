"""How files are organised: where to, by what, and whose word on the genre counts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from earmark.changes.files._template import Template, template_by
from earmark.changes.files._transfer import Mode
from earmark.errors import ParameterError

__all__ = ["MODES", "GenreSource", "OrganisePolicy"]

MODES: tuple[Mode, ...] = ("link", "copy", "move")
"""How files can come to their places."""

GenreSource = Literal["predicted", "tag", "tag-or-predicted"]
"""Whose word on the genre counts, after the user's own."""

_BY = "genre/artist"


@dataclass(frozen=True)
class OrganisePolicy:
    """How files are organised.

    Attributes
    ----------
    into : str
        The folder they come into; made absolute.
    by : str
        What folders are named after, the outer first: some of `PARTS` with ``/`` between them;
        files keep their names. ``""``: see `template`.
    mode : {"link", "copy", "move"}
        How they come there. A link is a symbolic one to the absolute path of the file.
    keep_unsure : bool
        Whether tracks whose genre is unsure are kept where they are; else they come into a folder
        of their own.
    names : mapping of str to str
        What the user calls genres, by the model's name; ``""``: such tracks are kept.
    template : str
        Instead of `by`: how folders and files are named, see `earmark.changes.Template`.
    genre_source : {"predicted", "tag", "tag-or-predicted"}
        Whose word on the genre counts, after the user's own: the model's, that of the file's tags,
        or that of the tags and, where they have none, the model's.
    per_album : bool
        Whether the songs of an album that is in one folder get one genre, by vote.
    sidecars : bool
        Whether covers, lyrics, cue sheets, logs and booklets come along with their songs.
    treat_as_empty : tuple of str
        Genres of tags that count as none, besides `earmark.tags.DEFAULT_EMPTY_GENRES`.
    roots : tuple of str
        Folders that were scanned: the names of those below them can stand for tags that are
        absent.

    Raises
    ------
    ParameterError
        If a value cannot be used.
    """

    into: str
    by: str = _BY
    mode: Mode = "link"
    keep_unsure: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    genre_source: GenreSource = "predicted"
    per_album: bool = True
    sidecars: bool = True
    treat_as_empty: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.into or "\0" in self.into:
            raise ParameterError(f"into={self.into!r} is not a folder")
        object.__setattr__(self, "into", os.path.abspath(os.path.expanduser(self.into)))
        if os.path.lexists(self.into) and not os.path.isdir(self.into):
            raise ParameterError(f"into={self.into!r} is not a folder")
        if self.mode not in MODES:
            raise ParameterError(f"mode={self.mode!r} is not one of {', '.join(MODES)}")
        sources = get_args(GenreSource)
        if self.genre_source not in sources:
            raise ParameterError(
                f"genre_source={self.genre_source!r} is not one of {', '.join(sources)}"
            )
        if self.template and self.by not in ("", _BY):
            raise ParameterError("by and template cannot be combined. Choose one")
        if self.template:
            object.__setattr__(self, "by", "")
        self.places  # noqa: B018  (what is wrong with it is said when it is given)

    @cached_property
    def places(self) -> Template:
        """How places are made from what is known of a song."""
        return Template(self.template) if self.template else template_by(self.by)
