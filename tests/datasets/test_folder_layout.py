"""A folder that is not laid out by genre is refused at once, in one message."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.datasets.folder import CORPUS, check_layout
from earmark.errors import DatasetError
from earmark.workflows.evaluate import evaluate
from earmark.workflows.train import train


def write(path: Path, *, artist: str = "") -> None:
    """Write a file that is too short to be analysed: nothing here is to be decoded."""
    import mutagen.flac

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(2205), 22_050)
    if artist:
        tags = mutagen.flac.FLAC(path)
        tags["artist"] = artist
        tags.save()


@pytest.fixture
def by_artist(tmp_path: Path) -> Path:
    """Return twenty folders named after artists, two songs each."""
    for number in range(20):
        for song in range(2):
            name = f"Artist {number:02}"
            write(tmp_path / "music" / name / f"{song}.flac", artist=name.upper())
    return tmp_path / "music"


def test_folders_of_artists_are_refused_in_one_message_and_before_any_warning(
    by_artist: Path, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DatasetError) as caught:
            train(f"folder:{by_artist}", output=tmp_path / "mine.earmark")
    message = str(caught.value)
    assert "\n" not in message
    assert "is not laid out by genre. Expected: a folder for each genre, with 5 or more" in message
    assert os.path.join(str(by_artist), "GENRE", "song.mp3") in message
    assert "Found: 20 folders with audio files, 20 of them with fewer than 5:" in message
    assert "'Artist 00' 2" in message
    assert "named after artists" in message
    assert "earmark train -d library" in message


@pytest.mark.filterwarnings("error")
def test_evaluation_refuses_it_too(by_artist: Path) -> None:
    with pytest.raises(DatasetError, match="is not laid out by genre"):
        evaluate(f"folder:{by_artist}", models=["knn"])


@pytest.mark.filterwarnings("error")
def test_files_without_folders_are_refused(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "music" / f"{number}.flac")
    with pytest.raises(DatasetError, match=r"Found: 3 audio files directly in .* and none in fold"):
        train(f"folder:{tmp_path / 'music'}", output=tmp_path / "mine.earmark")


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_one_small_genre_among_others_is_named(tmp_path: Path) -> None:
    for genre, n in (("jazz", 6), ("rock", 5), ("polka", 2)):
        for number in range(n):
            write(tmp_path / genre / f"{number}.flac")
    found = CORPUS.tracks(tmp_path)
    with pytest.raises(
        DatasetError, match=r"1 of 3 genres has fewer than 5 audio files.*'polka' 2"
    ):
        check_layout(tmp_path, found, fewest=5)
    check_layout(tmp_path, found, fewest=2)


@pytest.mark.filterwarnings("ignore::earmark.datasets.DatasetWarning")
def test_folders_that_are_not_of_artists_are_not_called_so(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / f"mix {number}" / "a.flac", artist=f"Somebody {number}")
    with pytest.raises(DatasetError) as caught:
        check_layout(tmp_path, CORPUS.tracks(tmp_path), fewest=5)
    assert "named after artists" not in str(caught.value)
