"""How files are organised: where they go, under which names, and by which genre."""

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
"""How files can get to their places."""

GenreSource = Literal["predicted", "tag", "tag-or-predicted"]
"""Where genres come from, unless the user has corrected them."""

_BY = "genre/artist"


@dataclass(frozen=True)
class OrganisePolicy:
    """How files are organised.

    Attributes
    ----------
    into : str
        The folder they go into; made absolute.
    by : str
        Levels of folders with ``/`` between them: genre, artist, albumartist, album, year or
        decade. Files keep their names. ``""``: see `template`.
    mode : {"link", "copy", "move"}
        How they get there. A link is a symbolic link to the absolute path of the file.
    keep_unsure : bool
        Whether unsure and silent tracks stay where they are; else they go into a folder ``Unsure``.
    names : mapping of str to str
        The user's names for the model's genres; ``""``: such tracks stay where they are.
    template : str
        Pattern for folder and file names, instead of `by`, such as
        ``"{genre}/{albumartist}/{year} {album}/{disc}-{track:02} {title}"``. Other fields: artist,
        decade, composer, filename, extension. The ending of a file is always kept.
    genre_source : {"predicted", "tag", "tag-or-predicted"}
        Where genres come from, unless the user has corrected them: the model, the file's tags, or
        the tags and, where they have none, the model.
    per_album : bool
        Whether the songs of an album in one folder get one genre, by majority vote.
    sidecars : bool
        Whether covers, lyrics, cue sheets, logs and booklets go with their songs.
    treat_as_empty : tuple of str
        Genres of tags that count as none, besides `earmark.tags.DEFAULT_EMPTY_GENRES`.
    roots : tuple of str
        Folders that were scanned: names of folders in them stand in for missing tags.

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
        self.places  # noqa: B018  (a bad template is refused at once)

    @cached_property
    def places(self) -> Template:
        """The pattern for the places of files."""
        return Template(self.template) if self.template else template_by(self.by)
