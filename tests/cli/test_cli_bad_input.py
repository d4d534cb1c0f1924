"""Every bad input has a stated outcome, and stops no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import soundfile

from earmark.testing import music_like, silence

Run = Callable[..., subprocess.CompletedProcess[bytes]]

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "classify-2.json").read_text())

SR = 22_050
THREE_HOURS = 3 * 60 * 60
SLOW = pytest.mark.slow


def _write(y: np.ndarray, sr: int = SR, **options: str) -> Callable[[Path], None]:
    # Bytes, since a name need not be text.
    return lambda path: soundfile.write(os.fsencode(path), y, sr, **{"format": "WAV", **options})


def _with(value: float) -> np.ndarray:
    y = music_like(duration=2)
    y[1000] = value
    return y


def _cut_mp3(path: Path) -> None:
    soundfile.write(path, music_like(duration=8), SR, format="MP3")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _folder_without_audio(path: Path) -> None:
    (path / "inside").mkdir(parents=True)
    (path / "inside" / "notes.txt").write_text("la la la")


# name -> (how it is made, the code of its error, its reason to be unsure, its warning)
CASES: dict[str, tuple[Callable[[Path], Any], str | None, str | None, str | None]] = {
    "good.wav": (_write(music_like(duration=2)), None, "any", None),
    "empty.wav": (Path.touch, "empty-audio", None, None),
    "text.mp3": (lambda path: path.write_text("no song\n" * 99), "no-audio", None, None),
    "cut.mp3": (_cut_mp3, None, "any", "heard in part: 0:0"),
    "header only.wav": (_write(np.zeros(0)), "empty-audio", None, None),
    "one sample.wav": (_write(np.full(1, 0.5)), "too-short", None, None),
    "short.wav": (_write(music_like(duration=0.9)), "too-short", None, None),
    "silence.wav": (_write(silence()), None, "silent", "silent: every sample is zero"),
    "nan.wav": (_write(_with(np.nan), subtype="FLOAT"), "non-finite-audio", None, None),
    "inf.wav": (_write(_with(np.inf), subtype="FLOAT"), "non-finite-audio", None, None),
    "8 channels.wav": (_write(np.tile(music_like(duration=2)[:, None], 8)), None, "any", None),
    "8 kHz.wav": (_write(music_like(duration=2, sr=8_000), 8_000), None, "any", "sampled at 8000"),
    "192 kHz.wav": (_write(music_like(duration=2, sr=192_000), 192_000), None, "any", None),
    "no audio": (_folder_without_audio, "no-audio", None, None),
    "not there.wav": (lambda path: None, "not-found", None, None),
    "loop.wav": (lambda path: path.symlink_to(path.name), "not-found", None, None),
    "dangling.wav": (lambda path: path.symlink_to("nothing"), "not-found", None, None),
    "fifo.wav": (os.mkfifo, "no-audio", None, None),
    "device.wav": (lambda path: path.symlink_to("/dev/zero"), "no-audio", None, None),
    "quo\"te's.wav": (_write(music_like(duration=2)), None, "any", None),
    "new\nline.wav": (_write(music_like(duration=2)), None, "any", None),
    "\x1b[31mescape.wav": (_write(music_like(duration=2)), None, "any", None),
    "not \udcff\udcfe text.wav": (_write(music_like(duration=2)), None, "any", None),
    "not \udcff text.m4a": (lambda path: path.write_bytes(b"x" * 99), "no-audio", None, None),
    "[bold]markup.wav": (_write(music_like(duration=2)), None, "any", None),
    "-n.wav": (_write(music_like(duration=2)), None, "any", None),
}
FAILING = [name for name, (_, code, _, _) in CASES.items() if code]
CLASSIFIED = [name for name in CASES if name not in FAILING]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of everything that is awkward."""
    folder = tmp_path_factory.mktemp("awkward")
    for name, (make, *_) in CASES.items():
        make(folder / name)
    return folder


