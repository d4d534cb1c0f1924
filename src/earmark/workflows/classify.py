"""Name the genre of files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

from earmark.analysis import Classification, classify_file
from earmark.arguments import checked
from earmark.errors import AudioError
from earmark.extraction import find_inputs, map_files
from earmark.models import DEFAULT_MODEL, Model, identify_model
from earmark.processes import usable_cores
from earmark.records import document
from earmark.types import PathName, Progress
from earmark.workflows.jobs import Job
from earmark.workflows.session import default_session

__all__ = [
    "SCHEMA",
    "classification_document",
    "classify",
    "classify_many",
]

SCHEMA = "earmark.classify/2"
"""Schema of what `classification_document` returns."""

_ENOUGH_FILES = 4
"""Starting a second process costs about as much as classifying a few files."""


@checked
def classify(path: PathName, *, model: Model | PathName = DEFAULT_MODEL) -> Classification:
    """Name the genre of one audio file.

    A file that contains a whole album gets one answer. `classify_many` gives one for each track of
    its cue sheet.

    Parameters
    ----------
    path : str or path-like
        The file.
    model : Model, str or path-like
        A loaded model, the name of an included one, or the path of an ``.earmark`` file.

    Returns
    -------
    Classification
        Genre, confidence, whether and why the answer is unsure, and the answer for each clip.

    Raises
    ------
    AudioError
        If the file cannot be used; its class says why.
    ModelError
        If the model cannot be used.

    See Also
    --------
    classify_many : Files in parallel, with their errors as results.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.sin(np.arange(66_150) / 8), 22_050)
    ...     answer = classify(file.name)
    >>> answer.unsure, round(sum(answer.probabilities.values()), 6)
    ('unfamiliar', 1.0)
    """
    loaded = model if isinstance(model, Model) else default_session().model(model)
    (answer,) = classify_file(os.fspath(path), model=loaded, whole=True)
    return answer


_MODELS: list[Model] = []
"""In a worker, the model it answers with: sent to it once, not with each file."""


def _answer_with(model: Model) -> None:
    _MODELS[:] = [model]


def _classify_in_worker(path: str) -> tuple[Classification, ...]:
    return classify_file(path, model=_MODELS[0])


@checked
def classify_many(
    paths: Iterable[PathName],
    *,
    model: Model | PathName = DEFAULT_MODEL,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Classification]:
    """Name the genre of files and of the files in folders, in parallel.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files, cue sheets and folders. Folders are searched with all their subfolders.
    model : Model, str or path-like
        A loaded model, the name of a shipped one, or the path of an ``.earmark`` file.
    jobs : int or None
        Number of parallel processes; 1 works in this process. None: one per core, or 1 if there are
        too few files for more to pay. On Windows and macOS, a script that uses several processes
        must guard its main part by ``if __name__ == "__main__":``.
    progress : callable or None
        Called with the number of files done, the number in all, and the path of the last one.

    Yields
    ------
    Classification
        One for each file, in the order of `find_inputs`; for a file that contains an album, one for
        each track of its cue sheet. For a file that cannot be used, ``error`` is set, and the other
        files are still classified.

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
        answers = map_files(partial(classify_file, model=loaded), files)
    else:
        prepare = partial(_answer_with, loaded)
        answers = map_files(_classify_in_worker, files, jobs=jobs, initializer=prepare)
    job: Job[Any] = Job.of(progress, "classify")
    with closing(answers):  # type: ignore[type-var]  # a generator, said to be an iterator
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
def classification_document(answers: Iterable[Classification], *, model: Model) -> dict[str, Any]:
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
    >>> classification_document([], model=load_model())["schema"]
    'earmark.classify/2'
    """
    return document(SCHEMA, model=identify_model(model), results=tuple(answers))
