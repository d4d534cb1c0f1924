"""Dataclasses to JSON and back, and the schemas of documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest

from earmark.errors import ParameterError
from earmark.records import (
    Record,
    document,
    documents,
    from_record,
    package_version,
    schema_of,
    to_record,
)


@dataclass(frozen=True)
class Owner(Record, keys=("called=name",)):
    name: str
    age: int = 0


@dataclass(frozen=True)
class Shelf(
    Record,
    schema="earmark.shelf/1",
    keys=(
        "owner",
        "whose=owner.name",
        "n?=count",
        "*place",
        ("first", lambda shelf: shelf.titles[0]),
        "titles",
        ("earmark", package_version),
    ),
):
    owner: Owner
    titles: tuple[str, ...]
    count: int | None = None
    place: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plain:
    kind: Literal["a", "b"]
    sizes: tuple[float, ...]
    inner: Owner | None = None


def test_a_record_is_written_as_it_declares() -> None:
    shelf = Shelf(Owner("Ann"), ("One", "Two"), place={"room": 3})
    assert list(shelf.to_dict().items()) == [
        ("schema", "earmark.shelf/1"),
        ("owner", {"called": "Ann"}),
        ("whose", "Ann"),
        ("room", 3),
        ("first", "One"),
        ("titles", ["One", "Two"]),
        ("earmark", package_version()),
    ]
    assert Shelf(Owner("Ann"), ("One",), 1).to_dict()["n"] == 1


def test_a_part_of_a_document_does_not_name_its_schema() -> None:
    shelf = Shelf(Owner("Ann"), ("One",))
    assert "schema" not in to_record([shelf])[0]


def test_a_subclass_is_written_like_its_base() -> None:
    @dataclass(frozen=True)
    class Librarian(Owner):
        desk: int = 1

    assert Librarian("Bob").to_dict() == {"called": "Bob"}


def test_a_declaration_of_what_is_not_there_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="Wrong has neither field nor property for 'n=nmae'"):

        class Wrong(Record, keys=("n=nmae",)):
            name: str

    with pytest.raises(TypeError, match="'a b' is not an entry"):

        class Worse(Record, keys=("a b",)):
            name: str


def test_arrays_and_whole_numbers_as_keys_become_json() -> None:
    assert to_record({1990: np.arange(2), "x": [np.float64(0.5)]}) == {"1990": [0, 1], "x": [0.5]}
    assert document("earmark.models/1", models=(Owner("A"),))["models"] == [{"called": "A"}]


def test_what_was_taken_apart_is_made_again() -> None:
    plain = Plain("a", (1.0, 2.5))
    assert from_record(Plain, to_record(plain), "plain") == plain
    assert from_record(Plain, {"kind": "b", "sizes": [1], "inner": None}, "it").sizes == (1.0,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kind": "c", "sizes": [], "inner": None}, "it.kind is 'c', not one of 'a', 'b'"),
        ({"kind": "a", "sizes": [1, "2"], "inner": None}, r"it.sizes\[1\] is str, not float"),
        ({"kind": "a", "sizes": [float("nan")], "inner": None}, r"it.sizes\[0\] is nan"),
        ({"kind": "a", "sizes": []}, "it lacks 'inner'"),
        ({"kind": "a", "sizes": [], "inner": None, "x": 1}, "it has an unknown field 'x'"),
        ({"kind": "a", "sizes": {}, "inner": None}, "it.sizes is not a list"),
        ([], "it is not an object"),
    ],
)
def test_what_does_not_fit_is_named(content: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_record(Plain, content, "it")


def test_every_document_has_a_schema() -> None:
    assert "earmark.results/2" in documents()
    for name in documents():
        assert schema_of(name)["title"] == name


@pytest.mark.parametrize("name", ["earmark.scan/9", "scan", "earmark.scan/2/..", ""])
def test_an_unknown_document_is_refused_with_a_list_of_those_there_are(name: str) -> None:
    with pytest.raises(ParameterError, match=r"is not one of earmark\.classify/2"):
        schema_of(name)
