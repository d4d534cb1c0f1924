"""Albums that are one file, from start to end by the command line."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from typer.testing import CliRunner

from earmark.cli._main import app
from earmark.testing import music_like

SECONDS = 2
CODECS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "128k"),
    "m4a": ("-c:a", "aac"),
    "tta": ("-c:a", "tta"),
    "wv": ("-c:a", "wavpack"),
}


def sheet_of(name: str, title: str) -> str:
    lines = ["\ufeffREM GENRE Fado", 'PERFORMER "Ann"', f'TITLE "{title}"', f'FILE "{name}" WAVE']
    for number in range(1, 5):
        lines += [f"  TRACK {number:02} AUDIO", f'    TITLE "{title} song {number}"']
        lines += [f"    INDEX 01 00:{(number - 1) * SECONDS:02}:00"]
    return "\r\n".join(lines) + "\r\n"


def silent_ape(seconds: int) -> bytes:
    """Return a Monkey's Audio file of silence: what of that format needs no encoder."""
    blocks, rate = 73_728, 44_100
    n_frames = -(-seconds * rate // blocks)
    last = seconds * rate - (n_frames - 1) * blocks
    # A checksum that says that flags follow, the flags of two silent channels, and some room.
    frame = struct.pack("<II", 1 << 31, 3) + bytes(12)
    data = frame * n_frames
    start = 52 + 24 + 4 * n_frames
    sizes = (52, 24, 4 * n_frames, 0, len(data), 0, 0)
    head = struct.pack("<4sHH7I16s", b"MAC ", 3990, 0, *sizes, bytes(16))
    head += struct.pack("<HHIIIHHI", 2000, 32, blocks, last, n_frames, 16, 2, rate)
    places = [start + at * len(frame) for at in range(n_frames)]
    return head + struct.pack(f"<{n_frames}I", *places) + data


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of albums, each of four songs in one file of another kind."""
    folder = tmp_path_factory.mktemp("albums") / "music"
    folder.mkdir()
    songs = [music_like(duration=SECONDS, sr=44_100, seed=seed) for seed in range(4)]
    for ending in ("flac", "wav"):
        soundfile.write(folder / f"{ending} album.{ending}", np.concatenate(songs), 44_100)
    (folder / "ape album.ape").write_bytes(silent_ape(4 * SECONDS))
    if shutil.which("ffmpeg"):
        source = folder / "wav album.wav"
        for ending, codec in CODECS.items():
            target = folder / f"{ending} album.{ending}"
            command = ["ffmpeg", "-v", "error", "-i", str(source), *codec, str(target)]
            subprocess.run(command, check=True)
    for path in sorted(folder.iterdir()):
        path.with_suffix(".cue").write_text(sheet_of(f"{path.stem}.wav", path.stem))
    return folder


@pytest.fixture
def call(music: Path, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs a command on a library of its own, and what it prints."""
    shutil.copytree(music, tmp_path / "music")

    def run(*arguments: object, code: int = 0) -> str:
        environment = {"EARMARK_LIBRARY": str(tmp_path / "library.db"), "COLUMNS": "200"}
        done = CliRunner().invoke(app, [str(one) for one in arguments], env=environment)
        assert done.exit_code == code, done.output
        return done.stdout

    return run


def test_albums_of_every_format_are_their_tracks(
    call: Callable[..., Any], music: Path, tmp_path: Path
) -> None:
    n_files = len(list(music.glob("*.cue")))
    text = call("scan", tmp_path / "music", "-j1")
    assert f"{n_files} files: {n_files} analysed" in text
    assert f"{4 * n_files} tracks according to cue sheets" in text
    tracks = json.loads(call("library", "list", "--limit", "0", "--json"))["tracks"]
    assert len(tracks) == 4 * n_files
    for path in sorted((tmp_path / "music").iterdir()):
        if path.suffix == ".cue":
            continue
        found = [one for one in tracks if one["path"] == str(path)]
        assert [one["title"] for one in found] == [f"{path.stem} song {n}" for n in (1, 2, 3, 4)]
        assert [one["duration"] for one in found] == pytest.approx([SECONDS] * 4, abs=0.15)
        assert [one["start"] for one in found] == [0, 2, 4, 6]
        assert {tuple(one["tag_genres"]) for one in found} == {("Fado",)}
        assert {one["unsure"] == "silent" for one in found} == {path.suffix == ".ape"}
    assert f"{n_files} files: {n_files} unchanged" in call("scan", "-j1")


def test_one_album_through_every_command(call: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    for ending in ("flac", "cue"):
        shutil.copy(tmp_path / "music" / f"flac album.{ending}", folder / f"flac album.{ending}")
    album = folder / "flac album.flac"
    assert "flac album.flac#02  flac album song 2" in call("classify", album, "-j1")
    told = json.loads(call("classify", folder / "flac album.cue", "--json", "-j1"))
    assert [one["part"] for one in told["results"]] == [1, 2, 3, 4]

    call("scan", folder, "-j1")
    assert "flac album song 3" in call("library", "list", "--in", album)
    assert f"{album}#03" in call("library", "show", f"{album}#03")
    call("library", "set-genre", f"{album}#03", "jazz")
    tracks = json.loads(call("library", "list", "--corrected", "--json"))["tracks"]
    assert [(one["part"], one["genre"]) for one in tracks] == [(3, "jazz")]

    anything = ("--min-length", "0", "--min-likeness", "0", "--include-unfamiliar")
    near = json.loads(call("similar", f"{album}#01", *anything, "--json"))["neighbours"]
    assert {one["track"]["part"] for one in near} == {2, 3, 4}
    playlist = tmp_path / "list.m3u8"
    call("playlist", "--like", f"{album}#02", "--tracks", "3", *anything, "-o", playlist)
    lines = playlist.read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["one/flac album.flac"]
    assert "#EXTINF:-1,Ann - flac album" in lines

    plan = json.loads(call("tag", "plan", "--threshold", "0", "--replace", "--json"))["plan"]
    assert [(row["path"], row["action"]) for row in plan["rows"]] == [(str(album), "keep")]
    assert "tags are not written to its tracks" in plan["rows"][0]["why"]

    into = ("--into", tmp_path / "sorted", "--by", "artist/album", "--mode", "move")
    assert "one file of 4 tracks" in call("organise", "plan", *into)
    call("organise", "apply", *into, "--yes")
    place = tmp_path / "sorted" / "Ann" / "flac album"
    assert sorted(path.name for path in place.iterdir()) == ["flac album.cue", "flac album.flac"]
    tracks = json.loads(call("library", "list", "--json"))["tracks"]
    assert [one["path"] for one in tracks] == [str(place / "flac album.flac")] * 4
    call("organise", "undo")
    assert album.exists()

    call("features", album, "-o", tmp_path / "f.parquet", "--unit", "track", "-j1")
    assert pq.read_table(tmp_path / "f.parquet").num_rows == 1

    sheet = folder / "flac album.cue"
    sheet.write_text(sheet.read_text().replace("song 4", "last song"))
    assert "1 with new tags" in call("scan", "-j1")
    assert "last song" in call("library", "list")

    for path in (album, sheet):
        path.unlink()
    assert "4 missing" in call("scan", folder, "-j1")
    assert f"{album}#01" in call("library", "prune")
    call("library", "prune", "--yes")
    assert json.loads(call("library", "list", "--json"))["total"] == 0
