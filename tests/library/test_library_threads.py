"""One open library in several threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import made_up_library
import pytest

from earmark.errors import LibraryError
from earmark.library import Filters, Library, open_library

N_THREADS = 6


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "music.db", create=True) as library:
        yield library


def in_thread(work: Callable[[], None]) -> None:
    """Call a function in a thread that ends with it."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_threads_write_and_read_at_the_same_time(library: Library) -> None:
    together = threading.Barrier(N_THREADS)

    def work(number: int) -> list[str | None]:
        together.wait()
        for song in range(5):
            track_id = made_up_library.add(library, f"/{number}/{song}.mp3", artist=f"{number}")
            library.set_genre([track_id], f"genre {number}", now=1.0)
            assert library.track(track_id).genre == f"genre {number}"
        return [track.genre for track in library.tracks(Filters(artist=str(number)))]

    with ThreadPoolExecutor(N_THREADS) as pool:
        answers = list(pool.map(work, range(N_THREADS)))
    assert answers == [[f"genre {number}"] * 5 for number in range(N_THREADS)]
    assert library.count() == 5 * N_THREADS


def test_what_is_not_committed_is_seen_by_its_own_thread_only(library: Library) -> None:
    seen: list[int] = []
    with library.transaction():
        made_up_library.add(library, "/a.mp3")
        assert library.count() == 1
        in_thread(lambda: seen.append(library.count()))
    in_thread(lambda: seen.append(library.count()))
    assert seen == [0, 1]


def test_an_error_in_one_thread_takes_back_nothing_of_another(library: Library) -> None:
    def fail() -> None:
        with contextlib.suppress(ZeroDivisionError), library.transaction():
            made_up_library.add(library, "/lost.mp3")
            raise ZeroDivisionError

    made_up_library.add(library, "/kept.mp3")
    in_thread(fail)
    assert [track.path for track in library.tracks()] == ["/kept.mp3"]


def test_threads_that_have_ended_leave_their_connections_to_the_next(library: Library) -> None:
    for number in range(20):
        in_thread(lambda number=number: made_up_library.add(library, f"/{number}.mp3"))  # type: ignore[misc]
    assert library.count() == 20
    assert len(library._connections._open) <= 3


def test_closing_closes_it_for_all_threads(library: Library) -> None:
    opened, closed = threading.Event(), threading.Event()
    errors: list[str] = []

    def work() -> None:
        library.count()
        opened.set()
        closed.wait()
        for _ in range(2):
            with pytest.raises(LibraryError) as caught:
                library.count()
            errors.append(caught.value.reason)

    thread = threading.Thread(target=work)
    thread.start()
    opened.wait()
    library.close()
    closed.set()
    thread.join()
    assert errors == ["it is closed"] * 2


def test_warnings_go_to_the_thread_they_come_from(library: Library) -> None:
    listening, done = threading.Event(), threading.Event()
    messages: list[str] = []

    def work() -> None:
        with library.warnings_to(messages.append), library.warnings_to(None):
            library.warn("the disk is full")
            listening.set()
            done.wait()

    thread = threading.Thread(target=work)
    thread.start()
    listening.wait()
    with pytest.warns(UserWarning, match="of another thread"):
        library.warn("of another thread")
    done.set()
    thread.join()
    assert messages == ["the disk is full"]
