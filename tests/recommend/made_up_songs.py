"""Libraries of made-up songs in the real spaces, for tests that need no audio."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from earmark.analysis import Analysis, Answer
from earmark.files import FileState
from earmark.library import Library
from earmark.models import spaces
from earmark.tags import Tags

GENRES = ("blues", "jazz", "rock")

_CENTRES = np.random.default_rng(0).standard_normal((len(GENRES), 256))


def unit(vector: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def style_vector(genre: str, seed: int) -> np.ndarray[Any, Any]:
    """Return a place near those of other songs of the genre."""
    n_dims = spaces()["style"].n_dims
    own = np.random.default_rng(seed).standard_normal(n_dims)
    return unit(_CENTRES[GENRES.index(genre), :n_dims] + 0.5 * own)


def segments_of(genre: str, seed: int, n: int = 6) -> np.ndarray[Any, Any]:
    """Return segments that resemble those of other songs of the genre."""
    rng = np.random.default_rng(seed)
    levels = 100 + 20 * _CENTRES[GENRES.index(genre)] + 15 * rng.standard_normal(256)
    return np.clip(levels + 5 * rng.standard_normal((n, 256)), 0, 255).astype(np.uint8)


def add_song(
    library: Library,
    number: int,
    *,
    genre: str = "rock",
    confidence: float = 0.8,
    unsure: Any = None,
    duration: float = 200.0,
    tempo: float = 120.0,
    brightness: float = 2000.0,
    loudness: float | None = -20.0,
    segments: np.ndarray[Any, Any] | None = None,
    vector: np.ndarray[Any, Any] | None = None,
    digest: bytes | None = None,
    path: str | None = None,
    n_segments: int = 6,
    genres: Sequence[str] = (),
    **tags: Any,
) -> int:
    """Add a song in one call; what is not said follows from its number and its genre."""
    where = path or f"/music/{genre}/{number:03}.mp3"
    rest = (1 - confidence) / (len(GENRES) - 1)
    shares = np.array([confidence if one == genre else rest for one in GENRES], dtype=np.float32)
    bounds = np.array([[0.0, duration]])
    style, timbre = spaces()["style"], spaces()["timbre"]
    known = {"title": f"song {number}", "artist": f"artist {number}", **tags}
    heard = segments_of(genre, number, n_segments) if segments is None else segments
    return library.scanned.add(
        where,
        state=FileState(100, 1),
        digest=digest or hashlib.sha256(where.encode("utf-8", "surrogateescape")).digest(),
        tags=Tags(genres=tuple(genres), **known),
        analysis=Analysis(
            duration=duration,
            bounds=bounds,
            sounding=bounds[:, 1],
            matrices={timbre.feature_set.fingerprint: heard},
            measurements={
                "tempo": tempo,
                "brightness": brightness,
                "percussiveness": 0.3,
                **({} if loudness is None else {"loudness": loudness}),
            },
        ),
        answer=Answer(
            model_sha256="a" * 64,
            classes=GENRES,
            probabilities=shares,
            unsure=unsure,
            distance=1.0,
            bounds=bounds,
            timeline=shares[np.newaxis],
            sounding=bounds[:, 1],
        ),
        vectors_id=style.vectors_id,
        vector=style_vector(genre, number) if vector is None else vector,
        now=1000.0,
    )


def add_songs(library: Library, n: int = 30, *, per_artist: int = 1) -> list[int]:
    """Add songs of all genres in turn, some by the same artist."""
    with library.transaction():
        return [
            add_song(
                library,
                number,
                genre=GENRES[number % len(GENRES)],
                artist=f"artist {number // (len(GENRES) * per_artist)} {number % len(GENRES)}",
                year=1950 + number,
                tempo=80.0 + number,
                brightness=1000.0 + 100 * number,
                confidence=0.5 + number % 5 / 10,
            )
            for number in range(n)
        ]
