"""Libraries of made-up tracks, for tests that need no audio."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earmark.analysis import Analysis, Answer, Part
from earmark.files import FileState
from earmark.library import Library
from earmark.tags import Tags
from earmark.types import part_name

CLASSES = ("blues", "jazz", "rock")
FEATURES, SEGMENTS, MODEL, SPACE = "f" * 64, "5" * 64, "a" * 64, "b" * 64


def probabilities_of(genre: str, confidence: float) -> np.ndarray[Any, Any]:
    rest = (1 - confidence) / (len(CLASSES) - 1)
    return np.array([confidence if one == genre else rest for one in CLASSES], dtype=np.float32)


def analysis(*, seed: int = 0, duration: float = 60.0, tempo: float = 120.0) -> Analysis:
    rng = np.random.default_rng(seed)
    return Analysis(
        duration=duration,
        bounds=np.array([[0.0, duration / 2], [duration / 2, duration]]),
        sounding=np.full(2, duration / 2),
        matrices={
            FEATURES: rng.normal(size=(2, 5)).astype(np.float32),
            SEGMENTS: rng.integers(0, 256, (4, 6)).astype(np.uint8),
        },
        measurements={
            "tempo": tempo,
            "brightness": 2000.0,
            "loudness": -20.0,
            "percussiveness": 0.3,
        },
    )


def answer(
    genre: str = "rock", confidence: float = 0.8, unsure: Any = None, model: str = MODEL
) -> Answer:
    probabilities = probabilities_of(genre, confidence)
    return Answer(
        model_sha256=model,
        classes=CLASSES,
        probabilities=probabilities,
        unsure=unsure,
        distance=1.5,
        bounds=np.array([[0.0, 30.0], [30.0, 60.0]]),
        timeline=np.stack([probabilities, probabilities]),
        sounding=np.array([30.0, 30.0]),
    )


def add(  # a track in one call
    library: Library,
    path: str,
    *,
    genre: str = "rock",
    confidence: float = 0.8,
    unsure: Any = None,
    tempo: float = 120.0,
    genres: Sequence[str] = (),
    now: float = 1000.0,
    digest: bytes | None = None,
    track_id: int | None = None,
    part: Part | None = None,
    **tags: Any,
) -> int:
    part = part or Part()
    name = part_name(path, part.number)
    return library.scanned.add(
        path,
        state=FileState(100, 1),
        digest=digest or hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest(),
        tags=Tags(genres=tuple(genres), **tags),
        analysis=analysis(seed=len(path), tempo=tempo),
        answer=answer(genre, confidence, unsure),
        vectors_id=SPACE,
        vector=np.arange(3, dtype=np.float32),
        now=now,
        track_id=track_id,
        part=part,
    )


def contents(library: Library) -> Mapping[str, Any]:
    """Return all tables but for the times and the numbers that are given out."""
    tables = {}
    for table in ("track", "matrix", "answer", "embedding", "correction"):
        key = "id" if table == "track" else "track_id"
        rows = library.query(
            f"SELECT x.*, hex(t.path) AS of_path FROM {table} x JOIN track t ON t.id = x.{key}"
        )
        unwanted = {key, "added_at", "scanned_at", "corrected_at"}
        tables[table] = sorted(
            (tuple((k, row[k]) for k in row.keys() if k not in unwanted) for row in rows),  # noqa: SIM118
            key=repr,
        )
    return tables
