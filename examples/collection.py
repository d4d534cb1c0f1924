"""Write a small music collection to try Earmark on: 32 songs by 16 made-up bands.

    python examples/collection.py FOLDER [--by-genre]

The songs are pieces of ``examples/audio`` at other speeds and with more or less treble, as FLAC
files with tags, few of which name a genre. Like those pieces they are dedicated to the public
domain (CC0 1.0). With ``--by-genre`` there is a folder for each genre, for training a model.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import scipy.signal
import soundfile
import soxr

__all__ = ["BANDS", "Band", "write_collection"]

PIECES = Path(__file__).parent / "audio"


@dataclass(frozen=True)
class Band:
    """A made-up band with one album of two songs, and the speed at which it plays its piece."""

    name: str
    genre: str
    album: str
    year: int
    songs: tuple[str, str]
    speed: float


BANDS = (
    Band("Blue Kettle", "blues", "Rain Again", 1962, ("Rain Again", "Kettle Blues"), 0.96),
    Band("Otis Fenn", "blues", "Back Porch", 1958, ("Blue Train Home", "No Letter"), 1.0),
    Band("The Late Shift", "blues", "Last Bus", 1966, ("Last Bus", "Night Desk"), 1.05),
    Band("Ada Crane", "blues", "Slow River", 1971, ("Slow River", "Lantern"), 0.93),
    Band("Anna Weil", "classical", "Preludes", 2004, ("White", "Grey"), 1.0),
    Band("Northlight Players", "classical", "Winter Concert", 2011, ("Frost", "Thaw"), 1.05),
    Band("The Orchard Consort", "classical", "Evening Walks", 1998, ("By the Weir", "Lamps"), 0.96),
    Band("Quartet Nine", "classical", "Rooms", 1993, ("Hall", "Attic"), 1.02),
    Band("Gate Five", "country", "Fence Line", 1974, ("Long Fence", "Barn Cat"), 0.95),
    Band("Marnie Holt", "country", "Two Acres", 1987, ("Two Acres", "Sunday Pie"), 1.0),
    Band("The Dry Creek Boys", "country", "Gravel", 1991, ("Gravel Road", "Mile Post"), 1.04),
    Band("Wade Tuller", "country", "Porch Light", 1979, ("Porch Light", "Feed Store"), 0.98),
    Band("Anvil Yard", "metal", "Slag", 1986, ("Furnace", "Slag"), 0.97),
    Band("Cold Harbour", "metal", "Breakwater", 1999, ("Breakwater", "Undertow"), 1.0),
    Band("Vault", "metal", "Deadbolt", 2008, ("Deadbolt", "Strongroom"), 1.05),
    Band("Pale Engine", "metal", "Boiler", 2015, ("Boiler", "Pressure"), 1.02),
)

TREBLE_DB = (0.0, -3.0)
"""Level above 1.5 kHz of the first and the second song of each album."""

GENRE_TAGS = {"Marnie Holt": "Country", "Vault": "Metal", "Otis Fenn": "Other"}
"""Bands whose files name a genre, or what stands for none. The others have no genre tag."""

RATE = 22050
PEAK = 0.35
HISS = 0.001
"""Level of the noise in the songs, as there is in a recording."""


def _songs(band: Band) -> Iterator[tuple[int, str, np.ndarray]]:
    """Yield the number, the title and the samples of each song of a band."""
    (path,) = PIECES.glob(f"{band.genre}_*.ogg")
    stereo, rate = soundfile.read(path)
    piece = stereo.mean(axis=1)
    low_pass = scipy.signal.butter(1, 1500, fs=RATE, output="sos")
    for number, (title, treble) in enumerate(zip(band.songs, TREBLE_DB, strict=True), 1):
        y = soxr.resample(piece[(number - 1) * rate :], rate * band.speed, RATE)
        low = scipy.signal.sosfilt(low_pass, y)
        y = low + (y - low) * 10 ** (treble / 20)
        y = PEAK * y / np.abs(y).max()
        yield number, title, y + HISS * np.random.default_rng(number).standard_normal(len(y))


def _write_tags(path: Path, band: Band, number: int, title: str) -> None:
    """Write the tags of a song."""
    file: Any = mutagen.File(path)
    file["artist"], file["album"], file["title"] = band.name, band.album, title
    file["tracknumber"], file["date"] = str(number), str(band.year)
    file["comment"] = "Synthetic; CC0"
    if band.name in GENRE_TAGS:
        file["genre"] = GENRE_TAGS[band.name]
    file.save()


def write_collection(folder: Path, *, by_genre: bool = False) -> list[Path]:
    """Write the songs as FOLDER/BAND/ALBUM/NUMBER TITLE.flac.

    Parameters
    ----------
    folder : Path
        Where to write; made if it does not exist.
    by_genre : bool
        Whether the folders of the bands are in a folder for each genre.

    Returns
    -------
    list of Path
        The files.
    """
    paths = []
    for band in BANDS:
        album = (folder / band.genre if by_genre else folder) / band.name / band.album
        album.mkdir(parents=True, exist_ok=True)
        for number, title, y in _songs(band):
            path = album / f"{number:02} {title}.flac"
            soundfile.write(path, y, RATE)
            _write_tags(path, band, number, title)
            paths.append(path)
    return paths


def main() -> None:
    """Write the collection into the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Write a small music collection.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--by-genre", action="store_true", help="a folder for each genre")
    options = parser.parse_args()
    paths = write_collection(options.folder.expanduser(), by_genre=options.by_genre)
    print(f"{len(paths)} songs by {len(BANDS)} bands in {options.folder}")


if __name__ == "__main__":
    main()
