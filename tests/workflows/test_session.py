"""Sessions: models are loaded once, a library stays open, and workflows run in threads."""

from __future__ import annotations

import shutil
import threading
import warnings
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import soundfile

from earmark.datasets import DatasetWarning
from earmark.errors import JobCancelledError, LibraryError, ModelNotFoundError, ParameterError
from earmark.library import Library, open_library
from earmark.testing import music_like
from earmark.types import Progress
from earmark.workflows import session as module
from earmark.workflows.classify import classify_many
from earmark.workflows.evaluate import evaluate
from earmark.workflows.library import list_tracks
from earmark.workflows.scan import scan, watch
from earmark.workflows.session import Session, default_session, opened_library


def _model_file(folder: Path, name: str = "gtzan57") -> Path:
    with resources.as_file(resources.files("earmark.models") / "shipped" / f"{name}.earmark") as at:
        return Path(shutil.copy(at, folder / "own.earmark"))


def test_a_model_is_loaded_once() -> None:
    session = Session()
    assert session.model("gtzan57") is session.model("gtzan57")
    assert session.model() is session.model("gtzan943")
    assert default_session() is default_session()


def test_a_model_file_is_loaded_again_when_it_has_changed(tmp_path: Path) -> None:
    path = _model_file(tmp_path)
    session = Session()
    first = session.model(path)
    assert first is session.model(str(path))
    _model_file(tmp_path, "gtzan943")
    assert session.model(path).name == "gtzan943"
    path.unlink()
    with pytest.raises(ModelNotFoundError):
        session.model(path)


def test_threads_share_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []

    def load(name: object) -> object:
        loaded.append(name)
        return object()

    monkeypatch.setattr(module, "load_model", load)
    session = Session()
    threads = [threading.Thread(target=session.model) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 1


def test_a_library_that_is_open_stays_open(tmp_path: Path) -> None:
    with open_library(tmp_path / "a.db", create=True) as library:
        with opened_library(library) as opened:
            assert opened is library
        assert list_tracks(library=library).total == 0
        assert library.count() == 0


def test_workflows_get_the_library_of_the_session(tmp_path: Path) -> None:
    with Session(tmp_path / "a.db", create=True) as session:
        assert session.run(list_tracks).total == 0
        assert session.library is session.library
        with pytest.raises(LibraryError):
            session.run(list_tracks, library=tmp_path / "other.db")


def test_a_library_that_does_not_exist(tmp_path: Path) -> None:
    with Session(tmp_path / "a.db") as session, pytest.raises(LibraryError):
        session.run(list_tracks)


def _count(to: int, *, progress: Progress) -> int:
    for number in range(to):
        progress(number + 1, to, str(number))
    return to


def test_a_workflow_in_a_thread() -> None:
    with Session() as session:
        job = session.start(_count, 3)
        assert job.result(10) == 3
        assert (job.name, job.status.done) == ("_count", 3)
    assert not session.jobs


def test_closing_cancels_what_is_running() -> None:
    begun = threading.Event()

    def endless(*, progress: Progress) -> None:
        while True:
            begun.set()
            progress(0, 0, "")

    session = Session()
    job = session.start(endless)
    assert begun.wait(10)
    assert list(session.jobs) == [job]
    session.close()
    assert job.status.state == "cancelled"
    assert not session.jobs
    with pytest.raises(JobCancelledError):
        job.result()


@pytest.mark.parametrize("workflow", [classify_many, watch])
def test_a_workflow_that_yields_is_not_started(workflow: Any) -> None:
    with Session() as session:
        with pytest.raises(ParameterError, match=f"{workflow.__name__} yields its results"):
            session.start(workflow, ["nothing.mp3"])
        assert not session.jobs


def test_a_job_whose_thread_does_not_start_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    session = Session()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="new thread"):
        session.start(_count, 1)
    assert not session.jobs
    session.close()


def test_a_job_can_close_its_session(tmp_path: Path) -> None:
    session = Session(tmp_path / "a.db", create=True)

    def close(*, progress: Progress) -> str:
        session.close()
        return "closed"

    assert session.start(close).result(10) == "closed"


def test_a_closed_session_does_not_open_its_library_again(tmp_path: Path) -> None:
    with Session(tmp_path / "a.db", create=True) as session:
        assert session.library.count() == 0
    with pytest.raises(LibraryError, match="its session is closed"):
        session.run(list_tracks)
    session.close()


def test_threads_share_the_library(tmp_path: Path, examples: Path) -> None:
    piece = min(examples.iterdir())
    with Session(tmp_path / "a.db", create=True) as session:
        report = session.start(scan, piece, jobs=1).result(300)
        assert report.n_analysed == 1
        totals = [session.start(_count_tracks) for _ in range(4)]
        assert [job.result(30) for job in totals] == [1] * 4
        assert session.run(list_tracks).total == 1


def _count_tracks(*, library: Library, progress: Progress) -> int:
    return list_tracks(library=library).total


def test_a_scan_and_an_evaluation_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    music = tmp_path / "music"
    for number in range(10):
        folder = music / ("rock", "jazz")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{number}.wav", music_like(duration=2, seed=number), 22_050)
    settings: dict[str, Any] = {"models": ["majority"], "feature_set": "gtzan57", "jobs": 1}
    settings["protocols"] = ["random"]
    with Session(tmp_path / "a.db", create=True) as session, warnings.catch_warnings():
        warnings.simplefilter("error", DatasetWarning)
        scanning = session.start(scan, music, jobs=1)
        evaluating = session.start(evaluate, f"folder:{music}", **settings)
        assert scanning.result(300).n_analysed == 10
        assert evaluating.result(300).protocols == ("random",)
    assert scanning.status.warnings == ()
    assert [phase.name for phase in evaluating.status.phases] == ["read", "score"]
    (warning,) = evaluating.status.warnings
    assert warning.startswith("10 of 10 files name no artist")
