"""From rows of tables to tracks and answers."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.analysis import MEASUREMENTS, Answer, AnswerSummary, Gaps
from earmark.library._track import LibraryTrack
from earmark.tags import Tags
from earmark.types import FloatArray

__all__ = ["TAG_COLUMNS", "TRACK_COLUMNS", "answer_from_row", "matrix_of", "track_of"]

TAG_COLUMNS = (
    *("artist", "albumartist", "title", "album", "year"),
    *("track_number", "disc_number", "composer"),
)
"""Columns of a track that are fields of its tags, under the same names."""

TRACK_COLUMNS = ", ".join(
    [
        *("t.id", "t.path", "t.state", "t.missing_since", "t.digest", "t.genres", "t.ids"),
        *("t.duration", "t.error_code", "t.error_reason", "t.warnings", "t.gaps"),
        *(f"t.{name}" for name in (*TAG_COLUMNS, *MEASUREMENTS)),
        *("a.genre AS predicted", "a.confidence", "a.runner_up", "a.margin", "a.unsure"),
        *("m.classes", "a.probabilities", "c.genre AS corrected"),
        *("t.part", "t.starts_at", "t.ends_at"),
    ]
)
"""What `track_of` needs."""


@lru_cache(maxsize=64)
def _texts(content: str) -> tuple[str, ...]:
    return tuple(json.loads(content)) if content != "[]" else ()


def _gaps(content: str) -> Gaps:
    return tuple((start, length) for start, length in json.loads(content))


def _probabilities(row: sqlite3.Row) -> Mapping[str, float]:
    if row["probabilities"] is None:
        return {}
    values = np.frombuffer(row["probabilities"], dtype="<f4").tolist()
    return dict(zip(_texts(row["classes"]), values, strict=True))


def track_of(row: sqlite3.Row) -> LibraryTrack:
    """Make a track of a row of `TRACK_COLUMNS`."""
    return LibraryTrack(
        id=row["id"],
        path=os.fsdecode(row["path"]),
        state=row["state"],
        missing=row["missing_since"] is not None,
        digest=row["digest"],
        tags=Tags(
            genres=_texts(row["genres"]),
            ids=json.loads(row["ids"]) if row["ids"] != "{}" else {},
            **{name: row[name] for name in TAG_COLUMNS},
        ),
        duration=row["duration"],
        measurements={name: row[name] for name in MEASUREMENTS if row[name] is not None},
        answer=AnswerSummary(
            genre=row["predicted"],
            confidence=row["confidence"],
            runner_up=row["runner_up"],
            margin=row["margin"],
            unsure=row["unsure"],
            probabilities=_probabilities(row),
        ),
        corrected=row["corrected"],
        error_code=row["error_code"],
        error_reason=row["error_reason"],
        warnings=_texts(row["warnings"]),
        gaps=_gaps(row["gaps"]) if row["gaps"] != "[]" else (),
        part=row["part"],
        start=row["starts_at"],
        end=row["ends_at"],
    )


def answer_from_row(row: sqlite3.Row) -> Answer:
    """Make an answer of a row of the tables of answers, models and timelines."""
    classes = _texts(row["classes"])
    bounds: FloatArray = np.frombuffer(row["bounds"], dtype="<f8").reshape(-1, 2)
    return Answer(
        model_sha256=row["sha256"],
        classes=classes,
        probabilities=np.frombuffer(row["probabilities"] or b"", dtype="<f4"),
        unsure=row["unsure"],
        distance=row["distance"],
        bounds=bounds,
        timeline=np.frombuffer(row["clips"], dtype="<f4").reshape(-1, len(classes)),
        sounding=np.frombuffer(row["sounding"], dtype="<f8"),
    )


def matrix_of(row: sqlite3.Row) -> npt.NDArray[Any]:
    """Make the features of a row of the table of matrices."""
    flat = np.frombuffer(row["content"], dtype=row["dtype"])
    return flat.reshape(row["n_rows"], -1) if row["n_rows"] else flat.reshape(0, 0)
