"""The review of doubtful genres, and setting a genre: what is asked, matched, kept, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earmark.analysis import Analysis, Answer
from earmark.errors import ParameterError, UnknownGenreError
from earmark.files import FileState
from earmark.library import Library, Review, is_genre_name, known_genres, match_genre, open_library
from earmark.tags import Tags
from earmark.workflows.library import review_tracks, set_genre

CLASSES = ("blues", "jazz", "rock")


def _add(
    library: Library,
    name: str,
    probabilities: tuple[float, ...],
    *,
    unsure: Any = None,
    genres: tuple[str, ...] = (),
) -> int:
    shares = np.array(probabilities, dtype=np.float32)
    bounds, sounding = np.array([[0.0, 30.0]]), np.array([30.0])
    return library.scanned.add(
        f"/{name}.mp3",
        state=FileState(1, 1),
        digest=name.encode(),
        tags=Tags(title=name, genres=genres),
        analysis=Analysis(30.0, bounds, sounding, {}, {}),
        answer=Answer(
            "a" * 64,
            CLASSES,
            shares,
            unsure,
            1.0,
            bounds,
            shares[None] if shares.size else np.full((1, len(CLASSES)), np.nan, np.float32),
            sounding,
        ),
        vectors_id="b" * 64,
        vector=None,
        now=1.0,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a library of tracks of all degrees of doubt."""
    with open_library(tmp_path / "library.db", create=True) as library:
        _add(library, "sure", (0.02, 0.95, 0.03), genres=("Fado", "Other", "n"))
        _add(library, "rock at 48", (0.20, 0.32, 0.48))
        _add(library, "close", (0.41, 0.02, 0.57))
        _add(library, "undecided", (0.33, 0.33, 0.34), unsure="undecided")
        _add(library, "strange", (0.01, 0.01, 0.98), unsure="unfamiliar", genres=("Bossa Nova",))
        _add(library, "strange and close", (0.45, 0.05, 0.50), unsure="unfamiliar")
        _add(library, "silent", (), unsure="silent")
        corrected = _add(library, "corrected", (0.34, 0.33, 0.33), unsure="undecided")
        library.set_genre([corrected], "Zouk", now=1.0)
    return tmp_path / "library.db"


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    with open_library(path) as opened:
        yield opened


def _titles(tracks: list[Any]) -> list[str]:
    return [one.tags.title for one in tracks]


def test_review_asks_by_doubt_and_never_about_silence(path: Path) -> None:
    doubtful = ["strange and close", "strange", "undecided", "close", "rock at 48"]
    assert _titles(review_tracks(library=path)) == doubtful
    assert _titles(review_tracks(everything=True, library=path)) == [*doubtful, "sure"]


def test_case_is_that_of_what_exists(library: Library) -> None:
    known = known_genres(library)
    assert known == {
        **{name: name for name in CLASSES},
        "zouk": "Zouk",
        "fado": "Fado",
        "bossanova": "Bossa Nova",
    }
    assert match_genre("JAZZ", known) == "jazz"
    assert match_genre(" bossa  nova", known) == match_genre("Bossa-Nova", known) == "Bossa Nova"


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("jaz", ("jazz",)), ("Bosa-Nova", ("Bossa Nova",)), ("nova", ("Bossa Nova",)), ("polka", ())],
)
def test_unknown_genre_suggests_the_nearest(
    library: Library, typed: str, nearest: tuple[str, ...]
) -> None:
    known = known_genres(library)
    with pytest.raises(UnknownGenreError) as caught:
        match_genre(typed, known)
    assert (caught.value.genre, caught.value.nearest) == (typed, nearest)
    assert match_genre(typed, known, new=True) == typed


@pytest.mark.parametrize("text", ["n", "?", "", " ", "--clear", "-x", "17", "b", "a\nb", "1."])
def test_keystrokes_and_options_are_no_genres(library: Library, path: Path, text: str) -> None:
    assert not is_genre_name(text)
    with pytest.raises(ParameterError):
        match_genre(text, known_genres(library), new=True)
    with pytest.raises(ParameterError):
        set_genre(1, text, new=True, library=path)
    assert library.track(1).corrected is None


def test_old_slips_are_no_known_genres(library: Library) -> None:
    library.set_genre([1], "?", now=1.0)  # as earlier releases let in
    assert "?" not in known_genres(library)


def test_set_genre_takes_known_genres_and_new_ones_when_told(path: Path) -> None:
    (track,) = set_genre(1, "Jazz", library=path)
    assert track.corrected == "jazz"
    with pytest.raises(UnknownGenreError, match="new=True"):
        set_genre(1, "polka", library=path)
    assert set_genre(1, "polka", new=True, library=path)[0].corrected == "polka"
    assert set_genre(2, "POLKA", library=path)[0].corrected == "polka"
    assert set_genre(1, None, library=path)[0].corrected is None


def test_review_sets_skips_goes_back_and_undoes(library: Library, path: Path) -> None:
    review = Review(library, review_tracks(library=path))
    assert (review.total, review.position) == (5, 0)
    assert not review.back()
    assert review.undo() is None
    assert review.set("ROCK") == "rock"
    assert review.track is not None
    assert review.track.tags.title == "strange"
    assert review.choices == ("rock", "blues", "jazz", "Bossa Nova")
    review.skip()
    assert review.set("polka", new=True) == "polka"
    assert review.set("Polka") == "polka"  # known by now
    assert (review.n_set, review.position) == (3, 4)
    undone = review.undo()
    assert undone is not None
    assert (undone.tags.title, undone.corrected, review.position) == ("close", None, 3)
    assert review.back()
    assert review.track.tags.title == "undecided"
    assert review.track.corrected == "polka"
    review.set("jazz")
    undone = review.undo()
    assert undone is not None
    assert undone.corrected == "polka"  # what it was before
    for _ in range(9):
        review.skip()
    assert (review.track, review.choices, review.position) == (None, (), 5)
    with pytest.raises(ParameterError, match="no track is left"):
        review.set("jazz")
    corrected = {one.tags.title: one.corrected for one in library.tracks() if one.corrected}
    assert corrected == {
        "strange and close": "rock",
        "undecided": "polka",
        "corrected": "Zouk",
    }
