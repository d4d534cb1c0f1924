"""Folders that look like the corpora, of made-up numbers and names."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from earmark.datasets import gtzan, segments57
from earmark.features import ECHONEST8, GTZAN57

Rows = list[dict[str, str]]


def write_rows(path: Path, rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def read_rows(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _numbers(rng: np.random.Generator, names: Sequence[str]) -> dict[str, str]:
    return {name: f"{value:.6f}" for name, value in zip(names, rng.random(len(names)), strict=True)}


@cache
def gtzan_rows() -> tuple[Rows, Rows]:
    """Return the rows of both files: a thousand excerpts of nothing, two of them the same."""
    rng = np.random.default_rng(0)
    table, index = [], []
    for label in gtzan.GENRES:
        for number in range(100):
            name = f"{label}.{number:05}"
            numbers = _numbers(rng, GTZAN57.names)
            table.append({"filename": f"{name}.wav", "length": "661794", **numbers, "label": label})
            index.append(
                {
                    "artist": "" if number % 7 == 0 else f"Artist {number // 5}",
                    "title": f"Song {number}",
                    "excerpt": name,
                    "genre": label,
                    "fault_filtered_split": ("train", "valid", "test", "")[number % 4],
                    "artist_fold": ("1.0", "2.0", "3.0", "")[number // 5 % 4],
                    "exact_dup_group": "5.0" if name in ("metal.00058", "rock.00016") else "",
                    "artist_id": f"{gtzan.GENRES.index(label) * 20 + number // 5}.0",
                }
            )
    copy = {name: table[658][name] for name in GTZAN57.names}
    table[916] |= copy
    return table, index


def make_gtzan(folder: Path) -> Path:
    table, index = gtzan_rows()
    write_rows(folder / "features_30_sec.csv", table)
    write_rows(folder / "index.csv", index)
    return folder


def make_spectrograms(folder: Path) -> None:
    """Write an archive: every excerpt's columns count up from its number, but for the first."""
    names = [row["excerpt"] for row in gtzan_rows()[1] if row["excerpt"] != "jazz.00054"]
    excerpt, band, column = np.ogrid[: len(names), :128, :387]
    X = ((excerpt + 2 * band + column) % 256).astype(np.uint8)
    X[:, :, 0] = 255
    np.savez_compressed(folder / "logmel_u8.npz", X=X, name=np.array(names))


def _metadata(number: int, genre: str) -> dict[str, str]:
    return {
        "artist_id": str(number // 4),
        "set_split": ("training", "training", "validation", "test")[number // 4 % 4],
        "set_subset": ("small", "medium", "large")[number % 3],
        "track_genre_top": genre,
        "track_title": f"Song {number}",
    }


def make_echonest(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    genres = ("Rock", "Hip-Hop", "", "Old-Time / Historic")
    rows = [
        {
            "track_id": str(number + 2),
            **_numbers(rng, ECHONEST8.names),
            **_metadata(number, genres[number % 4]),
        }
        for number in range(13_129)
    ]
    write_rows(folder / "echonest_genre.csv", rows)
    return folder


def make_fma(folder: Path) -> Path:
    genres = ("Rock", "Folk", "")
    rows = [
        {"track_id": str(3 * number + 2), **_metadata(number, genres[number % 3])}
        for number in range(120)
    ]
    write_rows(folder / "tracks.csv", rows)
    for name in (
        "fma_small/000/000002.mp3",
        "fma_small/000/000011.mp3",
        "fma_small/001/001000.mp3",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def make_segments57(folder: Path) -> Path:
    """Write 2,205 tracks, the whole ones numbered the other way round and two of them the same."""
    rng = np.random.default_rng(2)
    segments, whole = [], []
    for number in range(2205):
        genre = segments57.GENRES[number % 11]
        of_genre = number // 11
        title, artist = f"Song {of_genre}", f"Artist {of_genre // 5}"
        if number in (11, 22):  # blues: a second download
            title, artist = "Twice", "Somebody (1)" if number == 22 else "Somebody"
        name = f"{genre}.{100 + of_genre:05}"
        numbers = _numbers(rng, GTZAN57.names)
        for segment in range(10):
            shown = numbers | {"tempo": f"{segment + (1 if number == 22 else number)}"}
            segments.append(
                {"track": name, "seg": str(segment), "genre": genre, **shown}
                | {"title": title, "artist": artist}
            )
        whole.append(
            {"track_fullindex": name, "genre": genre, **numbers, "tempo": str(number)}
            | {"orgname": f"ES_{title} - {artist}.wav"}
        )
    titles = [row.pop("orgname") for row in whole]
    numbers_of = [row.pop("track_fullindex") for row in whole]
    turned = [
        {"track_fullindex": name, **row, "orgname": title}
        for name, row, title in zip(numbers_of, whole[::-1], titles[::-1], strict=True)
    ]
    write_rows(folder / "segments_3s.csv", segments)
    write_rows(folder / "tracks.csv", turned)
    return folder


def make_folder(folder: Path) -> Path:
    """Write twelve short files in two genres; those of jazz are in folders of artists."""
    for number in range(12):
        genre = ("rock", "jazz")[number % 2]
        place = folder / genre / (f"artist{number // 4}" if genre == "jazz" else "")
        silent_file(
            place / f"{number:02}.flac",
            artist=f"Artist {number // 3}",
            title=f"Song {number}",
            genre=("Rock", "ROCK", "rock", "Jazz")[number % 4],
        )
    return folder


def silent_file(path: Path, **tags: str) -> Path:
    """Write a short file with tags."""
    import mutagen

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(2205), 22_050)
    if tags:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        for name, value in tags.items():
            file[name] = value
        file.save()
    return path


def table_rows() -> Rows:
    """Return twenty rows of two genres with artists, tracks and a split."""
    rng = np.random.default_rng(3)
    return [
        {
            "id": f"row{number:02}",
            "label": ("rock", "jazz")[number // 2 % 2],
            "artist": f"Artist {number // 4}",
            "track": f"Track {number // 2}",
            "split": ("train", "train", "valid", "test", "")[number // 4],
            **_numbers(rng, ("loudness", "tempo", "brightness")),
        }
        for number in range(20)
    ]


def make_table(folder: Path) -> Path:
    write_rows(folder / "mine.csv", table_rows())
    return folder / "mine.csv"


MAKERS = {
    "gtzan": make_gtzan,
    "fma": make_fma,
    "echonest": make_echonest,
    "segments57": make_segments57,
    "folder": make_folder,
    "table": make_table,
}
"""By the name of the corpus: writes one into a folder and returns the path a loader takes."""
