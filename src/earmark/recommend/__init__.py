"""What sounds alike: indexes of vectors, similar songs and why they are, playlists.

Importing this loads onnxruntime and no FAISS, which large libraries alone need.
"""

from earmark.recommend._building import CacheWarning, cache_path, style_index, timbre_index
from earmark.recommend._files import FORMATS, PlaylistFormat, render
from earmark.recommend._indexes import ExactIndex, FaissIndex, Index
from earmark.recommend._playlist import (
    Length,
    Playlist,
    playlist_between,
    playlist_like,
    playlist_of_genre,
)
from earmark.recommend._recordings import recording_keys, same_sound, title_key
from earmark.recommend._similar import By, Neighbour, find_similar, similar
from earmark.recommend._songs import Catalogue, Song, spaces
from earmark.recommend._why import why

__all__ = [
    "FORMATS",
    "By",
    "CacheWarning",
    "Catalogue",
    "ExactIndex",
    "FaissIndex",
    "Index",
    "Length",
    "Neighbour",
    "Playlist",
    "PlaylistFormat",
    "Song",
    "cache_path",
    "find_similar",
    "playlist_between",
    "playlist_like",
    "playlist_of_genre",
    "recording_keys",
    "render",
    "same_sound",
    "similar",
    "spaces",
    "style_index",
    "timbre_index",
    "title_key",
    "why",
]
