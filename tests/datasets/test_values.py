"""Values of rows in memory and on disk."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from earmark.datasets import ArrayTable, ArrayValues, MappedValues, Values
from earmark.datasets import _values as values_module
from earmark.datasets._values import map_archive
from earmark.errors import DatasetError

Make = Callable[[npt.NDArray[Any], Path], Values]


def in_memory(array: npt.NDArray[Any], folder: Path) -> Values:
    return ArrayValues(array)


def on_disk(array: npt.NDArray[Any], folder: Path) -> Values:
    np.save(folder / "values.npy", array)
    return MappedValues(str(folder / "values.npy"))


@pytest.fixture(params=[in_memory, on_disk])
def make(request: pytest.FixtureRequest) -> Make:
    function: Make = request.param
    return function


@pytest.mark.parametrize(
    ("shape", "dtype"), [((5,), "f8"), ((4, 3), "f4"), ((3, 128, 7), "u1"), ((0, 2), "i2")]
)
def test_values_have_the_shape_and_type_of_the_array(
    make: Make, tmp_path: Path, shape: tuple[int, ...], dtype: str
) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    values = make(array, tmp_path)
    assert (len(values), values.shape, values.dtype) == (shape[0], shape, array.dtype)
    taken = values.take(np.arange(shape[0]))
    assert taken.dtype == array.dtype
    assert np.array_equal(taken, array)


def test_selections_of_selections_take_the_right_rows(make: Make, tmp_path: Path) -> None:
    array = np.random.default_rng(0).random((9, 2, 3))
    values = make(array, tmp_path).select(np.array([8, 1, 5, 2])).select(np.array([2, 0]))
    assert values.shape == (2, 2, 3)
    assert np.array_equal(values.take(np.array([1, 0, 1])), array[[8, 5, 8]])


def test_what_is_taken_is_a_copy(make: Make, tmp_path: Path) -> None:
    values = make(np.zeros((3, 2)), tmp_path)
    taken = values.take(np.array([0]))
    taken += 1
    assert not values.take(np.array([0])).any()


def test_fingerprint_is_of_the_numbers_not_of_their_place(tmp_path: Path) -> None:
    array = np.random.default_rng(1).integers(0, 255, (50, 8, 9)).astype(np.uint8)
    mapped, rows = on_disk(array, tmp_path), np.array([4, 40, 0])
    assert mapped.fingerprint == ArrayValues(array).fingerprint
    assert mapped.select(rows).fingerprint == ArrayValues(array[rows]).fingerprint
    assert mapped.select(rows).fingerprint != mapped.select(rows[::-1]).fingerprint
    assert ArrayValues(array).fingerprint != ArrayValues(array.astype("u2")).fingerprint


def test_fingerprint_of_many_blocks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    array = np.random.default_rng(2).random((40, 6))
    whole = ArrayValues(array).fingerprint
    monkeypatch.setattr(values_module, "_BLOCK", 100)
    assert on_disk(array, tmp_path).fingerprint == whole


def test_processes_are_sent_the_path(tmp_path: Path) -> None:
    values = on_disk(np.ones((1000, 1000)), tmp_path).select(np.array([3, 5]))
    values.take(np.array([0]))
    sent = pickle.dumps(values)
    assert len(sent) < 2000
    assert np.array_equal(pickle.loads(sent).take(np.array([1])), np.ones((1, 1000)))


def test_only_what_is_taken_is_held(tmp_path: Path) -> None:
    values = on_disk(np.zeros((4000, 64, 64), dtype=np.float32), tmp_path)  # 65 MB
    tracemalloc.start()
    try:
        for start in range(0, 4000, 100):
            values.take(np.arange(start, start + 100))
        assert values.fingerprint
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.parametrize("content", [b"", b"no array", None])
def test_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "values.npy"
    if content is None:
        np.save(path, np.ones((100, 100)))
        content = path.read_bytes()[:-1]
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"values\.npy.*not an array, or is cut short"):
        len(MappedValues(str(path)))
    path.unlink()
    with pytest.raises(DatasetError, match=r"values\.npy.*No such file"):
        len(MappedValues(str(path)))


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EARMARK_FEATURE_CACHE", str(tmp_path / "cache" / "features.db"))
    np.savez_compressed(tmp_path / "some.npz", X=np.arange(60).reshape(5, 4, 3))
    return tmp_path / "some.npz"


def test_array_of_an_archive_is_unpacked_once(archive: Path, tmp_path: Path) -> None:
    first, second = map_archive(archive, "X"), map_archive(archive, "X")
    assert isinstance(first, MappedValues)
    assert first.path == getattr(second, "path", None)
    assert np.array_equal(first.take(np.array([4])), np.arange(48, 60).reshape(1, 4, 3))
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1


def test_archive_that_changed_is_unpacked_anew(archive: Path, tmp_path: Path) -> None:
    map_archive(archive, "X")
    np.savez_compressed(archive, X=np.ones((2, 2)))
    assert map_archive(archive, "X").shape == (2, 2)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2


def test_few_unpacked_arrays_are_kept(archive: Path, tmp_path: Path) -> None:
    for length in range(1, 9):
        np.savez_compressed(archive, X=np.ones(length))
        mapped = map_archive(archive, "X")
    kept = list((tmp_path / "cache").rglob("*.npy"))
    assert len(kept) == 4
    assert str(getattr(mapped, "path", "")) in map(str, kept)


def test_nothing_is_kept_where_the_cache_is_turned_off(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMARK_FEATURE_CACHE", "")
    assert isinstance(map_archive(archive, "X"), ArrayValues)


def test_without_a_place_to_write_it_is_held_in_memory(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would be")
    values = map_archive(archive, "X")
    assert isinstance(values, ArrayValues)
    assert values.shape == (5, 4, 3)


def test_missing_array_of_an_archive(archive: Path) -> None:
    with pytest.raises(KeyError):
        map_archive(archive, "Y")


def test_table_of_arrays_selects_rows_and_values_together(make: Make, tmp_path: Path) -> None:
    array = np.arange(24).reshape(4, 2, 3)
    table = ArrayTable(
        ids=np.array(list("abcd")),
        labels=np.array(["rock", "jazz"] * 2),
        values=make(array, tmp_path),
        feature_set="squares",
        fingerprint="0",
    )
    jazz = table.select(table.labels == "jazz")
    assert jazz.ids.tolist() == ["b", "d"]
    assert np.array_equal(jazz.inputs(np.array([1])).take(np.array([0])), array[[3]])
    assert jazz.digest != table.digest == table.select(np.arange(4)).digest
    with pytest.raises(DatasetError, match="values has 4 rows, ids has 3"):
        ArrayTable(
            ids=np.array(list("abc")),
            labels=np.array(["rock"] * 3),
            values=table.values,
            feature_set="squares",
            fingerprint="0",
        )
