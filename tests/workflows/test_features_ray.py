"""The same rows on Ray: whatever is killed there, and wherever the files are."""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import features_helpers as helpers
import pyarrow.parquet as pq
import pytest

from earmark.errors import AudioNotFoundError, ParameterError
from earmark.extraction import failures_path, find_remote_inputs
from earmark.workflows.features import extract_features

for _module in ("ray", "moto", "s3fs"):
    if importlib.util.find_spec(_module) is None:
        pytest.skip(f"{_module} is not installed", allow_module_level=True)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:ray"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found in /proc"),
]

N_FILES = 200


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two hundred files, ten of them different and one that is no audio."""
    folder = tmp_path_factory.mktemp("music")
    different = helpers.write_pieces(folder, 10, seconds=(1, 1.5, 4))
    for number in range(10, N_FILES - 1):
        os.link(different[number % 10], folder / f"{number:03}.wav")
    (folder / "text.mp3").write_text("no music\n" * 99)
    return folder


@pytest.fixture(scope="module")
def expected(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the table of the local engine."""
    output = tmp_path_factory.mktemp("local") / "features.parquet"
    done = extract_features([music], output=output, jobs=2)
    assert (done.n_files, done.n_rows, len(done.failed)) == (N_FILES, N_FILES - 1, 1)
    return output


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an S3 server on this machine, which the environment tells of."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def cluster(s3: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run Ray on this machine; its workers inherit the S3 server and the hook."""
    import ray

    hooked = helpers.hooked_environment(tmp_path_factory.mktemp("hook"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", hooked["PYTHONPATH"])
        ray.init(
            num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
        )
    yield ray
    ray.shutdown()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()  # what Ray and s3fs leave open is not the business of the tests after these


def assert_same_tables(found: str | Path, expected: Path) -> None:
    for one, other in zip(helpers.tables(found), helpers.tables(expected), strict=True):
        assert one.schema.equals(other.schema, check_metadata=True)
        assert one.equals(other)


def ray_workers() -> set[int]:
    """Return the processes that do the work of a task right now."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            title = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::MapBatches"):
            found.add(int(entry.name))
    return found


# --- the same tables ----------------------------------------------------------------------------


def test_two_hundred_files_give_the_tables_of_the_local_engine(
    music: Path, expected: Path, tmp_path: Path
) -> None:
    told: list[tuple[int, int, str]] = []
    output = tmp_path / "features.parquet"
    done = extract_features(
        [music], output=output, engine="ray", progress=lambda *step: told.append(step)
    )
    assert (done.n_files, done.n_resumed, done.n_rows) == (N_FILES, 0, N_FILES - 1)
    assert [error.code for error in done.failed] == ["no-audio"]
    assert_same_tables(output, expected)
    assert output.read_bytes() == expected.read_bytes()
    assert [step[:2] for step in told] == [(i, N_FILES) for i in range(1, N_FILES + 1)]
    assert sorted(os.listdir(tmp_path)) == ["features.failures.parquet", "features.parquet"]


def test_other_sets_and_units_are_the_same_too(music: Path, tmp_path: Path) -> None:
    given = [music / "002.wav", f"file://{music}/000.wav", music / "none.wav"]
    asked: dict[str, Any] = {"sets": ("contrast", "logmel_gtzan"), "unit": "segment"}
    local = [music / "002.wav", music / "000.wav", music / "none.wav"]
    extract_features(local, output=tmp_path / "local.parquet", **asked)
    done = extract_features(given, output=f"file://{tmp_path}/ray.parquet", engine="ray", **asked)
    assert (done.n_rows, done.output) == (2, str(tmp_path / "ray.parquet"))
    assert_same_tables(tmp_path / "ray.parquet", tmp_path / "local.parquet")


def test_no_files_give_empty_tables(tmp_path: Path) -> None:
    done = extract_features([], output=tmp_path / "a.parquet", engine="ray")
    assert (done.n_files, done.n_rows, len(helpers.tables(done.output)[0])) == (0, 0, 0)


def test_table_that_is_there_is_kept(music: Path, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"mine")
    with pytest.raises(ParameterError, match="exists"):
        extract_features([music], output=tmp_path / "a.parquet", engine="ray")
    assert (tmp_path / "a.parquet").read_bytes() == b"mine"


# --- what is killed -----------------------------------------------------------------------------


def test_worker_that_is_killed_changes_nothing(music: Path, expected: Path, tmp_path: Path) -> None:
    killed: list[int] = []
    over = threading.Event()

    def kill_one() -> None:
        while not over.is_set():
            for pid in ray_workers():
                time.sleep(0.1)  # in the middle of its task
                if pid in ray_workers():
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return
            time.sleep(0.01)

    killer = threading.Thread(target=kill_one)
    killer.start()
    try:
        extract_features([music], output=tmp_path / "features.parquet", engine="ray")
    finally:
        over.set()
        killer.join()
    assert len(killed) == 1
    assert_same_tables(tmp_path / "features.parquet", expected)


def test_poisonous_file_is_a_failure(music: Path, tmp_path: Path) -> None:
    poison = tmp_path / "poison.wav"
    os.link(music / "000.wav", poison)
    given = [*(music / f"{i:03}.wav" for i in range(20)), poison, music / "020.wav"]
    done = extract_features(given, output=tmp_path / "a.parquet", engine="ray")
    assert [(error.path, error.code) for error in done.failed] == [(str(poison), "worker-died")]
    features, failures = helpers.tables(tmp_path / "a.parquet")
    assert features["path"].to_pylist() == [str(path) for path in given if path != poison]
    assert failures["code"].to_pylist() == ["worker-died"]


# --- on S3 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket(s3: str, music: Path) -> Any:
    """Return the file system of a bucket that holds the files."""
    import fsspec

    system = fsspec.filesystem("s3")
    system.mkdir("music")
    system.put([str(path) for path in sorted(music.iterdir())], "music/all/")
    system.pipe_file("music/.hidden.wav", b"")
    system.pipe_file("music/cover.jpg", b"")
    return system


def test_tables_on_s3_are_those_of_local_files(bucket: Any, music: Path, expected: Path) -> None:
    done = extract_features(["s3://music"], output="s3://music/out/features.parquet", engine="ray")
    assert (done.n_files, done.n_rows, len(done.failed)) == (N_FILES, N_FILES - 1, 1)
    assert (done.output, done.failures) == (
        "s3://music/out/features.parquet",
        "s3://music/out/features.failures.parquet",
    )
    for name, wanted in zip((done.output, done.failures), helpers.tables(expected), strict=True):
        with bucket.open(name, "rb") as file:
            found = pq.read_table(file)
        assert found.schema.equals(wanted.schema, check_metadata=True)
        assert found.drop(["path"]).equals(wanted.drop(["path"]))
        assert found["path"].to_pylist() == [
            path.replace(str(music), "s3://music/all") for path in wanted["path"].to_pylist()
        ]


def test_table_that_is_on_s3_is_kept(bucket: Any) -> None:
    bucket.pipe_file("music/mine.parquet", b"mine")
    with pytest.raises(ParameterError, match="exists"):
        extract_features(["s3://music"], output="s3://music/mine.parquet", engine="ray")
    assert bucket.cat_file("music/mine.parquet") == b"mine"


def test_run_that_is_ended_leaves_no_part_on_s3(bucket: Any) -> None:
    def stop(done: int, total: int, path: str) -> None:
        raise KeyError(path)

    bucket.pipe_file("music/old.parquet", b"before")
    given = ["s3://music/all/000.wav", "s3://music/all/text.mp3"]
    for name in ("old", "new"):
        with pytest.raises(KeyError):
            extract_features(
                given,
                output=f"s3://music/{name}.parquet",
                engine="ray",
                overwrite=True,
                progress=stop,
            )
    bucket.invalidate_cache()
    assert bucket.cat_file("music/old.parquet") == b"before"
    assert not [name for name in bucket.find("music") if "new" in name or "old.failures" in name]


def test_inputs_on_s3_are_found_like_local_ones(bucket: Any, music: Path) -> None:
    named = ["s3://music/all/001.wav", str(music / "001.wav"), "s3://music/cover.jpg"]
    found = find_remote_inputs([*named, "s3://music", "s3://music/all"])
    names = sorted(path.name for path in music.iterdir())
    inside = [f"s3://music/all/{name}" for name in names if name != "001.wav"]
    assert found == [*named, *inside]


@pytest.mark.parametrize("path", ["s3://music/none.wav", "s3://music/none", "s3://none/a"])
def test_what_is_not_on_s3_is_a_failure(bucket: Any, path: str) -> None:
    (error,) = find_remote_inputs([path])
    assert isinstance(error, AudioNotFoundError)
    assert (error.path, error.reason) == (path, "no such file")


# --- the command --------------------------------------------------------------------------------


def test_command_starts_ray_where_none_runs(music: Path, expected: Path, tmp_path: Path) -> None:
    output = tmp_path / "features.parquet"
    arguments = ["features", str(music), "-o", str(output), "--engine", "ray"]
    done = subprocess.run(
        [sys.executable, "-m", "earmark", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1] == f"199 rows from 199 files written to {output}; 1 failed"
    assert output.read_bytes() == expected.read_bytes()
    failures = Path(failures_path(output)).read_bytes()
    assert failures == Path(failures_path(expected)).read_bytes()
