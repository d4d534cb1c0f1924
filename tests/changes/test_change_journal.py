"""The journal: what was begun, what came of it, and what can be taken back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from earmark.errors import ParameterError
from earmark.library import Library, open_library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.db", create=True) as opened:
        yield opened


def test_change_is_there_before_it_is_done(library: Library, tmp_path: Path) -> None:
    batch = library.journal.begin_batch("tag", settings={"model": "m"}, now=12.5)
    odd = os.fsdecode(b"/music/\xff\n.mp3")
    change = library.journal.begin(batch, path=odd, before={"a": 1}, after={"genres": ["Jazz"]})
    with open_library(tmp_path / "library.db") as other:
        (found,) = other.journal.changes(states=("begun",))
        assert (found.id, found.batch_id, found.position) == (change, batch, 0)
        assert (found.path, found.target, found.reason) == (odd, None, None)
        assert (found.before, found.after) == ({"a": 1}, {"genres": ["Jazz"]})
        other.journal.finish(change, "failed", reason="it is odd")
    (found,) = library.journal.changes(batch)
    assert (found.state, found.reason) == ("failed", "it is odd")
    assert library.journal.changes(states=("begun",)) == []


def test_batches_are_counted_and_told_apart(library: Library) -> None:
    journal = library.journal
    tags = journal.begin_batch("tag", settings={}, now=1.0)
    moves = journal.begin_batch("organise", settings={}, now=2.0)
    for state in ("done", "done", "failed", "undone"):
        journal.finish(journal.begin(tags, path="a", before={}, after={}), state)
    journal.begin(moves, path="a", target=b"b\xff", before={}, after={})
    assert [one.id for one in journal.batches()] == [moves, tags]
    (found,) = journal.batches("tag")
    assert dict(found.counts) == {"begun": 0, "done": 2, "failed": 1, "undone": 1}
    assert found.n_to_undo == 2
    assert [change.position for change in journal.changes(tags)] == [0, 1, 2, 3]
    assert os.fsencode(journal.changes(kind="organise")[0].target or "") == b"b\xff"
    assert journal.batch(kind="tag").id == tags
    # Of the later one, nothing is known to have been done.
    assert journal.batch().id == tags
    assert journal.batch(kind="organise").id == moves
    assert found.to_dict()["counts"]["done"] == 2


def test_unknown_batch_is_refused(library: Library) -> None:
    with pytest.raises(ParameterError, match="nothing to undo"):
        library.journal.batch()
    tags = library.journal.begin_batch("tag", settings={}, now=1.0)
    with pytest.raises(ParameterError, match=f"batch=99 is not in the journal. Available: {tags}"):
        library.journal.batch(99)
    with pytest.raises(ParameterError, match="Available: none"):
        library.journal.batch(tags, kind="organise")


def test_numbers_are_never_given_twice(library: Library) -> None:
    first = library.journal.begin_batch("tag", settings={}, now=1.0)
    with library.transaction() as connection:
        connection.execute("DELETE FROM batch")
    assert library.journal.begin_batch("tag", settings={}, now=1.0) > first


def test_every_entry_is_synced(library: Library) -> None:
    batch = library.journal.begin_batch("tag", settings={}, now=1.0)
    assert tuple(library.query("PRAGMA synchronous")[0]) == (2,)
    with library.transaction():
        pass  # a scan need not wait for the disk after each file
    assert tuple(library.query("PRAGMA synchronous")[0]) == (1,)
    library.journal.begin(batch, path="/a.mp3", before={}, after={})
    assert tuple(library.query("PRAGMA synchronous")[0]) == (2,)
