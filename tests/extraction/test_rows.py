"""Rows of features and of failures: their columns, their values, where they come from."""

from __future__ import annotations

import hashlib
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from earmark.errors import AudioError, NoAudioError, ParameterError
from earmark.extraction import (
    FAILURES_SCHEMA,
    UNITS,
    Unit,
    _rows,
    batch_to_bytes,
    bytes_to_batch,
    failure_row,
    features_schema,
    file_to_rows,
    map_files,
)
from earmark.features import (
    CONTRAST,
    GTZAN57,
    LOGMEL,
    LOGMEL_GTZAN,
    FeatureSet,
    extract,
    gtzan57,
)
from earmark.testing import music_like, noise

SR = 22_050
BASE = ("path", "sha256", "index", "start", "end", "fingerprint")
PIECE = music_like(duration=46)


@pytest.fixture(scope="module")
def piece(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a file of 46 s whose samples are `PIECE`."""
    path = tmp_path_factory.mktemp("rows") / "piece.wav"
    soundfile.write(path, PIECE, SR, subtype="FLOAT")
    return str(path)


def matrix(rows: pa.RecordBatch, feature_set: FeatureSet) -> np.ndarray:
    """Return the columns of a set, a row for each unit."""
    return np.column_stack([rows.column(name).to_numpy() for name in feature_set.names])


# --- columns ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("sets", [[GTZAN57], [CONTRAST, GTZAN57]], ids=["one", "two"])
def test_columns_are_those_documented(sets: list[FeatureSet], unit: Unit) -> None:
    schema = features_schema(sets, unit)
    assert tuple(schema.names) == (*BASE, *(name for one in sets for name in one.names))
    assert {str(field.type) for field in list(schema)[len(BASE) :]} == {"double"}
    types = ["string", "string", "int32", "double", "double", "string"]
    assert [str(schema.field(name).type) for name in BASE] == types


def test_sets_of_frames_are_a_list_and_a_count() -> None:
    schema = features_schema([LOGMEL, LOGMEL_GTZAN], "clip")
    expected = ["logmel", "logmel_frames", "logmel_gtzan", "logmel_gtzan_frames"]
    assert schema.names[len(BASE) :] == expected
    assert schema.field("logmel").type == pa.list_(pa.float32())
    assert schema.field("logmel_gtzan").type == pa.list_(pa.uint8())
    assert schema.field("logmel_frames").type == pa.int32()


@pytest.mark.parametrize("unit", UNITS)
def test_metadata_says_what_the_numbers_are(unit: Unit) -> None:
    told = json.loads(features_schema([GTZAN57, CONTRAST], unit).metadata[b"earmark"])
    assert told == {
        "schema": "earmark.features/1",
        "unit": unit,
        "sets": {
            one.name: {"version": one.version, "fingerprint": one.fingerprint}
            for one in (GTZAN57, CONTRAST)
        },
    }


@pytest.mark.parametrize(
    ("sets", "unit", "told"),
    [
        ([GTZAN57, GTZAN57], "clip", "named twice"),
        ([], "clip", "sets is empty"),
        ([GTZAN57], "song", "unit='song' is not one of track, clip, segment"),
        ([GTZAN57, LOGMEL], "track", "has no frames"),
    ],
)
def test_impossible_table_is_refused(sets: list[FeatureSet], unit: Any, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        features_schema(sets, unit)


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "bounds"),
    [
        ("clip", [(0, 30), (30, 46)]),
        ("segment", [*((start, start + 3) for start in range(0, 42, 3)), (42, 46)]),
    ],
)
def test_rows_are_the_features_of_the_samples_cut_out(
    piece: str, unit: Unit, bounds: list[tuple[int, int]]
) -> None:
    rows = file_to_rows(piece, sets=[GTZAN57], unit=unit)
    assert rows.schema.equals(features_schema([GTZAN57], unit), check_metadata=True)
    assert list(zip(rows["start"].to_pylist(), rows["end"].to_pylist(), strict=True)) == bounds
    assert rows["index"].to_pylist() == list(range(len(bounds)))
    expected = [gtzan57(PIECE[start * SR : end * SR], sr=SR) for start, end in bounds]
    np.testing.assert_array_equal(matrix(rows, GTZAN57), expected)


def test_row_of_a_track_is_the_mean_of_its_clips_weighted_by_length(piece: str) -> None:
    clips = matrix(file_to_rows(piece, sets=[GTZAN57], unit="clip"), GTZAN57)
    rows = file_to_rows(piece, sets=[GTZAN57], unit="track")
    assert rows.select(["index", "start", "end"]).to_pylist() == [
        {"index": 0, "start": 0, "end": 46}
    ]
    np.testing.assert_allclose(
        matrix(rows, GTZAN57), [(30 * clips[0] + 16 * clips[1]) / 46], rtol=1e-12
    )


def test_rows_name_their_file_its_hash_and_the_recipe(piece: str) -> None:
    rows = file_to_rows(piece, sets=[GTZAN57], unit="clip")
    digest = hashlib.sha256(Path(piece).read_bytes()).hexdigest()
    assert set(rows["path"].to_pylist()) == {piece}
    assert set(rows["sha256"].to_pylist()) == {digest}
    assert set(rows["fingerprint"].to_pylist()) == {GTZAN57.fingerprint}


def test_fingerprint_of_several_sets_depends_on_each(piece: str) -> None:
    found = [
        file_to_rows(piece, sets=sets, unit="clip")["fingerprint"][0].as_py()
        for sets in ([GTZAN57], [CONTRAST], [GTZAN57, CONTRAST], [CONTRAST, GTZAN57])
    ]
    assert len(set(found)) == 4
    assert all(len(fingerprint) == 64 for fingerprint in found)


def test_several_sets_are_side_by_side(piece: str) -> None:
    together = file_to_rows(piece, sets=[CONTRAST, LOGMEL, GTZAN57], unit="segment")
    for one in (CONTRAST, GTZAN57):
        alone = file_to_rows(piece, sets=[one], unit="segment")
        np.testing.assert_array_equal(matrix(together, one), matrix(alone, one))


@pytest.mark.parametrize("feature_set", [LOGMEL, LOGMEL_GTZAN], ids=lambda one: one.name)
@pytest.mark.parametrize("unit", ["clip", "segment"])
def test_frames_can_be_reshaped_back(piece: str, feature_set: FeatureSet, unit: Unit) -> None:
    name = feature_set.name
    rows = file_to_rows(piece, sets=[feature_set], unit=unit)
    for row in rows.to_pylist():
        y = PIECE[round(row["start"] * SR) : round(row["end"] * SR)]
        expected = extract(y, sr=SR, sets=(name,))[name]
        assert expected.shape == (128, row[f"{name}_frames"])
        found = np.array(row[name], dtype=expected.dtype).reshape(128, row[f"{name}_frames"])
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("sets", [[GTZAN57], [LOGMEL, LOGMEL_GTZAN]], ids=["numbers", "frames"])
def test_rows_survive_being_bytes(piece: str, sets: list[FeatureSet]) -> None:
    rows = file_to_rows(piece, sets=sets, unit="segment")
    again = bytes_to_batch(batch_to_bytes(rows))
    assert again.equals(rows, check_metadata=True)
    assert batch_to_bytes(again) == batch_to_bytes(rows)


# --- failures -----------------------------------------------------------------------------------


def test_failure_is_a_row_with_its_reason() -> None:
    rows = failure_row(NoAudioError("a/b.mp3", "it is broken"))
    assert rows.schema.equals(FAILURES_SCHEMA)
    assert rows.to_pylist() == [{"path": "a/b.mp3", "code": "no-audio", "reason": "it is broken"}]
    assert bytes_to_batch(batch_to_bytes(rows)).equals(rows)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.write_text("no music\n" * 99), "no-audio"),
        (lambda path: path.touch(), "empty-audio"),
        (lambda path: soundfile.write(path, noise(duration=0.5), SR), "too-short"),
        (lambda path: None, "not-found"),
        (lambda path: path.mkdir(), "no-audio"),
    ],
    ids=["text", "empty", "short", "missing", "folder"],
)
def test_file_that_cannot_be_used_is_a_failure(tmp_path: Path, make: Any, code: str) -> None:
    path = tmp_path / "a.wav"
    make(path)
    (row,) = file_to_rows(str(path), sets=[GTZAN57], unit="clip").to_pylist()
    assert (row["path"], row["code"]) == (str(path), code)
    assert row["reason"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ParameterError("y is nan"), "unexpected ParameterError: y is nan"),
        (MemoryError(), "unexpected MemoryError"),
        (OSError(5, "Input/output error"), "unexpected OSError: [Errno 5] Input/output error"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_no_check_foresaw_is_a_failure_too(
    piece: str, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(_rows, "extract_track", fail)
    ((path, failure),) = map_files(partial(file_to_rows, sets=[GTZAN57], unit="clip"), [piece])
    assert isinstance(failure, AudioError)
    (row,) = failure_row(failure).to_pylist()
    assert row == {"path": path, "code": AudioError.code, "reason": reason}


def test_reason_that_is_not_utf8_can_be_written_down() -> None:
    (row,) = failure_row(AudioError("a", "no \udcff")).to_pylist()
    assert row["reason"] == "no \\udcff"


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("größe ♪.wav", "größe ♪.wav"),
        ("new\nline.wav", "new\nline.wav"),
        ("not \udcff\udcfe text.wav", r"not \xff\xfe text.wav"),
        (r"\xff.wav", r"\xff.wav"),
    ],
    ids=ascii,
)
def test_name_is_stored_as_utf8(tmp_path: Path, name: str, stored: str) -> None:
    path = os.path.join(tmp_path, name)
    soundfile.write(os.fsencode(path), noise(duration=1), SR, format="WAV")
    rows = file_to_rows(path, sets=[GTZAN57], unit="clip")
    assert rows.schema.equals(features_schema([GTZAN57], "clip"))
    assert rows["path"].to_pylist() == [os.path.join(tmp_path, stored)]
    rows.validate(full=True)
    failed = file_to_rows(f"{path}.none", sets=[GTZAN57], unit="clip")
    assert failed["path"].to_pylist() == [os.path.join(tmp_path, f"{stored}.none")]