@pytest.fixture(scope="module")
def done(earmark: Run, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Return how one command over all of them ended."""
    paths = [os.path.join(folder, name) for name in CASES]
    return earmark("classify", "--json", "--", *paths)


@pytest.fixture(scope="module")
def report(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """Return what it printed."""
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def results(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return its results by name."""
    return {os.path.basename(result["path"]): result for result in report["results"]}


@pytest.fixture(scope="module")
def table(earmark: Run, folder: Path) -> bytes:
    """Return the table for people, in colour as on a terminal."""
    paths = [os.path.join(folder, name) for name in CASES]
    return earmark("classify", "--", *paths, FORCE_COLOR="1", COLUMNS="200").stdout


def test_some_failed_is_exit_code_one(done: subprocess.CompletedProcess[bytes]) -> None:
    assert done.returncode == 1
    assert done.stderr == b""


def test_every_input_is_answered_in_order(folder: Path, report: dict[str, Any]) -> None:
    paths = [result["path"] for result in report["results"]]
    assert paths == [os.path.join(folder, name) for name in CASES]


def test_report_with_failures_fits_the_schema(report: dict[str, Any]) -> None:
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", FAILING, ids=ascii)
def test_bad_input_fails_with_its_reason(results: dict[str, dict[str, Any]], name: str) -> None:
    result = results[name]
    assert result["error"]["code"] == CASES[name][1]
    assert result["error"]["message"]
    assert (result["genre"], result["confidence"], result["unsure"]) == (None, None, None)
    assert (result["probabilities"], result["clips"]) == ({}, [])


@pytest.mark.parametrize("name", CLASSIFIED, ids=ascii)
def test_odd_input_is_classified(results: dict[str, dict[str, Any]], name: str) -> None:
    _, _, unsure, warning = CASES[name]
    result = results[name]
    assert result["error"] is None
    if result["unsure"] == "silent":
        assert (result["genre"], result["confidence"], result["probabilities"]) == (None, None, {})
    else:
        assert result["genre"] in result["probabilities"]
        assert sum(result["probabilities"].values()) == pytest.approx(1)
    assert unsure in ("any", result["unsure"])
    if warning is None:
        assert result["warnings"] == []
    else:
        assert [told.startswith(warning) for told in result["warnings"]] == [True]


@pytest.mark.parametrize("name", CASES, ids=ascii)
def test_name_survives_json(folder: Path, report: dict[str, Any], name: str) -> None:
    paths = [os.fsencode(result["path"]) for result in report["results"]]
    assert os.fsencode(os.path.join(folder, name)) in paths


def test_cut_file_is_as_long_as_what_decodes(results: dict[str, dict[str, Any]]) -> None:
    assert 3.5 < results["cut.mp3"]["duration"] < 4.5


def test_too_short_says_what_is_needed(results: dict[str, dict[str, Any]]) -> None:
    message = results["short.wav"]["error"]["message"]
    assert message == "it is 0.900 s long: 1 s or more is needed"


def test_channels_alike_are_answered_as_one(results: dict[str, dict[str, Any]]) -> None:
    eight, one = results["8 channels.wav"], results["good.wav"]
    assert eight["probabilities"] == pytest.approx(one["probabilities"], abs=1e-3)


def test_names_do_not_change_the_answer(results: dict[str, dict[str, Any]]) -> None:
    expected = results["good.wav"]["probabilities"]
    assert results["not \udcff\udcfe text.wav"]["probabilities"] == expected
    assert results["new\nline.wav"]["probabilities"] == expected


@pytest.mark.parametrize("name", FAILING, ids=ascii)
def test_table_names_each_failure(table: bytes, name: str) -> None:
    shown = repr(name)[1:-1] if "\\" in repr(name) else name
    lines = [line for line in table.splitlines() if b"failed" in line]
    assert any(shown.encode() in line for line in lines)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\x1b[31mescape", rb"\x1b[31mescape.wav"),
        (b"new\nline", rb"new\nline.wav"),
        (b"not \xff", rb"not \udcff\udcfe text.wav"),
        (b"not \xff", rb"not \udcff text.m4a"),
        (b"\x1b[1mmarkup", b"[bold]markup.wav"),
    ],
)
def test_table_shows_no_name_raw(table: bytes, raw: bytes, shown: bytes) -> None:
    assert raw not in table
    assert shown in table


def test_table_counts(table: bytes) -> None:
    assert f"{len(CLASSIFIED)} classified (".encode() in table
    assert f", {len(FAILING)} failed".encode() in table


# --- permissions --------------------------------------------------------------------------------


def test_file_without_permission_fails_alone(
    unprivileged_earmark: Run, tmp_path: Path, folder: Path
) -> None:
    secret = tmp_path / "secret.wav"
    soundfile.write(secret, music_like(duration=2), SR)
    secret.chmod(0)
    good = os.path.join(folder, "good.wav")
    done = unprivileged_earmark("classify", "--json", str(secret), good)
    assert done.returncode == 1, done.stderr
    first, second = json.loads(done.stdout)["results"]
    assert first["error"] == {"code": "no-access", "message": "no permission to read it"}
    assert second["error"] is None


def test_folder_without_permission_fails_alone(
    unprivileged_earmark: Run, tmp_path: Path, folder: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    soundfile.write(closed / "a.wav", music_like(duration=2), SR)
    closed.chmod(0)
    good = os.path.join(folder, "good.wav")
    try:
        inside = str(closed / "a.wav")
        done = unprivileged_earmark("classify", "--json", str(closed), inside, good)
    finally:
        closed.chmod(0o700)
    assert done.returncode == 1, done.stderr
    *refused, last = json.loads(done.stdout)["results"]
    assert [result["error"]["code"] for result in refused] == ["no-access"] * 2
    assert last["error"] is None


# --- length -------------------------------------------------------------------------------------

# The peak of the child alone: that of the process of the tests is larger already.
_MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "earmark", *sys.argv[1:]], stdout=subprocess.PIPE)
sys.stdout.buffer.write(done.stdout)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
sys.stderr.write(str(peak if sys.platform != "darwin" else peak // 1024))
sys.exit(done.returncode)
"""


@pytest.mark.parametrize("seconds", [THREE_HOURS // 6, pytest.param(THREE_HOURS, marks=SLOW)])
def test_long_file_is_classified_in_bounded_memory(
    python: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], seconds: int
) -> None:
    path = tmp_path / "long.flac"
    minute = np.zeros(8_000 * 60, dtype=np.float32)
    minute[::4_000] = 0.5  # clicks: a file of a few megabytes
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for _ in range(seconds // 60):
            file.write(minute)
    done = python("-c", _MEASURE, "classify", "--json", str(path))
    assert done.returncode == 0
    (result,) = json.loads(done.stdout)["results"]
    assert result["duration"] == seconds
    assert len(result["clips"]) == seconds // 30
    assert result["clips"][-1]["end"] == seconds
    megabytes = int(done.stderr) / 1024
    with capsys.disabled():
        sys.stdout.write(f"\npeak memory over {seconds // 60} minutes: {megabytes:.0f} MB\n")
    assert megabytes < 400
