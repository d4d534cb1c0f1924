"""The study file: resumed, torn at every byte, foreign, in use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
import tuning_tables
from test_tuning_search import without_times
from tuning_tables import KNN, SVM

from earmark.errors import StudyError
from earmark.tuning import Parameter, SearchSpace, Tuning
from earmark.tuning import _search as search_module
from earmark.tuning import search_parameters as tune
from earmark.tuning._scoring import FoldScore, Scorer
from earmark.tuning._study import StudyFile

SETTINGS: dict[str, dict[str, Any]] = {
    "grid": {"family": "knn", "search": "grid", "space": KNN},
    "optuna": {"family": "svm", "search": "optuna", "space": SVM, "trials": 14},
}


class EndedError(Exception):
    """Stands for the end of the process."""


def searched(path: Path | None, search: str, *, end_after: int | None = None) -> Tuning:
    """Search, and end after some trials of this run."""
    n_told = 0

    def count(done: int, total: int, name: str) -> None:
        nonlocal n_told
        n_told += 1
        if n_told == end_after:
            raise EndedError

    table = tuning_tables.made_up(spread=2.0)
    return tune(table, storage=path, progress=count, **SETTINGS[search])


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Tuning]:
    return {search: searched(None, search) for search in SETTINGS}


def loaded(path: Path) -> optuna.Study:
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    return optuna.load_study(study_name=None, storage=optuna.storages.JournalStorage(backend))


@pytest.mark.parametrize("search", SETTINGS)
@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_search_that_is_ended_again_and_again_is_the_same(
    undisturbed: dict[str, Tuning], tmp_path: Path, search: str, every: int
) -> None:
    path = tmp_path / "a.study"
    for n_before in range(0, len(undisturbed[search].trials), every):
        left = len(undisturbed[search].trials) - n_before
        if left >= every:
            with pytest.raises(EndedError):
                searched(path, search, end_after=every)
    resumed = searched(path, search)
    assert resumed.n_resumed >= len(resumed.trials) - every + 1
    assert without_times(resumed) == without_times(undisturbed[search])
    assert resumed.chosen.parameters == undisturbed[search].chosen.parameters


def test_finished_search_is_read_and_nothing_is_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.study"
    first = searched(path, "grid")
    monkeypatch.setattr("earmark.tuning._scoring.fit", None)
    again = searched(path, "grid")
    assert again.trials == first.trials
    assert again.n_resumed == 8


def test_larger_budget_goes_on_and_a_smaller_one_adds_nothing(tmp_path: Path) -> None:
    table, path = tuning_tables.made_up(), tmp_path / "a.study"
    settings: dict[str, Any] = {"family": "svm", "search": "optuna", "space": SVM, "storage": path}
    three = tune(table, trials=3, **settings)
    nine = tune(table, trials=9, **settings)
    assert nine.trials[:3] == three.trials
    assert tune(table, trials=2, **settings).trials == nine.trials
    whole = tune(table, **{**settings, "storage": None}, trials=9)
    assert without_times(nine) == without_times(whole)


def test_time_that_is_used_up_is_not_given_again(tmp_path: Path) -> None:
    table, path = tuning_tables.made_up(), tmp_path / "a.study"
    first = tune(table, family="knn", space=KNN, storage=path, minutes=1e-9)
    assert tune(table, family="knn", space=KNN, storage=path, minutes=1e-9).trials == first.trials
    more = tune(table, family="knn", space=KNN, storage=path, minutes=10)
    elapsed = [trial.elapsed for trial in more.trials]
    assert elapsed == sorted(elapsed)
    assert len(elapsed) == 8


@pytest.mark.parametrize("search", SETTINGS)
def test_optuna_reads_the_file(undisturbed: dict[str, Tuning], tmp_path: Path, search: str) -> None:
    path = tmp_path / "a.study"
    tuning = searched(path, search)
    study = loaded(path)
    assert study.best_value == tuning.best.score
    assert len(study.trials) == len(tuning.trials)
    assert study.trials[3].params == tuning.trials[3].parameters
    assert study.user_attrs["earmark_search"]["table"] == tuning.digest
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.study"]


def quickly(self: Scorer, parameters: Mapping[str, Any], fold: int) -> FoldScore:
    return FoldScore(parameters["n_neighbors"] + fold, 20, 0.0)


def test_file_torn_anywhere_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a process or a machine stopped writing."""
    monkeypatch.setattr(Scorer, "__call__", quickly)
    path = tmp_path / "a.study"
    with pytest.raises(EndedError):
        searched(path, "grid", end_after=3)
    content = path.read_bytes()
    torn = tmp_path / "torn.study"
    wanted = without_times(searched(None, "grid"))
    lines = content.splitlines(keepends=True)
    ends = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]
    for end in sorted({*range(0, len(content), 61), *ends, *(e + 1 for e in ends[:-1])}):
        torn.write_bytes(content[:end])
        resumed = searched(torn, "grid")
        assert without_times(resumed) == wanted
        assert resumed.n_resumed == max(0, sum(e <= end for e in ends[1:]) - 2)


