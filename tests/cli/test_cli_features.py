"""``earmark features``: what it prints, its exit codes, its help, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import soundfile
from typer.testing import CliRunner

from earmark.cli._main import app
from earmark.features import GTZAN57
from earmark.testing import music_like, noise

Run = Callable[..., subprocess.CompletedProcess[bytes]]

SR = 22_050

# The module that is asked for stays hidden, as if it were not installed.
_BLOCK_RAY = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'ray':
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Block())
sys.argv = ['earmark', *sys.argv[1:]]
from earmark.cli import main
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two pieces that can be used."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "sub").mkdir()
    soundfile.write(folder / "b.wav", music_like(duration=7), SR)
    soundfile.write(folder / "sub" / "a.flac", music_like(duration=2, seed=1), SR)
    return folder


@pytest.fixture
def call() -> Callable[..., Any]:
    """Return a function that runs the command in this process."""
    return lambda *arguments: CliRunner().invoke(
        app, ["features", *(str(argument) for argument in arguments)]
    )


# --- what is told -------------------------------------------------------------------------------


def test_all_done_is_one_line_and_exit_code_zero(
    call: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.parquet"
    done = call(folder, "-o", output, "--jobs", 1)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"2 rows from 2 files written to {output}; 0 failed\n"
    table = pq.read_table(output)
    assert table["path"].to_pylist() == [str(folder / "b.wav"), str(folder / "sub" / "a.flac")]
    assert set(table["fingerprint"].to_pylist()) == {GTZAN57.fingerprint}


def test_failures_are_named_and_exit_code_one(
    call: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.parquet"
    text = tmp_path / "text\n.mp3"
    text.write_text("no music\n" * 99)
    done = call(folder, text, tmp_path / "none.wav", "-o", output, "--jobs", 1)
    assert done.exit_code == 1
    first, second, last = done.stdout.splitlines()
    assert first.startswith(f"failed  {tmp_path}/text\\n.mp3: no decoder finds audio in it")
    assert second == f"failed  {tmp_path}/none.wav: no such file"
    assert last == f"2 rows from 2 files written to {output}; 2 failed"
    failures = pq.read_table(tmp_path / "a.failures.parquet").to_pylist()
    assert [row["code"] for row in failures] == ["no-audio", "not-found"]


@pytest.mark.parametrize("n_failed", [0, 1])
def test_json_tells_all(
    call: Callable[..., Any], folder: Path, tmp_path: Path, n_failed: int
) -> None:
    output = tmp_path / "a.parquet"
    missing = [tmp_path / "none.wav"][:n_failed]
    done = call(folder, *missing, "-o", output, "--json", "--jobs", 1)
    assert done.exit_code == n_failed
    assert json.loads(done.stdout) == {
        "schema": "earmark.extraction/1",
        "output": str(output),
        "failures": str(tmp_path / "a.failures.parquet"),
        "files": 2 + n_failed,
        "resumed": 0,
        "rows": 2,
        "failed": [
            {"path": str(path), "code": "not-found", "message": "no such file"} for path in missing
        ],
    }


def test_json_holds_the_bytes_of_a_name(earmark: Run, tmp_path: Path) -> None:
    done = earmark("features", "not \udcff.wav", "-o", "a.parquet", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")
    (failed,) = json.loads(done.stdout)["failed"]
    assert os.fsencode(failed["path"]) == b"not \xff.wav"
    assert sorted(os.listdir(tmp_path)) == ["a.failures.parquet", "a.parquet"]


def test_programs_get_nothing_else(earmark: Run, folder: Path, tmp_path: Path) -> None:
    done = earmark("features", str(folder), "-o", str(tmp_path / "a.parquet"), "--json", "-j2")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["rows"] == 2


def test_resuming_is_told(
    call: Callable[..., Any], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from earmark.workflows import features as workflow

    file_to_rows = workflow.file_to_rows

    def stop_at_the_second(path: str, **settings: Any) -> Any:
        if path.endswith(".flac"):
            raise KeyboardInterrupt
        return file_to_rows(path, **settings)

    output = tmp_path / "a.parquet"
    with monkeypatch.context() as context:
        context.setattr(workflow, "file_to_rows", stop_at_the_second)
        done = call(folder, "-o", output, "--jobs", 1)
    assert done.exit_code == 130
    assert os.listdir(tmp_path) == ["a.parquet.journal"]
    done = call(folder, "-o", output, "--jobs", 1)
    assert done.stdout == (
        f"2 rows from 2 files (1 of them in an earlier run) written to {output}; 0 failed\n"
    )


# --- what is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "n_rows"), [("clip", 1), ("segment", 2), ("track", 1)])
def test_unit_is_what_a_row_is_about(
    call: Callable[..., Any], folder: Path, tmp_path: Path, unit: str, n_rows: int
) -> None:
    output = tmp_path / "a.parquet"
    assert call(folder / "b.wav", "-o", output, "--unit", unit, "-j1").exit_code == 0
    table = pq.read_table(output)
    assert len(table) == n_rows
    assert json.loads(table.schema.metadata[b"earmark"])["unit"] == unit


def test_set_may_be_repeated(call: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.parquet"
    done = call(folder, "-o", output, "--set", "contrast", "-s", "logmel_gtzan", "--jobs", 1)
    assert done.exit_code == 0
    schema = pq.read_schema(output)
    assert list(json.loads(schema.metadata[b"earmark"])["sets"]) == ["contrast", "logmel_gtzan"]
    assert {"logmel_gtzan", "logmel_gtzan_frames"} < set(schema.names)
    assert "tempo" not in schema.names


def test_table_that_is_there_is_replaced_when_asked(
    earmark: Run, folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.parquet"
    output.write_bytes(b"mine")
    done = earmark("features", str(folder), "-o", str(output))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"exists" in done.stderr
    assert output.read_bytes() == b"mine"
    done = earmark("features", str(folder), "-o", str(output), "--overwrite")
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(pq.read_table(output)) == 2


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_says_how_and_what(call: Callable[..., Any], flag: str) -> None:
    done = call(flag)
    assert done.exit_code == 0
    told = " ".join(done.stdout.split())
    for words in ("Examples:", "earmark features ~/Music -o", "--engine ray", "Exit code: 0"):
        assert words in told
    for option in ("--output", "--set", "--unit", "--jobs", "--engine", "--address", "--overwrite"):
        assert option in told


# --- exit code 2 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Usage"),
        (["a.wav"], "--output"),
        (["-o", "a.parquet"], "PATH"),
        (["a.wav", "-o", "a.parquet", "--jobs", "0"], "--jobs"),
        (["a.wav", "-o", "a.parquet", "--loud"], "--loud"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_exit_code_two(
    call: Callable[..., Any], arguments: list[str], told: str
) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert told in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "gtzan58"], "'gtzan58' is not a feature set. Available: bands, contrast"),
        (["--set", "gtzan57", "--set", "gtzan57"], "named twice"),
        (["--unit", "song"], "--unit 'song' is not one of track, clip, segment"),
        (["--unit", "track", "--set", "logmel"], "has no frames"),
        (["--engine", "spark"], "--engine 'spark' is not one of local, ray"),
        (["--address", "auto"], "--address 'auto' needs --engine 'ray'"),
        (["--output", "no/a.parquet"], "its folder does not exist"),
        (["--output", "."], "is a folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refusal_is_one_line_and_exit_code_two(
    earmark: Run, folder: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = earmark("features", str(folder), "-o", "a.parquet", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("earmark: ")
    assert told in line
    assert os.listdir(tmp_path) == []


# --- exit code 1 --------------------------------------------------------------------------------


def test_ray_without_its_extra_says_what_to_type(python: Run, folder: Path, tmp_path: Path) -> None:
    arguments = ("features", str(folder), "-o", "a.parquet", "--engine", "ray")
    done = python("-c", _BLOCK_RAY, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b'earmark: ray is not installed: pip install "earmark[ray]"\n'
    assert os.listdir(tmp_path) == []


def test_local_engine_needs_no_ray(python: Run, folder: Path, tmp_path: Path) -> None:
    done = python("-c", _BLOCK_RAY, "features", str(folder), "-o", "a.parquet", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


def test_closed_folder_is_one_line_and_exit_code_one(
    unprivileged_earmark: Run, folder: Path, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    output = closed / "a.parquet"
    done = unprivileged_earmark("features", str(folder), "-o", str(output))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"earmark: [Errno 13] Permission denied: '{output}.journal'\n"
    assert os.listdir(closed) == []


def test_journal_of_another_run_is_one_line_and_exit_code_two(
    earmark: Run, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.parquet.journal").write_text("my diary")
    done = earmark("features", str(folder), "-o", "a.parquet", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().endswith("a.parquet.journal' is not a journal written by Earmark\n")
    assert (tmp_path / "a.parquet.journal").read_text() == "my diary"


def test_decoder_that_crashes_costs_its_file_only(
    earmark_process: Run, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def hook(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('poison.wav'):\n"
        "        os._exit(11)\n"
        "sys.addaudithook(hook)\n"
    )
    poison = tmp_path / "poison.wav"
    soundfile.write(poison, noise(), SR)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    output = tmp_path / "a.parquet"
    done = earmark_process(
        "features", str(folder), str(poison), "-o", str(output), "-j2", "--json", PYTHONPATH=path
    )
    assert (done.returncode, done.stderr) == (1, b"")
    told = json.loads(done.stdout)
    assert told["rows"] == 2
    assert [(one["path"], one["code"]) for one in told["failed"]] == [(str(poison), "worker-died")]
