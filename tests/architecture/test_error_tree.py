"""The errors: one root, a code each, and a path and a reason that survive a process boundary."""

from __future__ import annotations

import inspect
import re
from multiprocessing.reduction import ForkingPickler

import pytest

from earmark import errors

_CLASSES = [getattr(errors, name) for name in errors.__all__]
_FILE_ERRORS = (
    *(errors.AudioError, errors.ModelError, errors.ResultsError, errors.StudyError),
    *(errors.TagError, errors.LibraryError, errors.PlanError, errors.ChangeError),
    errors.CueSheetError,
)
_OF_FILES = [kind for kind in _CLASSES if issubclass(kind, _FILE_ERRORS)]


def test_every_class_is_exported() -> None:
    defined = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__ and not name.startswith("_")
    }
    assert defined == set(errors.__all__)
    assert list(errors.__all__) == sorted(errors.__all__)


@pytest.mark.parametrize("kind", _CLASSES)
def test_class_has_the_root(kind: type[errors.EarmarkError]) -> None:
    assert issubclass(kind, errors.EarmarkError)


def test_codes_are_distinct() -> None:
    codes = [kind.code for kind in _CLASSES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", _CLASSES)
def test_code_is_a_short_name_of_its_own(kind: type[errors.EarmarkError]) -> None:
    assert "code" in vars(kind)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)


@pytest.mark.parametrize("kind", _CLASSES)
def test_exit_code_says_whether_what_was_named_cannot_be_used(
    kind: type[errors.EarmarkError],
) -> None:
    usage = (
        *(errors.LibraryError, errors.ModelError, errors.ParameterError, errors.PlanError),
        *(errors.ResultsError, errors.SettingsError, errors.StudyError),
    )
    assert kind.exit_code == (2 if issubclass(kind, usage) else 1)


def drawn_tree() -> dict[str, str | None]:
    """Read the tree of the module's docstring: the parent of each name."""
    parents: dict[str, str | None] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"([ │├└─]+)(\w*Error)\b", line)
        if match:
            depth, name = len(match[1]), match[2]
            above = [(d, n) for d, n in above if d < depth]
            parents[name] = above[-1][1] if above else None
            above.append((depth, name))
    return parents


@pytest.mark.parametrize("kind", _CLASSES)
def test_class_is_drawn_below_its_parent(kind: type[errors.EarmarkError]) -> None:
    parent = next(
        (base.__name__ for base in kind.__mro__[1:] if base.__name__ in errors.__all__), None
    )
    assert drawn_tree()[kind.__name__] == parent


def test_nothing_else_is_drawn() -> None:
    assert set(drawn_tree()) == set(errors.__all__)


@pytest.mark.parametrize("path", ["a b.mp3", "not\udcff.mp3", "new\nline.mp3"])
@pytest.mark.parametrize("kind", _OF_FILES)
def test_file_error_holds_path_and_reason(
    kind: type[errors.AudioError | errors.ModelError], path: str
) -> None:
    error = kind(path, "it is broken")
    assert (error.path, error.reason) == (path, "it is broken")
    assert str(error) == f"{path!r}: it is broken"
    str(error).encode()


@pytest.mark.parametrize("kind", _OF_FILES)
def test_file_error_can_be_sent_between_processes(
    kind: type[errors.AudioError | errors.ModelError],
) -> None:
    sent = kind("not\udcff.mp3", "it is broken")
    arrived = ForkingPickler.loads(ForkingPickler.dumps(sent))
    assert type(arrived) is kind
    assert (arrived.path, arrived.reason) == (sent.path, sent.reason)
    assert str(arrived) == str(sent)


@pytest.mark.parametrize(
    "error",
    [
        errors.EarmarkError("x"),
        errors.ParameterError("jobs=0 must be 1 or more"),
        errors.DatasetError("x"),
        errors.MissingExtraError("train", "sklearn"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_error_can_be_sent_between_processes(error: errors.EarmarkError) -> None:
    arrived = ForkingPickler.loads(ForkingPickler.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)


def test_parameter_error_is_a_value_error() -> None:
    assert issubclass(errors.ParameterError, ValueError)


def test_missing_extra_says_what_to_type() -> None:
    message = str(errors.MissingExtraError("train", "sklearn"))
    assert message == 'sklearn is not installed: pip install "earmark[train]"'
