"""The pieces of `examples/audio`, and the script that composes them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark import audio

PIECES = (
    "blues_wet_shoes.ogg",
    "classical_morning_fugue.ogg",
    "country_gatepost.ogg",
    "disco_mirrorball.ogg",
    "hiphop_dust_jacket.ogg",
    "jazz_lamplight.ogg",
    "metal_ironmonger.ogg",
    "reggae_low_tide.ogg",
)


def test_eight_pieces_are_three_megabytes_at_most(examples: Path) -> None:
    paths = sorted(examples.iterdir())
    assert tuple(path.name for path in paths) == PIECES
    assert sum(path.stat().st_size for path in paths) <= 3_000_000


@pytest.mark.parametrize("name", PIECES)
def test_piece_decodes_whole_and_sounds(examples: Path, name: str) -> None:
    y, sr = audio.load(examples / name, sr=None)
    assert len(y) / sr >= 30
    assert 0.02 < np.sqrt(np.mean(y**2)) < 0.5
    assert 0.3 < np.abs(y).max() <= 1.1


@pytest.mark.parametrize("name", PIECES)
def test_piece_is_tagged_as_public_domain(examples: Path, name: str) -> None:
    with soundfile.SoundFile(examples / name) as file:
        tags = file.copy_metadata()
    assert tags["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert "CC0" in tags["comment"]
    assert tags["genre"] == name.partition("_")[0]


def test_script_composes_the_committed_piece_again(examples: Path, tmp_path: Path) -> None:
    script = examples.parent / "compose.py"
    subprocess.run(
        [sys.executable, str(script), "--only", "hiphop", "--into", str(tmp_path)],
        check=True,
        capture_output=True,
    )
    (path,) = tmp_path.iterdir()
    assert path.name == "hiphop_dust_jacket.ogg"
    made, sr = soundfile.read(path)
    committed, committed_sr = soundfile.read(examples / path.name)
    # The container has a random serial number, and the encoder may be of another version: what
    # decodes is compared, and not to the bit.
    assert (made.shape, sr) == (committed.shape, committed_sr)
    assert np.sqrt(np.mean((made - committed) ** 2)) < 0.01 * np.sqrt(np.mean(committed**2))


def test_script_composes_every_committed_piece(examples: Path) -> None:
    spec = importlib.util.spec_from_file_location("compose", examples.parent / "compose.py")
    assert spec
    assert spec.loader
    compose = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compose)
    names = {
        f"{piece.__name__}_{title.lower().replace(' ', '_')}.ogg"
        for piece, title in compose.PIECES.items()
    }
    assert names == set(PIECES)
