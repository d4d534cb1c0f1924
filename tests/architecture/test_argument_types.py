"""Every public function names an argument of a wrong type, and the type."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import pickle
import pkgutil
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile

import earmark
import earmark.workflows
from earmark.arguments import check_type, checked
from earmark.errors import AudioError, ParameterError
from earmark.library import Filters
from earmark.models import load_model, load_space
from earmark.tuning import SearchSettings
from earmark.workflows.tune import tune

_MODULES = [
    "earmark",
    *(f"earmark.{name}" for name in ("audio", "features", "models")),
    *(
        f"earmark.workflows.{module.name}"
        for module in pkgutil.iter_modules(earmark.workflows.__path__)
        if not module.name.startswith("_")
    ),
]


class Stranger:
    """What no function takes."""


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in map(importlib.import_module, _MODULES):
        for name in module.__all__:
            function = getattr(module, name)
            if inspect.isfunction(function):
                yield f"{module.__name__}.{name}", function


def arguments() -> Iterator[Any]:
    """Yield each argument of each public function, arrays and what takes anything left out."""
    for name, function in public_functions():
        hints = typing.get_type_hints(function)
        for parameter in inspect.signature(function).parameters:
            hint = hints[parameter]
            if hint is not Any and typing.get_origin(hint) is not np.ndarray:
                yield pytest.param(function, parameter, id=f"{name}-{parameter}")


@pytest.mark.parametrize(("function", "wrong"), list(arguments()))
def test_argument_of_a_wrong_type_is_named(function: Callable[..., Any], wrong: str) -> None:
    hints = typing.get_type_hints(function)
    positional, keywords = [], {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue  # see test_settings_of_a_search_of_a_wrong_type_are_named
        value = Stranger() if name == wrong else fitting(hints[name])
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            keywords[name] = value
        else:
            positional.append(value)
    with pytest.raises(ParameterError, match=rf"^{wrong}: expected .*, got Stranger$"):
        function(*positional, **keywords)


def fitting(hint: Any) -> Any:
    """Return something of a type: not of any use, since nothing is done with it."""
    candidates = ("x", True, (), {}, b"", lambda: None, None)
    for value in candidates:
        try:
            check_type("value", value, hint)
        except ParameterError:
            continue
        return value
    return object.__new__(getattr(hint, "__bound__", None) or hint)


@pytest.mark.parametrize(
    ("value", "hint", "message"),
    [
        (b"RIFF", str | os.PathLike[str], "x: expected str or path-like, got bytes"),
        ("a.mp3", Iterable[str], "x: expected iterable of str, got str"),
        ([b"a", "b"], Sequence[str], "x: expected sequence of str, item 0 is of type bytes"),
        (["a", 2], Iterable[str] | None, "x: expected iterable of str or None, item 1 is of type"),
        ({"a": 1}, Mapping[str, str], "x: expected mapping, got dict"),
        ((1, 2, 3), tuple[int, int], "x: expected tuple of 2, got tuple of 3"),
        ("2", int | None, "x: expected int or None, got str"),
        (1.5, int, "x: expected int, got float"),
        (1, Literal["csv", "json"], "x: expected str, got int"),
        ("no", bool, "x: expected bool, got str"),
        (3, Callable[[int], None] | None, "x: expected callable or None, got int"),
        (None, str, "x: expected str, got NoneType"),
    ],
)
def test_message_names_what_is_expected_and_what_came(value: Any, hint: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_type("x", value, hint)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (np.int64(2), int | None),
        (np.float32(2), float),
        (2, float),
        (np.True_, bool),
        (Path("a"), str | os.PathLike[str]),
        (iter(["a"]), Iterable[str]),
        ([1, None], tuple[int | None, int | None]),
        ({"a": "b"}, Mapping[str, str]),
    ],
)
def test_what_fits_is_taken(value: Any, hint: Any) -> None:
    check_type("x", value, hint)


def test_calls_that_lack_an_argument_stay_type_errors() -> None:
    @checked
    def function(x: int, *, y: int = 0) -> int:
        return x + y

    with pytest.raises(TypeError, match=r"function\(\) missing 1 required"):
        function()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        function(1, z=2)  # type: ignore[call-arg]


def test_filters_of_a_wrong_type_are_named() -> None:
    with pytest.raises(ParameterError, match="year: expected tuple of 2 or None, got int"):
        Filters(year=1990)  # type: ignore[arg-type]


def test_bytes_are_refused_in_a_short_message() -> None:
    content = bytes(range(256)) * 1000
    with pytest.raises(ParameterError) as caught:
        earmark.classify(content)  # type: ignore[arg-type]
    assert str(caught.value) == "path: expected str or path-like, got bytes"
    with pytest.raises(ParameterError, match="item 0 is of type bytes"):
        earmark.classify_many([content])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="paths: expected iterable of str or path-like"):
        earmark.classify_many("song.mp3")


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_files_are_classified_by_a_model_that_is_loaded(tmp_path: Path, jobs: int) -> None:
    song = tmp_path / "a.wav"
    soundfile.write(song, np.sin(np.arange(44_100) / 8), 22_050)
    model = load_model("gtzan57")
    answers = list(earmark.classify_many([song, "nothing.mp3"], model=model, jobs=jobs))
    assert answers[0] == earmark.classify(song, model=model)
    assert isinstance(answers[1].error, AudioError)


def test_models_and_spaces_survive_the_way_to_another_process() -> None:
    for loaded in (load_model(), load_space()):
        again = pickle.loads(pickle.dumps(loaded))
        assert (again.name, again.sha256, again.path) == (loaded.name, loaded.sha256, loaded.path)
        X = np.ones((2, len(loaded.feature_set.names)))
        fingerprint = loaded.feature_set.fingerprint
        for ours, theirs in zip(
            loaded._answers(X, fingerprint=fingerprint),
            again._answers(X, fingerprint=fingerprint),
            strict=True,
        ):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(SearchSettings)])
def test_settings_of_a_search_of_a_wrong_type_are_named(name: str) -> None:
    with pytest.raises(ParameterError, match=rf"^{name}: expected .*, got Stranger$"):
        tune("table:x.csv", **{name: Stranger()})
