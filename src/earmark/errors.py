"""The errors that Earmark raises on purpose.

::

    EarmarkError
    ├── ParameterError            an argument has a value the function does not take
    │   └── UnknownGenreError     a genre that is new to the library, perhaps by mistake
    ├── AudioError                one audio file cannot be used; holds its path
    │   ├── AudioNotFoundError    the path does not exist, or its links form a loop
    │   ├── AudioAccessError      no permission to read the file
    │   ├── NoAudioError          no decoder finds audio in it; a folder holds no audio file
    │   ├── EmptyAudioError       audio without a single sample
    │   ├── NonFiniteAudioError   a sample is NaN, infinite or beyond any loudness
    │   ├── TooShortError         too short to be analysed
    │   └── WorkerDiedError       the process that decoded it was killed or crashed
    ├── ModelError                a model file cannot be used; holds its path
    │   ├── ModelNotFoundError    there is no model of this name and no file at this path
    │   ├── ModelFormatError      not an .earmark file, or a version this release cannot read
    │   ├── ModelIntegrityError   a hash does not match: the file was changed
    │   ├── ModelPayloadError     the payload cannot be run safely
    │   └── FingerprintError      made for other features than the given ones
    ├── ResultsError              a results file cannot be read; holds its path
    ├── SettingsError             the configuration file or a variable holds an invalid setting
    ├── StudyError                a study file cannot be used; holds its path
    ├── TagError                  the tags of a file cannot be read or written; holds its path
    ├── CueSheetError             a cue sheet cannot be used; holds its path
    ├── LibraryError              a library file cannot be used; holds its path
    │   └── LibraryVersionError   it was written by a newer release
    ├── PlanError                 a plan of changes cannot be used; holds its path
    ├── ChangeError               a file could not be changed; holds its path and the reason
    ├── JobCancelledError         the work was cancelled
    ├── DatasetError              a corpus is missing, incomplete or inconsistent
    └── MissingExtraError         an extra that is not installed is needed

Every class has a ``code``, a short name that never changes between releases. It is the
``error.code`` in the JSON of the command line. ``exit_code`` is what the command line ends with: 2
if what was named cannot be used as requested, otherwise 1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

__all__ = [
    "AudioAccessError",
    "AudioError",
    "AudioNotFoundError",
    "ChangeError",
    "CueSheetError",
    "DatasetError",
    "EarmarkError",
    "EmptyAudioError",
    "FingerprintError",
    "JobCancelledError",
    "LibraryError",
    "LibraryVersionError",
    "MissingExtraError",
    "ModelError",
    "ModelFormatError",
    "ModelIntegrityError",
    "ModelNotFoundError",
    "ModelPayloadError",
    "NoAudioError",
    "NonFiniteAudioError",
    "ParameterError",
    "PlanError",
    "ResultsError",
    "SettingsError",
    "StudyError",
    "TagError",
    "TooShortError",
    "UnknownGenreError",
    "WorkerDiedError",
]


class EarmarkError(Exception):
    """Base class of every error that Earmark raises on purpose."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1


class ParameterError(EarmarkError, ValueError):
    """An argument has a value the function does not take."""

    code = "parameter"
    exit_code = 2


class UnknownGenreError(ParameterError):
    """A genre is new to the library, and new genres were not allowed.

    Parameters
    ----------
    genre : str
        The genre.
    nearest : sequence of str
        Known genres with a similar spelling, the most similar first.
    """

    code = "unknown-genre"

    def __init__(self, genre: str, nearest: Sequence[str]) -> None:
        super().__init__(genre, nearest)
        self.genre = genre
        self.nearest = tuple(nearest)

    def __str__(self) -> str:
        """Return what is unknown, and what may be meant."""
        meant = f" Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"genre={self.genre!r} is new to this library.{meant} Pass new=True to add it"


