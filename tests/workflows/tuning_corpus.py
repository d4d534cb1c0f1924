"""A table of made-up rows with an official split, as a user would have one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np


def write_table(folder: Path, *, split: bool = True, spoil_test: bool = False) -> str:
    """Write a CSV of 135 rows, 27 of them for tests, and return the dataset argument."""
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 1.2, (3, 4))
    path = folder / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "artist", *(["split"] if split else []), *"abcd"])
        for number in range(135):
            label = number % 3
            artist = number // 9 * 3 + label
            X = centres[label] + rng.normal(0, 1, 4)
            part = ("train", "train", "valid", "train", "test")[number // 9 % 5]
            if spoil_test and part == "test":
                X *= 1e6
            told = [f"row{number}", ("blues", "jazz", "rock")[label], f"artist {artist}"]
            writer.writerow([*told, *([part] if split else []), *X])
    return f"table:{path}"
