"""Score models on a dataset under several protocols (extra ``train``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import earmark
from earmark.arguments import check_ending, checked
from earmark.datasets import FeatureTable, Rows
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import (
    CLEAN,
    KNOWN_ARTISTS,
    N_FOLDS,
    PROTOCOLS,
    UNSEEN,
    Contender,
    DatasetInfo,
    Packaged,
    Refitted,
    Results,
    ResultsFile,
    Run,
    Split,
    find_contender,
    packaged_rows,
    packaged_runs,
    refusals,
    resampling_units,
    score_splits,
)
from earmark.processes import usable_cores
from earmark.types import PathName, Progress
from earmark.workflows._datasets import DatasetLoader, warnings_to
from earmark.workflows.jobs import Job

__all__ = ["CLEAN", "KNOWN_ARTISTS", "UNSEEN", "evaluate"]

_ORDER = ("random", "track", "artist", "official", CLEAN, "published3", UNSEEN, KNOWN_ARTISTS)

Protocols = Sequence[str] | Literal["all"]


def _contenders(models: Sequence[str]) -> list[Contender]:
    """Find the models, before anything is read."""
    if not models or len(set(models)) != len(models):
        raise ParameterError(f"models={list(models)!r}: give one or more, all different")
    return [find_contender(name) for name in models]


def _common_features(contenders: Sequence[Contender]) -> str | None:
    """Return the features that all models take, if they all take the same."""
    wanted = {contender.feature_set for contender in contenders}
    return next(iter(wanted)) if len(wanted) == 1 else None


def _classes(contenders: Sequence[Contender], table: Rows) -> list[str]:
    """Return the genres of the rows and those that finished models know."""
    known = [each.model.classes for each in contenders if isinstance(each, Packaged)]
    return sorted({*table.classes, *(genre for classes in known for genre in classes)})


def _planned(protocols: Protocols, table: Rows) -> tuple[list[str], dict[str, str]]:
    """Return the protocols to do and those left out, with the reason."""
    lacking = refusals(table)
    if protocols == "all":
        if table.unit == "track":
            lacking["track"] = "rows are tracks: its folds are those of random"
        return [name for name in PROTOCOLS if name not in lacking], lacking
    if not protocols:
        raise ParameterError("protocols=[]: give one or more")
    for name in protocols:
        if name not in PROTOCOLS:
            raise ParameterError(f"protocol={name!r} is not one of {', '.join(PROTOCOLS)}")
        if name in lacking:
            raise ParameterError(f"protocol={name!r}: {lacking[name]}")
    return [name for name in PROTOCOLS if name in protocols], {}


def _checked_split(contender: Refitted, protocol: str, rows: Rows, *, seed: int) -> Split:
    """Deal rows, and refuse folds that the model could not be fitted to."""
    split = Split.deal(protocol, rows, seed=seed)
    contender.check(split)
    return split


def _check_tracks(
    contenders: Sequence[Contender], protocols: Protocols, seed: int, tracks: Rows
) -> None:
    """Refuse tracks that models cannot be fitted to, before the first of them is decoded."""
    named = () if isinstance(protocols, str) else protocols  # of all, some may be left out
    for contender in contenders:
        if isinstance(contender, Refitted):
            for protocol in named:
                _checked_split(contender, protocol, tracks, seed=seed)


@dataclass(frozen=True)
class _Evaluation:
    """What is to be scored: rows, protocols, and the file that holds what is done."""

    file: ResultsFile
    loader: DatasetLoader
    base: FeatureTable
    protocols: Sequence[str]
    skipped: dict[str, str] | None
    new_rows: bool
    importances: bool

    def pairs(
        self, contenders: Sequence[Contender], job: Job[Results]
    ) -> list[tuple[Refitted, Split]]:
        """Collect the splits of all models; a job can be cancelled between them."""
        pairs: list[tuple[Refitted, Split]] = []
        for contender in contenders:
            job.check()
            pairs.extend(self.splits(contender))
        return pairs

    def splits(self, contender: Contender) -> Iterator[tuple[Refitted, Split]]:
        """Yield the splits a model is not scored under yet; score a finished model at once.

        Protocols that are not possible are noted in `skipped`; if that is None, the error is
        raised.
        """
        table = self.loader.for_model(contender, self.base)
        if isinstance(contender, Packaged):
            self._ask(contender, table)
            return
        self.file.expect(contender, table)
        for protocol in self.protocols:
            rows = self.loader.for_model(contender, self.base, protocol=protocol)
            if self._is_done(self.file.run(contender.name, protocol), rows):
                continue
            try:
                seed = self.file.results.seed
                yield contender, _checked_split(contender, protocol, rows, seed=seed)
            except DatasetError as error:
                if self.skipped is None:
                    raise
                self.skipped[protocol] = str(error)

    def _ask(self, contender: Packaged, table: FeatureTable) -> None:
        """Score a finished model on the rows it was not trained on."""
        parts = packaged_rows(contender, table, new_rows=self.new_rows)
        self.file.expect(contender, table, rows=parts.counts if self.new_rows else None)
        if not {UNSEEN, KNOWN_ARTISTS} & self.file.protocols(contender.name):
            results = self.file.results
            classes, seed = results.dataset.classes, results.seed
            self.file.add(contender.name, packaged_runs(contender, table, parts, classes, seed))

    def _is_done(self, run: Run | None, table: Rows) -> bool:
        """Say whether a run has all that is wanted; intervals of older files are over tracks."""
        if run is None or (self.importances and run.importances is None):
            return False
        return run.intervals.over == resampling_units(run.protocol, table)[0]

    def score(
        self, pairs: Sequence[tuple[Refitted, Split]], *, jobs: int, progress: Progress
    ) -> None:
        """Score models, and keep every run as soon as it is done."""
        scored = score_splits(
            pairs,
            classes=self.file.results.dataset.classes,
            jobs=jobs,
            importances=self.importances,
            progress=progress,
        )
        for candidate, runs in scored:
            # Where no artist is shared, the clean part is all of the test list.
            kept = [run for run in runs if run.protocol != CLEAN or run.n < runs[0].n]
            self.file.add(candidate.name, kept)
        self.file.write()


@checked
def evaluate(
    dataset: str | FeatureTable,
    *,
    models: Sequence[str],
    protocols: Sequence[str] | Literal["all"] = "all",
    new_rows: bool = False,
    seed: int = 0,
    importances: bool = False,
    jobs: int | None = None,
    feature_set: str | None = None,
    unit: str | None = None,
    output: PathName | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Score models on a dataset under several protocols.

    Everything that learns is fitted inside the training rows of each fold, in processes. On
    Windows and macOS, a script must call this below ``if __name__ == "__main__":``.

    Parameters
    ----------
    dataset : str or FeatureTable
        ``NAME:PATH``, or the rows. In a folder of audio each clip is a row; clips of a track vote.
    models : sequence of str
        ``default``, a family or preset (not calibrated), the name or path of a recipe, or the path
        of an ``.earmark`` file, which is tested without training it again.
    protocols : sequence of str or "all"
        Names from `earmark.evaluation.PROTOCOLS`; ``"all"``: those that the dataset supports.
    new_rows : bool
        Whether to leave out rows that an ``.earmark`` file was trained on, instead of raising an
        error.
    seed : int
        Seed of the folds. The same seed gives the same results, except for times and memory.
    importances : bool
        Whether to measure how much each column matters to each model, by permutation.
    jobs : int or None
        Number of parallel processes; 1 works in this process. None: one per core.
    feature_set, unit : str or None
        Features for models that take any, and what a row is; None takes the dataset's first.
    output : path-like or None
        Results file to write after every run. Finished runs of the same settings are kept.
    fresh : bool
        Whether to ignore what `output` holds.
    progress : callable or None
        Called with the folds (first: audio files) done, their number, and what was done last.

    Returns
    -------
    Results
        Of the given models, and of those that `output` held before.

    Raises
    ------
    ParameterError, DatasetError, ResultsError
        If an argument, the dataset or the results file cannot be used.
    """
    if output is not None:
        check_ending("output", output, (".json",))
    contenders = _contenders(models)
    job: Job[Results] = Job.of(progress, "evaluate")
    fewest = N_FOLDS if any(isinstance(each, Refitted) for each in contenders) else 1
    check = partial(_check_tracks, contenders, protocols, seed)
    loader = DatasetLoader(dataset, unit, (), jobs, job, fewest, check)
    job.phase("read")
    with warnings_to(progress):
        base = loader.load(feature_set or _common_features(contenders))
        named, skipped = _planned(protocols, base)
        info = DatasetInfo.of(base, name=loader.name, classes=_classes(contenders, base))
        results = Results(earmark.__version__, seed, info, (), skipped)
        file = ResultsFile(results, output, order=_ORDER, fresh=fresh)
        skipped_too = skipped if protocols == "all" else None
        evaluation = _Evaluation(file, loader, base, named, skipped_too, new_rows, importances)
        pairs = evaluation.pairs(contenders, job)
    job.phase("score")
    evaluation.score(pairs, jobs=jobs or usable_cores(), progress=job)
    return file.results
