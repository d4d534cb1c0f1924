"""Name the genre of files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from earmark.arguments import checked
from earmark.errors import AudioError
from earmark.extraction import extract_track, find_inputs, map_files, usable_cores
from earmark.models import DEFAULT_MODEL, Model, load_model, predict_track
from earmark.types import PathName, Progress, Seconds, Unsure
from earmark.workflows.models import identify_model

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
class ClassifiedClip:
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
class Classification:
    """The answer for one file, or why there is none.

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

    @property
    def runner_up(self) -> str | None:
        """The second most probable genre; None for a silent track or an error."""
        ranked = sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True)
        return ranked[1] if len(ranked) > 1 else None

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A result as the schema ``earmark.classify/2`` defines it.
        """
        error = self.error and {"code": self.error.code, "message": self.error.reason}
        return {
            "path": self.path,
            "duration": self.duration,
            "genre": self.genre,
            "confidence": self.confidence,
            "unsure": self.unsure,
            "warnings": list(self.warnings),
            "probabilities": self.probabilities,
            "clips": [
                {
                    "start": clip.start,
                    "end": clip.end,
                    "silent": clip.silent,
                    "probabilities": clip.probabilities,
                }
                for clip in self.clips
            ],
            "error": error,
        }


@checked
def classify(path: PathName, *, model: Model | PathName = DEFAULT_MODEL) -> Classification:
    """Name the genre of one audio file.

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
    if not isinstance(model, Model):
        model = load_model(model)
    feature_set = model.feature_set
    track = extract_track(path, [feature_set])
    answer = predict_track(
        model,
        track.matrix(feature_set),
        lengths=np.array(track.sounding),
        fingerprint=feature_set.fingerprint,
    )

    def named(probabilities: Iterable[float]) -> dict[str, float]:
        return dict(zip(model.classes, map(float, probabilities), strict=True))

    silent = answer.unsure == "silent"

    return Classification(
        path=os.fspath(path),
        duration=track.duration,
        genre=answer.genre,
        confidence=answer.confidence,
        unsure=answer.unsure,
        warnings=track.warnings,
        probabilities={} if silent else named(answer.probabilities),
        spread={} if silent else named(answer.spread),
        distance=answer.distance,
        clips=tuple(
            ClassifiedClip(start, end, named(row) if counts else None)
            for (start, end), row, counts in zip(
                track.bounds, answer.clip_probabilities, track.sounding, strict=True
            )
        ),
    )


_MODELS: list[Model] = []
"""In a worker, the model it answers with: sent to it once, not with each file."""


def _answer_with(model: Model) -> None:
    _MODELS[:] = [model]


def _classify_in_worker(path: str) -> Classification:
    return classify(path, model=_MODELS[0])


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
        Files and folders; folders are searched through and through.
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
        One for each file, in the order of `find_inputs`. A file that cannot be used has its
        ``error`` set; it stops no other.

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
    loaded = model if isinstance(model, Model) else load_model(model)
    inputs = find_inputs(paths)
    files = [path for path in inputs if isinstance(path, str)]
    if jobs is None:
        jobs = 1 if len(files) < _ENOUGH_FILES else usable_cores()
    if jobs == 1:
        answers = map_files(partial(classify, model=loaded), files)
    else:
        prepare = partial(_answer_with, loaded)
        answers = map_files(_classify_in_worker, files, jobs=jobs, initializer=prepare)
    for done, path in enumerate(inputs, start=1):
        if isinstance(path, AudioError):
            answer = Classification(path=path.path, error=path)
        else:
            _, result = next(answers)
            answer = (
                Classification(path=path, error=result)
                if isinstance(result, AudioError)
                else result
            )
        if progress is not None:
            progress(done, len(inputs), answer.path)
        yield answer


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
        What JSON can hold; its schema is ``earmark/workflows/schemas/classify-2.json``.

    Examples
    --------
    >>> report([], model=load_model())["schema"]
    'earmark.classify/2'
    """
    return {
        "schema": SCHEMA,
        "model": identify_model(model),
        "results": [answer.to_dict() for answer in answers],
    }