class _FileError(EarmarkError):
    """An error about one file: holds its path and the reason apart from each other."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(path, reason)
        self.path = os.fspath(path)
        self.reason = reason

    def __str__(self) -> str:
        """Return the path, printable whatever bytes it holds, and the reason."""
        return f"{self.path!r}: {self.reason}"


class AudioError(_FileError):
    """One audio file cannot be used."""

    code = "audio"

    @classmethod
    def of_code(cls, code: str, path: str | os.PathLike[str], reason: str) -> AudioError:
        """Make the error of a code, for example one that was saved.

        Parameters
        ----------
        code : str
            The ``code`` of one of the classes; any other makes a plain `AudioError`.
        path : str or path-like
            The file.
        reason : str
            What is wrong with it.

        Returns
        -------
        AudioError
            Of the class with that code.
        """
        kinds = {kind.code: kind for kind in cls.__subclasses__()}
        return kinds.get(code, cls)(path, reason)


class AudioNotFoundError(AudioError):
    """The path does not exist, or its links form a loop."""

    code = "not-found"


class AudioAccessError(AudioError):
    """The file cannot be read."""

    code = "no-access"


class NoAudioError(AudioError):
    """No decoder finds audio in the file, or a folder holds no audio file."""

    code = "no-audio"


class EmptyAudioError(AudioError):
    """The file is audio but has no samples."""

    code = "empty-audio"


class NonFiniteAudioError(AudioError):
    """A sample is NaN, infinite or beyond any loudness."""

    code = "non-finite-audio"


class TooShortError(AudioError):
    """The audio is too short to be analysed."""

    code = "too-short"


class WorkerDiedError(AudioError):
    """The process that decoded the file was killed or crashed."""

    code = "worker-died"


class ModelError(_FileError):
    """A model file cannot be used."""

    code = "model"
    exit_code = 2


class ModelNotFoundError(ModelError):
    """There is no model of that name and no file at that path."""

    code = "model-not-found"


class ModelFormatError(ModelError):
    """The file is not a model, or of a format version this release cannot read."""

    code = "model-format"


class ModelIntegrityError(ModelError):
    """A hash does not match the content: the file was changed or damaged."""

    code = "model-integrity"


class ModelPayloadError(ModelError):
    """The payload cannot be run safely."""

    code = "model-payload"


class FingerprintError(ModelError):
    """The model was made for other features than the given ones."""

    code = "model-fingerprint"


class ResultsError(_FileError):
    """A results file does not exist, is damaged, or has another version."""

    code = "results"
    exit_code = 2


class SettingsError(_FileError):
    """The configuration file or an environment variable holds an invalid setting."""

    code = "settings"
    exit_code = 2


class StudyError(_FileError):
    """A study file belongs to another search, is in use, or cannot be read."""

    code = "study"
    exit_code = 2


class TagError(_FileError):
    """The tags of a file cannot be read or written."""

    code = "tags"


class CueSheetError(_FileError):
    """A cue sheet cannot be read, or contradicts itself."""

    code = "cue-sheet"


class LibraryError(_FileError):
    """A library file cannot be opened, read or written."""

    code = "library"
    exit_code = 2


class LibraryVersionError(LibraryError):
    """The library was written by a newer release, and is left as it is."""

    code = "library-version"


class PlanError(_FileError):
    """A plan of changes cannot be read, or contains something impossible."""

    code = "plan"
    exit_code = 2


class ChangeError(_FileError):
    """A file could not be changed, and was left as it is."""

    code = "change"


class JobCancelledError(EarmarkError):
    """The work was cancelled; everything done before is kept.

    Parameters
    ----------
    name : str
        What was being done.
    """

    code = "cancelled"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        """Return what was stopped."""
        return f"{self.name} was cancelled"


class DatasetError(EarmarkError):
    """A corpus is missing, incomplete or inconsistent."""

    code = "dataset"


class MissingExtraError(EarmarkError):
    """A feature needs an extra that is not installed."""

    code = "missing-extra"

    def __init__(self, extra: str, module: str | None) -> None:
        super().__init__(extra, module)
        self.extra = extra
        self.module = module

    def __str__(self) -> str:
        """Return what is missing and what to type."""
        return f'{self.module} is not installed: pip install "earmark[{self.extra}]"'
