"""Name the genre of files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from earmark.analysis import answer_of, extract_file
from earmark.arguments import checked
from earmark.errors import AudioError
from earmark.extraction import TrackFeatures, find_inputs, map_files
from earmark.models import DEFAULT_MODEL, Model, identify_model
from earmark.processes import usable_cores
from earmark.records import Record, document, error_record
from earmark.tags import CueAlbum, cue_album
from earmark.types import PathName, Progress, Seconds, Unsure, part_name
from earmark.workflows.jobs import Job
from earmark.workflows.session import default_session

__all__ = [
    "SCHEMA",
    "Classification",
    "ClassifiedClip",
    "classify",
    "classify_many",
    "report",
]

SCHEMA = "earmark.classify/2"
"""Name and version of what `report` returns; raised with every change that could break a reader."""

_ENOUGH_FILES = 4
"""Starting a second process costs about as much as classifying a few files."""


@dataclass(frozen=True)
class ClassifiedClip(Record, keys=("start", "end", "silent", "probabilities")):
    """The answer for one stretch of a track.

    Attributes
    ----------
    start, end : float
        In seconds.
    probabilities : dict of str to float or None
        Probability of each genre; None for a silent clip.
    """

    start: Seconds
    end: Seconds
    probabilities: dict[str, float] | None

    @property
    def silent(self) -> bool:
        """Whether it is silent, and so has no part in the answer."""
        return self.probabilities is None

    @property
    def genre(self) -> str | None:
        """The most probable genre; None for a silent clip."""
        if self.probabilities is None:
            return None
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class Classification(
    Record,
    keys=(
        *("path", "*place", "duration", "genre", "confidence", "unsure", "warnings"),
        *("probabilities", "clips"),
        ("error", lambda answer: error_record(answer.error)),
    ),
):
    """The answer for one file, or one track in it, or why there is none.

    Attributes
    ----------
    path : str
        The file.
    duration : float or None
        Length of what was decoded, in seconds.
    genre : str or None
        The most probable genre, even if the answer is unsure; None for a silent track or an error.
    confidence : float or None
        Its probability.
    unsure : {"unfamiliar", "undecided", "silent"} or None
        Why the answer should not be relied on; None if it can be.
    warnings : tuple of str
        What is wrong with the file without making it unusable.
    probabilities : dict of str to float
        Probability of each genre: the mean over the clips, weighted by length without silence;
        empty for a silent track or an error.
    spread : dict of str to float
        Their standard deviation over the clips, weighted in the same way.
    distance : float or None
        How far the track lies from the training data; "unfamiliar" is above the model's
        ``max_distance``.
    clips : tuple of ClassifiedClip
        The answer for each clip, in order of time.
    error : AudioError or None
        Why there is no answer.
    part : int
        Number of the track in the cue sheet of the file; 0 if the file is one track.
    start, end : float or None
        Where a part begins and ends in the file, in seconds; None where the file does. The times
        of its clips are counted from its own start.
    artist, title : str
        Of a part, as the sheet writes them.
    """

    path: str
    duration: Seconds | None = None
    genre: str | None = None
    confidence: float | None = None
    unsure: Unsure | None = None
    warnings: tuple[str, ...] = ()
    probabilities: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)
    distance: float | None = None
    clips: tuple[ClassifiedClip, ...] = ()
    error: AudioError | None = None
    part: int = 0
    start: Seconds | None = None
    end: Seconds | None = None
    artist: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """What is shown as its path: ``album.flac#03`` for part of a file."""
        return part_name(self.path, self.part)

    @property
    def place(self) -> dict[str, Any]:
        """Which part of its file a track is, and what the sheet calls it; empty for a file."""
        names = ("part", "start", "end", "artist", "title")
        return {name: getattr(self, name) for name in names} if self.part else {}

    @property
    def runner_up(self) -> str | None:
        """The second most probable genre; None for a silent track or an error."""
        ranked = sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True)
        return ranked[1] if len(ranked) > 1 else None


@checked
def classify(path: PathName, *, model: Model | PathName = DEFAULT_MODEL) -> Classification:
    """Name the genre of one audio file.

    A file that holds a whole album is answered as a whole: `classify_many` answers for each track
    of its cue sheet.

    Parameters
    ----------
    path : str or path-like
        The file.
    model : Model, str or path-like
        What to ask: a loaded model, the name of a shipped one, or the path of an ``.earmark`` file.

    Returns
    -------
    Classification
        Genre, confidence, whether and why that is unsure, and the answer for each clip.

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used.
    ModelError
        If the model cannot be used.

    See Also
    --------
    classify_many : Files in parallel, with their errors as results.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.sin(np.arange(66_150) / 8), 22_050)
    ...     answer = classify(file.name)
    >>> answer.unsure, round(sum(answer.probabilities.values()), 6)
    ('unfamiliar', 1.0)
    """
    loaded = model if isinstance(model, Model) else default_session().model(model)
    name = os.fspath(path)
    (track,) = extract_file(name, [loaded.feature_set], album=CueAlbum())
    return _classification(name, track, loaded)


