"""The study file: what a search has tried so far, so that it can go on where it was.

An Optuna study in a file of journal records (`optuna.storages.JournalStorage`), one line a trial:
Optuna and its dashboard read it as it is. The study holds what the search depends on, and a file
of another search is refused. A lock keeps a second search out while one goes on.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from earmark.errors import StudyError
from earmark.files import file_lock
from earmark.records import Record
from earmark.tuning._spaces import SearchSpace, encoded
from earmark.types import PathName

if TYPE_CHECKING:
    import optuna

__all__ = ["StudyFile", "Trial", "frozen_trial", "quiet"]

_START = b'{"op_code":0,'
"""How every study file begins: the first record is that a study was created."""

_STUDY = "earmark"
_SEARCH = "earmark_search"
_TRIAL = "earmark_trial"


@dataclass(frozen=True)
class Trial(Record):
    """One point that was tried.

    Attributes
    ----------
    number : int
        From 0, in the order in which they were proposed.
    parameters : mapping
        Values by name.
    score : float or None
        Share of the held-out rows that were named right; None where it failed.
    standard_error : float or None
        Of the score, from how far the folds are apart (from the number of rows where there is one
        fold only).
    fold_scores : tuple of float
        The same of each fold.
    seconds : float
        Computing time, of all folds together.
    elapsed : float
        Time since the search began, without the time between runs, in seconds.
    position : int
        Place in the grid; `number` where there is none.
    failure : str or None
        Why it has no score.
    """

    number: int
    parameters: Mapping[str, Any]
    score: float | None
    standard_error: float | None
    fold_scores: tuple[float, ...]
    seconds: float
    elapsed: float
    position: int
    failure: str | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from telling of every trial on standard error."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def frozen_trial(trial: Trial, space: SearchSpace) -> optuna.trial.FrozenTrial:
    """Write a trial as Optuna does."""
    from optuna.trial import TrialState, create_trial

    failed = trial.score is None
    return create_trial(
        state=TrialState.FAIL if failed else TrialState.COMPLETE,
        params={name: encoded(value) for name, value in trial.parameters.items()},
        distributions=space.distributions(trial.parameters),
        value=trial.score,
        user_attrs={_TRIAL: trial.to_dict()},
    )


def _difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Say what two searches differ in."""

    def told(search: Mapping[str, Any], names: list[str]) -> str:
        return ", ".join(f"{name}={search.get(name)!r}" for name in names)

    names = [name for name in {**here, **there} if there.get(name) != here.get(name)]
    # The space is long, and has a name; where only its content differs there is nothing better.
    if len(names) > 1 and "parameters" in names:
        names.remove("parameters")
    return (
        f"it holds another search: {told(there, names)} instead of {told(here, names)}. Choose "
        "another file, or repeat that search"
    )


class StudyFile:
    """A study file, opened for reading and appending; a context manager.

    The file is made if there is none. `search` is what the search depends on, as values of JSON.
    StudyError if the file holds another search, is in use, or is no study.
    """

    def __init__(self, path: PathName, *, search: Mapping[str, Any], space: SearchSpace) -> None:
        self.path = os.fspath(path)
        self._space = space
        wanted = json.loads(json.dumps(search))
        self._open = ExitStack()
        try:
            self._open_locked()
            self._cut_torn_line()
            self._study = self._opened()
            found = self._study.user_attrs.get(_SEARCH)
            if found is None and not self._study.trials:
                self._study.set_user_attr(_SEARCH, wanted)
            elif found is None:
                raise StudyError(self.path, "it was not created by Earmark")
            elif found != wanted:
                raise StudyError(self.path, _difference(found, wanted))
            self.trials = [self._read(frozen) for frozen in self._study.trials]
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> StudyFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def _open_locked(self) -> None:
        try:
            self._open.enter_context(file_lock(self.path))
            self._file = self._open.enter_context(io.FileIO(self.path, "a+"))
        except BlockingIOError as error:
            raise StudyError(self.path, "another search is using it") from error
        except OSError as error:
            raise StudyError(self.path, str(error.strerror)) from error

    def _cut_torn_line(self) -> None:
        """Cut off a last line that was not finished, as when the process was ended writing it."""
        self._file.seek(0)
        start = self._file.read(len(_START))
        if not _START.startswith(start):
            # Nothing is cut off a file that was given by mistake.
            raise StudyError(self.path, "it is not a study file")
        content = start + self._file.readall()
        self._file.truncate(content.rfind(b"\n") + 1)

    def _opened(self) -> optuna.Study:
        """Open the study in the file, or begin one."""
        import optuna
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        class Unlocked(JournalFileOpenLock):
            # The file is locked already. Optuna's own lock would outlive a process that is killed
            # and hold the next one up for half a minute.
            def acquire(self) -> bool:
                return True

            def release(self) -> None:
                return None

        backend = JournalFileBackend(self.path, lock_obj=Unlocked(self.path))
        try:
            storage = optuna.storages.JournalStorage(backend)
            names = [study.study_name for study in storage.get_all_studies()]
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
            raise StudyError(self.path, f"it is not a study file: {error}") from error
        if names not in ([], [_STUDY]):
            raise StudyError(self.path, f"it holds the study {names[0]!r}, which is not Earmark's")
        with quiet():
            if names:
                return optuna.load_study(study_name=_STUDY, storage=storage)
            return optuna.create_study(study_name=_STUDY, storage=storage, direction="maximize")

    def _read(self, frozen: optuna.trial.FrozenTrial) -> Trial:
        try:
            content = dict(frozen.user_attrs[_TRIAL])
            return Trial(**{**content, "fold_scores": tuple(content["fold_scores"])})
        except (KeyError, TypeError) as error:
            raise StudyError(
                self.path, f"its trial {frozen.number} is not one of Earmark's"
            ) from error

    def append(self, trial: Trial) -> None:
        """Write one more trial; it is on disk when this returns."""
        try:
            self._study.add_trial(frozen_trial(trial, self._space))
        except OSError as error:
            raise StudyError(self.path, str(error.strerror)) from error
        self.trials.append(trial)
