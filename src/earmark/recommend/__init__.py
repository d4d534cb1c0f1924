"""What sounds alike: indexes of vectors, similar songs and why they are, playlists.

Importing this loads onnxruntime and no FAISS, which large libraries alone need.
"""

from earmark.recommend._candidates import FLOORS, MIN_LENGTH, By, LeftOut, Selection
from earmark.recommend._catalogue import Catalogue, Song
from earmark.recommend._filling import Length
from earmark.recommend._formats import FORMATS, PlaylistFormat, render
from earmark.recommend._indexes import ExactIndex, FaissIndex, Index
from earmark.recommend._library_indexes import CacheWarning, cache_path, style_index, timbre_index
from earmark.recommend._playlist import (
    PER_ARTIST,
    Playlist,
    playlist_between,
    playlist_like,
    playlist_of,
)
from earmark.recommend._reasons import why
from earmark.recommend._similar import Neighbour, Neighbourhood, find_similar

__all__ = [
    "FLOORS",
    "FORMATS",
    "MIN_LENGTH",
    "PER_ARTIST",
    "By",
    "CacheWarning",
    "Catalogue",
    "ExactIndex",
    "FaissIndex",
    "Index",
    "LeftOut",
    "Length",
    "Neighbour",
    "Neighbourhood",
    "Playlist",
    "PlaylistFormat",
    "Selection",
    "Song",
    "cache_path",
    "find_similar",
    "playlist_between",
    "playlist_like",
    "playlist_of",
    "render",
    "style_index",
    "timbre_index",
    "why",
]
