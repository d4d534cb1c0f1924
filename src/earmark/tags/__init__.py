"""Read the tags of a file (artist, title, genre), and change its genre and nothing else.

A tag is split into entries of raw bytes, and those with a genre are replaced: frames of ID3v2 in
MP3, AIFF and WAV; Vorbis comments in FLAC, Ogg Vorbis and Opus; atoms in MP4; items of APEv2 in
WavPack, Monkey's Audio and Musepack; attributes in ASF. If a file has several tags, all with a
genre are changed.
"""

from earmark.tags._cue_albums import (
    CueAlbum,
    CueTrack,
    cue_album,
    files_of_cue,
    sheet_fingerprints,
)
from earmark.tags._empty_genres import DEFAULT_EMPTY_GENRES, is_empty_genre, named_genres
from earmark.tags._files import (
    can_write,
    other_tags,
    preview_genres,
    read_genre_state,
    read_tags,
    restore_genre_state,
    write_genres,
)
from earmark.tags._id3v1 import listed_genre
from earmark.tags._tags import GenreState, Tags
from earmark.tags._witness import seen_by_mutagen

__all__ = [
    "DEFAULT_EMPTY_GENRES",
    "CueAlbum",
    "CueTrack",
    "GenreState",
    "Tags",
    "can_write",
    "cue_album",
    "files_of_cue",
    "is_empty_genre",
    "listed_genre",
    "named_genres",
    "other_tags",
    "preview_genres",
    "read_genre_state",
    "read_tags",
    "restore_genre_state",
    "seen_by_mutagen",
    "sheet_fingerprints",
    "write_genres",
]