_MODELS: list[Model] = []
"""In a worker, the model it answers with: sent to it once, not with each file."""


def _answer_with(model: Model) -> None:
    _MODELS[:] = [model]


def _classify_in_worker(path: str) -> tuple[Classification, ...]:
    return _classify_file(path, model=_MODELS[0])


def _classify_file(path: str, *, model: Model) -> tuple[Classification, ...]:
    """Answer for each track in a file: one, or those of its cue sheet."""
    album = cue_album(path)
    features = extract_file(path, [model.feature_set], album=album)
    if not album.tracks:
        return tuple(_classification(path, track, model) for track in features)
    return tuple(
        replace(
            _classification(path, track, model),
            part=part.number,
            start=part.start,
            end=part.end,
            artist=part.tags.artist,
            title=part.tags.title,
        )
        for part, track in zip(album.tracks, features, strict=True)
    )


def _classification(path: str, track: TrackFeatures | AudioError, model: Model) -> Classification:
    if isinstance(track, AudioError):
        return Classification(path=path, error=track)
    sounding = np.array(track.sounding)
    X = track.matrix(model.feature_set)
    answer = answer_of(model, X, bounds=np.array(track.bounds), sounding=sounding)

    def named(values: Iterable[float] | None) -> dict[str, float]:
        if values is None or answer.unsure == "silent":
            return {}
        return dict(zip(answer.classes, map(float, values), strict=True))

    return Classification(
        path=path,
        duration=track.duration,
        genre=answer.genre,
        confidence=answer.confidence,
        unsure=answer.unsure,
        warnings=track.warnings,
        probabilities=named(answer.probabilities),
        spread=named(answer.spread),
        distance=answer.distance,
        clips=tuple(
            ClassifiedClip(start, end, named(row) if counts else None)
            for (start, end), row, counts in zip(
                track.bounds, answer.timeline, track.sounding, strict=True
            )
        ),
    )


@checked
def classify_many(
    paths: Iterable[PathName],
    *,
    model: Model | PathName = DEFAULT_MODEL,
    jobs: int | None = 1,
    progress: Progress | None = None,
) -> Iterator[Classification]:
    """Name the genre of files and of the files in folders, in parallel.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files, cue sheets and folders; folders are searched through and through.
    model : Model, str or path-like
        A loaded model, the name of a shipped one, or the path of an ``.earmark`` file.
    jobs : int or None
        Processes that work at a time; with 1 it is done in this one. None takes as many as there
        are cores, where there are files enough to repay starting them. A script that asks for
        more than 1 must guard its main part by ``if __name__ == "__main__":``.
    progress : callable or None
        Called with the files done, the files in all, and the last one's path.

    Yields
    ------
    Classification
        One for each file, in the order of `find_inputs`; of a file that holds an album, one for
        each track of its cue sheet. A file that cannot be used has its ``error`` set; it stops no
        other.

    Raises
    ------
    ModelError
        If the model cannot be used.
    ParameterError
        If `jobs` is less than 1, or an argument is of another type.

    Examples
    --------
    >>> [answer.error.code for answer in classify_many(["nothing.mp3"])]
    ['not-found']
    """
    loaded = model if isinstance(model, Model) else default_session().model(model)
    inputs = find_inputs(paths)
    files = [path for path in inputs if isinstance(path, str)]
    if jobs is None:
        jobs = 1 if len(files) < _ENOUGH_FILES else usable_cores()
    if jobs == 1:
        answers = map_files(partial(_classify_file, model=loaded), files)
    else:
        prepare = partial(_answer_with, loaded)
        answers = map_files(_classify_in_worker, files, jobs=jobs, initializer=prepare)
    job: Job[Any] = Job.of(progress, "classify")
    for done, path in enumerate(inputs, start=1):
        found = path if isinstance(path, AudioError) else next(answers)[1]
        name = path if isinstance(path, str) else path.path
        job(done, len(inputs), name)
        if isinstance(found, AudioError):
            found = (Classification(path=name, error=found),)
        for track in found:
            if track.error is not None:
                job.fail(track.error)
            yield track


@checked
def report(answers: Iterable[Classification], *, model: Model) -> dict[str, Any]:
    """Return answers as the schema ``earmark.classify/2`` defines them.

    Parameters
    ----------
    answers : iterable of Classification
        What was answered.
    model : Model
        What was asked.

    Returns
    -------
    dict
        What JSON can hold; its schema is ``earmark/schemas/classify-2.json``.

    Examples
    --------
    >>> from earmark.models import load_model
    >>> report([], model=load_model())["schema"]
    'earmark.classify/2'
    """
    return document(SCHEMA, model=identify_model(model), results=tuple(answers))
