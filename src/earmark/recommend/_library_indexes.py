"""From a library to its indexes: out of the cache where that holds, else built and kept there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from earmark.library import Library
from earmark.models import Space
from earmark.recommend._index_cache import Cached, read_cache, write_cache
from earmark.recommend._indexes import ExactIndex, FaissIndex, Index
from earmark.recommend._reasons import Scale, scale_of
from earmark.types import Float32Array, IntArray, Progress

__all__ = [
    "FAISS_FROM",
    "CacheWarning",
    "build_timbre",
    "cache_path",
    "library_scale",
    "style_index",
    "timbre_index",
]

FAISS_FROM = 250_000
"""Segments from which on FAISS looks them up: with fewer, comparing all takes 0.5 s at most."""

_N_SAMPLE = 1 << 18
_ROWS_AT_ONCE = 1 << 16

Segments = npt.NDArray[np.uint8]


class CacheWarning(UserWarning):
    """An index could not be kept, and will be built again the next time."""


@dataclass(frozen=True)
class _Kept:
    """An index in memory, and what it was made of."""

    header: Mapping[str, Any]
    index: Index


_kept: dict[str, _Kept] = {}
_lock = threading.Lock()


def cache_path(library: Library, name: str) -> str:
    """Return the file an index is kept in, beside the library.

    Parameters
    ----------
    library : Library
        The library.
    name : {"style", "timbre"}
        Which index.

    Returns
    -------
    str
        Its path.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/a.db", create=True) as library:
    ...         cache_path(library, "style").removeprefix(folder)
    '/a.db.style.cache'
    """
    return f"{library.path}.{name}.cache"


def style_index(library: Library, space: Space) -> ExactIndex:
    """Return the index of where tracks lie in a learnt space, one vector a track.

    Parameters
    ----------
    library : Library
        The library.
    space : Space
        The space.

    Returns
    -------
    ExactIndex
        Of every track that has a place in the space and whose file is there, ids rising.

    Warns
    -----
    CacheWarning
        If it cannot be kept beside the library.
    """
    return cast(ExactIndex, _style(library, space).index)


def library_scale(library: Library, space: Space) -> Scale:
    """Return what counts as much and as little in a library, by trait; see `scale_of`.

    It is measured when the index of styles is built, and stored beside it.
    """
    scale: Scale = _style(library, space).header["scale"]
    return scale


def _style(library: Library, space: Space) -> _Kept:
    def build() -> tuple[ExactIndex, dict[str, Any]]:
        ids, vectors = library.embeddings(space.vectors_id)
        vectors = vectors.reshape(len(ids), space.n_dims)
        # What has no place, as silence, would be nearest to everything.
        placed = np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)
        index = ExactIndex(ids[placed], vectors[placed])
        return index, {"scale": scale_of(library)}

    return _loaded_or_built(library, "style", space, build)


def timbre_index(library: Library, space: Space, *, progress: Progress | None = None) -> Index:
    """Return the index of the segments of all tracks.

    Parameters
    ----------
    library : Library
        The library.
    space : Space
        What segments are placed in.
    progress : callable or None
        Called while it is built, with the tracks done and those there are.

    Returns
    -------
    Index
        Its ids are those of tracks. Exact below `FAISS_FROM` segments.

    Warns
    -----
    CacheWarning
        If it cannot be kept beside the library.
    """
    fingerprint = space.feature_set.fingerprint

    def build() -> tuple[Index, dict[str, Any]]:
        index = build_timbre(
            lambda: library.segments(fingerprint),
            lambda rows: space.embed(rows, fingerprint=fingerprint),
            n_dims=space.n_dims,
            progress=progress,
        )
        return index, {}

    return _loaded_or_built(library, "timbre", space, build).index


def _loaded_or_built(
    library: Library,
    name: str,
    space: Space,
    build: Callable[[], tuple[Index, dict[str, Any]]],
) -> _Kept:
    path = cache_path(library, name)
    # Read before anything else: what changes meanwhile makes the index one of yesterday.
    wanted = {"index": name, "space": space.vectors_id, "generation": library.generation}
    with _lock:
        kept = _kept.get(path)
        if kept is not None and wanted.items() <= kept.header.items():
            return kept
        cached = read_cache(path, wanted)
        if cached is not None:
            kept = _Kept(cached.header, _index_of(cached))
        else:
            index, more = build()
            kept = _Kept({**wanted, **more}, index)
            if _keep(library, path, kept) and isinstance(index, FaissIndex):
                # Out of the file only what is looked at takes memory.
                cached = read_cache(path, wanted)
                if cached is not None:
                    kept = _Kept(cached.header, _index_of(cached))
        _kept[path] = kept
    return kept


def _keep(library: Library, path: str, kept: _Kept) -> bool:
    """Write an index beside the library; False, with a warning, where it cannot be."""
    header, index = kept.header, kept.index
    try:
        if isinstance(index, FaissIndex):
            import faiss

            lists = index.faiss_index
            return write_cache(
                path,
                {**header, "kind": "faiss", "n_tracks": index.n_tracks},
                arrays={},
                rest=lambda write: faiss.write_index(lists, faiss.PyCallbackIOWriter(write)),
            )
        exact = cast(ExactIndex, index)
        arrays: dict[str, npt.NDArray[Any]] = {"ids": exact.ids, "vectors": exact.vectors}
        return write_cache(path, {**header, "kind": "exact"}, arrays=arrays)
    except OSError as error:
        reason = error.strerror or str(error)
        library.warn(
            f"{path!r}: {reason}: the index could not be saved and will be built again next time",
            CacheWarning,
        )
        return False


def _index_of(cached: Cached) -> Index:
    """Make an index of what a cache holds; vectors stay in the file until they are needed."""
    if cached.header["kind"] == "exact":
        return ExactIndex(np.array(cached.arrays["ids"]), cached.arrays["vectors"])
    import faiss

    reader = faiss.FileIOReader(cached.path)
    before = np.empty(cached.rest, dtype=np.uint8)
    reader(faiss.swig_ptr(before), 1, cached.rest)
    lists = faiss.read_index(reader, faiss.IO_FLAG_MMAP)
    return FaissIndex(lists, n_tracks=int(cached.header["n_tracks"]))


def build_timbre(
    read: Callable[[], Iterable[tuple[int, Segments]]],
    embed: Callable[[Segments], Float32Array],
    *,
    n_dims: int,
    progress: Progress | None = None,
) -> Index:
    """Build the index of segments, reading them twice and never holding them all.

    `read` gives the tracks and their segments, the same ones each time, and `embed` turns segments
    into vectors of length `n_dims`. `progress` is called with the tracks done and those there are.
    The index is exact if there are fewer than `FAISS_FROM` segments.
    """
    sample, n_tracks, n_segments = _sampled(read())
    if n_segments < FAISS_FROM:
        parts = [(ids, embed(rows)) for ids, rows, _ in _batches(read())]
        none = [(np.empty(0, dtype=np.int64), np.empty((0, n_dims), dtype=np.float32))]
        all_ids, vectors = zip(*(parts or none), strict=True)
        return ExactIndex(np.concatenate(all_ids), np.concatenate(vectors))
    index = FaissIndex.trained(embed(sample), n_vectors=n_segments, n_tracks=n_tracks)
    for ids, rows, done in _batches(read()):
        index.add(ids, embed(rows))
        if progress is not None:
            progress(min(done, n_tracks), n_tracks, "timbre")
    return index


def _sampled(tracks: Iterable[tuple[int, Segments]]) -> tuple[Segments, int, int]:
    """Draw segments evenly from all tracks in one pass; count tracks and segments."""
    rng = np.random.default_rng(0)
    share, held, n_held = 1.0, [np.empty((0, 0), dtype=np.uint8)], 0
    n_tracks = n_segments = 0
    for _, rows in tracks:
        n_tracks += 1
        n_segments += len(rows)
        drawn = rows if share == 1.0 else rows[rng.random(len(rows)) < share]
        if not len(drawn):
            continue
        held.append(drawn)
        n_held += len(drawn)
        if n_held > _N_SAMPLE:
            # What is held already was drawn twice as often as what comes from here on.
            share /= 2
            joined = np.concatenate(held[1:])
            held[1:] = [joined[rng.random(len(joined)) < 0.5]]
            n_held = len(held[1])
    return (np.concatenate(held[1:]) if n_held else held[0]), n_tracks, n_segments


def _batches(
    tracks: Iterable[tuple[int, Segments]],
) -> Iterator[tuple[IntArray, Segments, int]]:
    """Join the segments of several tracks, and tell how many tracks were read."""
    ids: list[int] = []
    held: list[Segments] = []
    n_rows = done = 0
    for track_id, rows in tracks:
        ids += [track_id] * len(rows)
        held.append(rows)
        n_rows += len(rows)
        done += 1
        if n_rows >= _ROWS_AT_ONCE:
            yield np.array(ids, dtype=np.int64), np.concatenate(held), done
            ids, held, n_rows = [], [], 0
    if n_rows:
        yield np.array(ids, dtype=np.int64), np.concatenate(held), done
