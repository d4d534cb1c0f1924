"""Listing and describing corpora: what is told of each, and of what is at a path."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from earmark.datasets import FeatureTable, get_corpus, load_dataset
from earmark.errors import ParameterError
from earmark.workflows._datasets import all_corpora
from earmark.workflows.datasets import describe_dataset, list_datasets

sys.path.insert(0, str(Path(__file__).parent.parent / "datasets"))

from made_up_corpora import MAKERS, make_gtzan, make_table, silent_file, table_rows, write_rows


def test_every_corpus_is_listed() -> None:
    found = list_datasets()
    assert [one["name"] for one in found] == [corpus.name for corpus in all_corpora()]
    assert json.loads(json.dumps(found)) == found
    assert found[0]["files"][0]["sha256"] == get_corpus("gtzan").files["features_30_sec.csv"]


@pytest.mark.parametrize("name", [corpus.name for corpus in all_corpora()])
def test_name_alone_is_described(name: str) -> None:
    told = describe_dataset(name)
    assert (told["path"], told["content"], told["error"]) == (None, None, None)
    assert describe_dataset(f"{name}:")["path"] is None


@pytest.mark.parametrize("name", ["", "polka", "polka:x", ":x"])
def test_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="is not one of gtzan, fma"):
        describe_dataset(name)


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_what_is_at_a_path_is_described(name: str, tmp_path: Path) -> None:
    told = describe_dataset(f"{name}:{MAKERS[name](tmp_path)}")
    assert told["error"] is None
    assert json.loads(json.dumps(told)) == told
    content = told["content"]
    assert content["tracks"] >= content["labelled"] == sum(content["genres"].values()) > 0
    for parts in content["partitions"].values():
        assert sum(parts.values()) == content["tracks"]
    assert content["artists"] > 1
    assert (content["table"] is None) == (not told["feature_sets"])
    assert {file["state"] for file in told["files"]} <= {"differs", "missing"}


def test_numbers_are_those_of_the_files(tmp_path: Path) -> None:
    path = make_gtzan(tmp_path)
    told = describe_dataset(f"gtzan:{path}")
    table = load_dataset(f"gtzan:{path}")
    assert [file["state"] for file in told["files"]] == ["differs", "differs", "missing"]
    assert told["content"] == {
        "tracks": 1000,
        "labelled": 1000,
        "audio": 0,
        "genres": dict.fromkeys(table.classes, 100),
        "artists": 200,
        "partitions": {
            "official": {"train": 250, "valid": 250, "test": 250, "": 250},
            "published3": {"0": 250, "1": 250, "2": 250, "": 250},
        },
        "duplicates": 1,
        "table": {
            "rows": 750,
            "unit": "track",
            "features": 57,
            "feature_set": "gtzan57",
            "fingerprint": table.fingerprint,
            "digest": table.digest,
        },
    }


def test_what_is_wrong_is_told_beside_what_is_right(tmp_path: Path) -> None:
    told = describe_dataset(f"gtzan:{tmp_path / 'nowhere'}")
    assert "No such file" in told["error"]
    assert told["content"] is None
    path = tmp_path / "mine.csv"
    write_rows(path, [{**row, "tempo": "fast"} for row in table_rows()])
    told = describe_dataset(f"table:{path}")
    assert "column 'tempo' of row 'row00' is 'fast'" in told["error"]
    assert told["content"]["tracks"] == 20
    assert told["content"]["table"] is None


def test_warnings_are_told(tmp_path: Path) -> None:
    silent_file(tmp_path / "rock" / "a.wav")
    told = describe_dataset(f"folder:{tmp_path}")
    assert told["warnings"] == [
        "1 of 1 files names no artist in its tags: "
        "scores may be too high, because songs by one artist cannot be kept apart"
    ]


def test_table_of_ours_is_described(tmp_path: Path) -> None:
    table = load_dataset(f"table:{make_table(tmp_path)}")
    table.to_parquet(tmp_path / "mine.parquet")
    told = describe_dataset(f"table:{tmp_path / 'mine.parquet'}")
    assert told["content"]["table"]["digest"] == table.digest
    assert isinstance(table, FeatureTable)
