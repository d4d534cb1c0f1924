"""Indexes are kept beside the library, and built again where what is kept does not hold."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_songs import add_song, add_songs

from earmark.files import file_lock
from earmark.library import Library, open_library
from earmark.models import spaces
from earmark.recommend import (
    CacheWarning,
    ExactIndex,
    FaissIndex,
    Index,
    _library_indexes,
    cache_path,
    style_index,
    timbre_index,
)
from earmark.recommend._index_cache import read_cache, write_cache

NAMES = ["style", "exact timbre", "faiss timbre"]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "music.db", create=True) as library:
        add_songs(library)
        yield library


class Kept:
    """One of the indexes, how often it was built, and the file it is kept in."""

    def __init__(self, library: Library, name: str, patch: pytest.MonkeyPatch) -> None:
        self.library, self.name, self.n_built = library, name.rpartition(" ")[2], 0
        patch.setattr(_library_indexes, "FAISS_FROM", 100 if name.startswith("faiss") else 10**6)
        patch.setattr(_library_indexes, "_kept", {})
        read = "embeddings" if name == "style" else "segments"
        original = getattr(Library, read)

        def counted(one: Library, key: str) -> Any:
            self.n_built += 1
            return original(one, key)

        patch.setattr(Library, read, counted)
        self._reads_to_build = 1 if name == "style" else 2

    @property
    def path(self) -> Path:
        return Path(cache_path(self.library, self.name))

    def get(self) -> Index:
        find = style_index if self.name == "style" else timbre_index
        return find(self.library, spaces()[self.name])

    def forget(self) -> None:
        """Behave as another process would."""
        _library_indexes._kept.clear()

    def built(self) -> int:
        n, self.n_built = self.n_built // self._reads_to_build, 0
        return n


@pytest.fixture(params=NAMES)
def kept(request: pytest.FixtureRequest, library: Library, monkeypatch: pytest.MonkeyPatch) -> Kept:
    return Kept(library, request.param, monkeypatch)


def answers(index: Index) -> list[list[int]]:
    rng = np.random.default_rng(0)
    queries = rng.standard_normal((4, index.n_dims)).astype(np.float32)
    found: list[list[int]] = index.search(queries, k=8)[1].tolist()
    return found


def test_index_is_built_once_and_kept(kept: Kept) -> None:
    first = kept.get()
    assert kept.get() is first
    kept.forget()
    again = kept.get()
    assert kept.built() == 1
    assert type(again) is type(first)
    assert (again.n_vectors, again.n_dims) == (first.n_vectors, first.n_dims)
    assert answers(again) == answers(first)


def test_index_holds_every_track(kept: Kept) -> None:
    index = kept.get()
    per_track = 1 if kept.name == "style" else 6
    assert index.n_vectors == 30 * per_track
    if isinstance(index, ExactIndex):
        assert set(index.ids.tolist()) == {track.id for track in kept.library.tracks()}


def test_index_of_another_state_is_built_again(kept: Kept) -> None:
    before = kept.get().n_vectors
    add_song(kept.library, 99)
    assert kept.get().n_vectors > before
    kept.forget()
    kept.get()
    assert kept.built() == 2


def test_index_of_another_space_is_built_again(kept: Kept) -> None:
    kept.get()
    header, arrays = {"index": kept.name, "space": "0" * 64}, {"x": np.arange(3)}
    write_cache(str(kept.path), header, arrays=arrays)
    kept.forget()
    kept.get()
    assert kept.built() == 2


@pytest.mark.parametrize("damage", ["gone", "empty", "header", "half", "one byte less", "one bit"])
def test_damaged_cache_is_built_again(kept: Kept, damage: str) -> None:
    wanted = answers(kept.get())
    content = bytearray(kept.path.read_bytes())
    if damage == "gone":
        kept.path.unlink()
    else:
        if damage == "one bit":
            content[-1000] ^= 4
        length = {"empty": 0, "header": 30, "half": len(content) // 2}.get(
            damage, len(content) - (damage == "one byte less")
        )
        kept.path.unlink()  # an index in memory may still read the old file
        kept.path.write_bytes(content[:length])
    kept.forget()
    assert answers(kept.get()) == wanted
    kept.forget()
    assert answers(kept.get()) == wanted
    assert kept.built() == 2


def test_index_that_is_read_stays_good_while_another_is_written(kept: Kept) -> None:
    kept.get()
    kept.forget()
    old = kept.get()
    wanted = answers(old)
    add_song(kept.library, 99)
    kept.get()
    assert answers(old) == wanted


def test_index_that_cannot_be_kept_is_used_all_the_same(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any, **settings: Any) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_library_indexes, "write_cache", full)
    with pytest.warns(CacheWarning, match=r"music\.db\..*No space left on device"):
        index = kept.get()
    assert kept.get() is index
    assert not kept.path.exists()


def test_nothing_is_left_of_a_cache_that_cannot_be_written(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.warns(CacheWarning):
        kept.get()
    assert not [file.name for file in kept.path.parent.iterdir() if "cache" in file.name]


def test_cache_that_another_process_is_writing_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "a.cache"
    with file_lock(path):
        assert not write_cache(str(path), {}, arrays={})
    assert not path.exists()
    assert write_cache(str(path), {}, arrays={})
    assert os.listdir(tmp_path) == ["a.cache"]


def test_cache_holds_what_was_put_in(tmp_path: Path) -> None:
    path = str(tmp_path / "a.cache")
    arrays = {
        "ids": np.arange(7),
        "none": np.empty((0, 3), dtype=np.float32),
        "vectors": np.ones((5, 3), dtype=np.float32),
    }
    assert write_cache(path, {"a": 1}, arrays=arrays, rest=lambda write: (write(b"rest"), None)[1])
    cached = read_cache(path, {"a": 1})
    assert cached is not None
    assert dict(cached.header) == {"a": 1}
    for name, array in arrays.items():
        np.testing.assert_array_equal(cached.arrays[name], array)
        assert cached.arrays[name].dtype == array.dtype
    content = Path(path).read_bytes()
    assert content[cached.rest :][:-32] == b"rest"
    assert b"pickle" not in content
    assert read_cache(path, {"a": 2}) is None
    assert read_cache(path, {"b": 1}) is None
    assert stat.S_IMODE(os.stat(path).st_mode) & 0o111 == 0


@pytest.mark.parametrize("content", [b"", b"x", b"earmark cache 1\n", b"earmark cache 1\n[]\n"])
def test_what_is_no_cache_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.cache"
    path.write_bytes(content)
    assert read_cache(str(path), {}) is None
    path.unlink()
    path.mkdir()
    assert read_cache(str(path), {}) is None


def test_sample_is_drawn_evenly_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_library_indexes, "_N_SAMPLE", 1000)
    tracks = ((number, np.full((8, 1), number // 20, dtype=np.uint8)) for number in range(4000))
    sample, n_tracks, n_segments = _library_indexes._sampled(tracks)
    assert (n_tracks, n_segments) == (4000, 32_000)
    assert 400 < len(sample) <= 1000
    halves = (sample < 100).mean()
    assert 0.4 < halves < 0.6


def test_progress_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_library_indexes, "FAISS_FROM", 100)
    monkeypatch.setattr(_library_indexes, "_ROWS_AT_ONCE", 60)
    monkeypatch.setattr(_library_indexes, "_kept", {})
    told: list[tuple[int, int, str]] = []
    index = timbre_index(library, spaces()["timbre"], progress=lambda *what: told.append(what))
    assert isinstance(index, FaissIndex)
    assert told == [(10, 30, "timbre"), (20, 30, "timbre"), (30, 30, "timbre")]


def test_header_is_json_on_the_second_line(kept: Kept) -> None:
    kept.get()
    line = kept.path.read_bytes().split(b"\n")[1]
    header = json.loads(line)
    assert header["space"] == spaces()[kept.name].vectors_id
    assert header["generation"] == kept.library.generation


def test_index_of_a_library_that_was_made_anew_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = []
    for order in ((1, 2, 3), (3, 2, 1)):
        with open_library(tmp_path / "a.db", create=True) as library:
            for number in order:
                add_song(library, number)
            vectors.append(np.array(style_index(library, spaces()["style"]).vectors))
        for file in tmp_path.glob("a.db*"):
            if "cache" not in file.name:
                file.unlink()
        monkeypatch.setattr(_library_indexes, "_kept", {})
    np.testing.assert_array_equal(vectors[0], vectors[1][::-1])