def test_trials_of_another_optuna_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file begun where other points were drawn is gone on with, not thrown away."""
    path = tmp_path / "a.study"
    with pytest.raises(EndedError):
        searched(path, "optuna", end_after=6)
    monkeypatch.setattr("earmark.tuning._proposals.np.random.SeedSequence", _Other)
    resumed = searched(path, "optuna")
    assert resumed.n_resumed == 6
    assert len(resumed.trials) == 14


class _Other:
    def __init__(self, entropy: list[int]) -> None:
        self._number = 7919 * entropy[1]

    def generate_state(self, n: int) -> list[int]:
        return [self._number] * n


# --- files that are not of this search ------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "there", "here"),
    [
        ({"family": "knn-2"}, "model='knn'", "model='knn-2'"),
        ({"seed": 1}, "seed=0", "seed=1"),
        ({"protocol": "random"}, "protocol='artist'", "protocol='random'"),
        ({"search": "optuna"}, "search='grid'", "search='optuna'"),
        ({"space": "knn-echonest"}, "space='few neighbours'", "space='knn-echonest'"),
        (
            {"space": SearchSpace("few neighbours", "knn", "", (Parameter("p", values=(1, 2)),))},
            "'name': 'n_neighbors'",
            "'name': 'p'",
        ),
        ({"table": tuning_tables.made_up(seed=5)}, "table=", "table="),
    ],
)
def test_file_of_another_search_is_refused(
    tmp_path: Path, change: dict[str, Any], there: str, here: str
) -> None:
    path = tmp_path / "a.study"
    settings = {"table": tuning_tables.made_up(), "family": "knn", "space": KNN, "trials": 1}
    tune(**settings, storage=path)
    before = path.read_bytes()
    with pytest.raises(StudyError) as caught:
        tune(**{**settings, **change}, storage=path)
    assert caught.value.path == str(path)
    held, _, wanted = caught.value.reason.partition(" instead of ")
    assert there in held
    assert here in wanted
    assert path.read_bytes() == before


def test_base_recipe_is_part_of_the_search(tmp_path: Path) -> None:
    path, table = tmp_path / "a.study", tuning_tables.made_up()
    first = tune(table, family="knn", space=KNN, trials=1, storage=path)
    with pytest.raises(StudyError, match="recipe="):
        tune(table, family=replace(first.base, clip=2.0), space=KNN, trials=1, storage=path)


def foreign_study(path: Path) -> None:
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(storage=storage, study_name="mine")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)


def unlabelled_study(path: Path) -> None:
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(storage=storage, study_name="earmark", direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)


def added_trial(path: Path) -> None:
    tune(tuning_tables.made_up(), family="knn", space=KNN, trials=1, storage=path)
    study = loaded(path)
    study.enqueue_trial({"n_neighbors": 1})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b"ID3\x04\x00 {"), "not a study file"),
        (lambda path: path.write_text('{"a": 1}'), "not a study file"),
        (lambda path: path.write_text('{"schema": "earmark.results/1"}\n'), "not a study file"),
        (lambda path: path.write_text('{"op_code":0,"x":1}\n'), "not a study file"),
        (lambda path: path.write_text('{"op_code":0,}\n{"op_code":0}\n'), "not a study file"),
        (lambda path: path.write_text("family = 'svm'\n"), "not a study file"),
        (lambda path: path.write_text("\n"), "not a study file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (foreign_study, "it holds the study 'mine', which is not Earmark's"),
        (unlabelled_study, "it was not created by Earmark"),
        (added_trial, "its trial 1 is not one of Earmark's"),
    ],
)
def test_file_that_is_no_study_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "a.study"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StudyError, match=message):
        tune(tuning_tables.made_up(), family="knn", space=KNN, trials=2, storage=path)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="No such file"):
        tune(tuning_tables.made_up(), family="knn", space=KNN, storage=tmp_path / "no" / "a")


def test_second_search_is_kept_out_while_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.study"
    settings: dict[str, Any] = {"family": "knn", "space": KNN, "trials": 2, "storage": path}
    refused = []

    def meanwhile(done: int, total: int, name: str) -> None:
        with pytest.raises(StudyError, match="another search is using it") as caught:
            tune(tuning_tables.made_up(), **settings)
        refused.append(caught.value)

    tune(tuning_tables.made_up(), progress=meanwhile, **settings)
    assert len(refused) == 2
    assert tune(tuning_tables.made_up(), **settings).n_resumed == 2


def test_trial_with_lists_comes_back_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scorer, "__call__", lambda *_: FoldScore(3, 4, 0.0))
    space = SearchSpace(
        "sizes", "mlp", "", (Parameter("hidden_layer_sizes", values=([4], [4, 4])),)
    )
    table = tuning_tables.made_up()
    for search in ("grid", "optuna"):
        settings: dict[str, Any] = {"storage": tmp_path / search, "search": search, "trials": 6}
        first = tune(table, family="mlp", space=space, **settings)
        assert tune(table, family="mlp", space=space, **settings).trials == first.trials
        assert json.loads(json.dumps(first.to_dict())) == first.to_dict()


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: StudyFile, trial: object) -> None:
        raise StudyError(self.path, "No space left on device")

    monkeypatch.setattr(search_module.StudyFile, "append", full)
    with pytest.raises(StudyError, match="No space left"):
        searched(tmp_path / "a.study", "grid")
