"""Write a table of made-up features of 320 songs by 40 artists in four genres.

    python examples/songs.py FILE.csv

Each genre has a sound and each artist has one too, so that a model that recognises the artist looks
better than it is.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

__all__ = ["write_table"]

GENRES = ("blues", "folk", "metal", "pop")
COLUMNS = ("brightness", "loudness", "tempo", "noise")


def write_table(path: Path) -> None:
    """Write the songs, eight of each artist.

    Parameters
    ----------
    path : Path
        The CSV file; an existing one is replaced.
    """
    draw = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "genre", "artist", *COLUMNS])
        for artist in range(40):
            genre = artist % len(GENRES)
            sound = [genre * 0.6 + draw.gauss(0, 1) for _ in COLUMNS]
            for song in range(8):
                features = [round(value + draw.gauss(0, 0.4), 3) for value in sound]
                table.writerow([f"{artist}-{song}", GENRES[genre], f"artist {artist}", *features])


def main() -> None:
    """Write the table that the command line names."""
    parser = argparse.ArgumentParser(description="Write a table of made-up features.")
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    write_table(options.file.expanduser())
    print(f"320 songs by 40 artists in {options.file}")


if __name__ == "__main__":
    main()
