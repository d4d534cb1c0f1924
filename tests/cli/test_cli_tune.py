"""``earmark tune`` as people run it: what it says, what it writes, how it ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
SCHEMA = json.loads((resources.files("earmark") / "schemas" / "tuning-1.json").read_text("utf-8"))


def write_table(path: Path, *, head: str = "id,label,artist,split,a,b") -> str:
    """Write ninety rows of three genres, a fifth of them for tests."""
    lines = [head]
    for number in range(90):
        genre, artist = number % 3, number // 6 * 3 + number % 3
        part = ("train", "train", "valid", "train", "test")[number // 6 % 5]
        a, b = genre + number * 7919 % 101 / 80, genre**2 - number * 104729 % 103 / 80
        label = ("blues", "jazz", "rock")[genre]
        lines.append(f"row{number},{label},artist {artist},{part},{a},{b}")
    path.write_text("\n".join(lines))
    return f"table:{path}"


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    return write_table(tmp_path / "rows.csv")


def test_search_is_told_and_written(earmark: Run, dataset: str, tmp_path: Path) -> None:
    recipe, page = tmp_path / "a.toml", tmp_path / "a.html"
    done = earmark(
        *("tune", "-d", dataset, "-m", "knn", "--trials", "3", "-j", "1", "--nested"),
        *("-o", str(recipe), "--report", str(page), "--study", str(tmp_path / "a.study")),
    )
    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "3 of 48 settings of knn tried, 0 failed" in said
    assert "18 test rows were not used" in said
    assert "chosen    n_neighbors = " in said
    assert "too high, because it is the best of many" in said
    assert "unbiased  0." in said
    assert f"recipe    {recipe}" in said
    assert recipe.read_text().startswith("# Chosen by earmark tune")
    assert page.read_text().startswith("<!doctype html>")


def test_json_is_alone_on_standard_output(earmark: Run, dataset: str) -> None:
    done = earmark(
        *("tune", "-d", dataset, "-m", "svm", "--search", "optuna", "--trials", "2"),
        *("-j", "1", "--json"),
    )
    assert (done.returncode, done.stderr) == (0, b"")
    jsonschema.validate(json.loads(done.stdout), SCHEMA)


def test_search_goes_on_and_says_so(earmark: Run, dataset: str, tmp_path: Path) -> None:
    study = ("--study", str(tmp_path / "a.study"))
    earmark("tune", "-d", dataset, "-m", "knn", "--trials", "2", "-j", "1", *study)
    done = earmark("tune", "-d", dataset, "-m", "knn", "--trials", "3", "-j", "1", *study)
    assert b"3 of 48 settings of knn tried, 2 of them before" in done.stdout
    other = earmark("tune", "-d", dataset, "-m", "svm", "--trials", "3", *study)
    assert (other.returncode, other.stdout) == (2, b"")
    assert b"it holds another search: --model 'knn'" in other.stderr
    assert b"instead of --model 'svm'" in other.stderr


def test_help_shows_examples(earmark: Run) -> None:
    said = earmark("tune", "--help", COLUMNS="200").stdout.decode()
    assert "earmark tune --dataset gtzan:DATA/gtzan --model knn" in said
    for option in ("--search", "--trials", "--minutes", "--study", "--nested", "--rows"):
        assert option in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-d", "nowhere"), 2, "--dataset 'nowhere' is not of the form NAME:PATH"),
        (("-d", "{}", "-m", "no-such"), 2, "recipe='no-such'"),
        (("-d", "{}", "-m", "majority"), 2, "--space 'majority' is not one of"),
        (("-d", "{}", "-m", "gtzan57"), 2, "has 3 classifiers: only one can be tuned"),
        (("-d", "{}", "--search", "luck"), 2, "--search 'luck' is not one of grid, optuna"),
        (("-d", "{}", "--space", "knn"), 2, "--space 'knn' is for family 'knn', model 'svm'"),
        (("-d", "{}", "--protocol", "official"), 2, "its test rows are not for choosing"),
        (("-d", "{}", "--minutes", "0"), 2, "--minutes 0.0 must be above 0"),
        (("-d", "{}", "--minutes", "nan"), 2, "--minutes nan must be above 0"),
        (("-d", "{}", "--trials", "0"), 2, "Invalid value for '--trials'"),
        (("-d", "{}", "--trials", "many"), 2, "Invalid value for '--trials'"),
        (("-d", "{}", "--seed", "-1"), 2, "Invalid value for '--seed'"),
        (("-d", "{}", "--rule", "luck"), 2, "--rule 'luck' is not one of best, one-se"),
        (("-d", "{}", "--rows", "test"), 2, "--rows 'test' is not one of train, all"),
        (("-d", "{}", "-o", "/no/such/folder/a.toml"), 2, "its folder does not exist"),
        (("-d", "{}", "--study", "/no/such/folder/a"), 2, "No such file or directory"),
    ],
)
def test_bad_argument_is_refused(
    earmark: Run, dataset: str, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = earmark("tune", *(one.format(dataset) for one in arguments), COLUMNS="400")
    assert (done.returncode, done.stdout) == (code, b"")
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("artist 3,", "artist 3\n,"), ""),
        (lambda text: text.replace(",valid,", ",vaild,"), "vaild"),
        (lambda text: "\n".join(text.split("\n")[:2]), ""),
        (lambda text: text.replace("jazz", "blues").replace("rock", "blues"), ""),
        (lambda text: text.replace("row1,", "row0,"), "row0"),
        (lambda text: text.replace(",train,", ",train,x", 1), ""),
    ],
    ids=["torn", "unknown part", "one row", "one class", "id twice", "no number"],
)
def test_bad_table_is_refused(
    earmark: Run, tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    path = tmp_path / "rows.csv"
    dataset = write_table(path)
    path.write_text(change(path.read_text()))
    done = earmark("tune", "-d", dataset, "-m", "knn", "--trials", "1", "-j", "1")
    assert done.returncode in (1, 2)
    assert done.stdout == b""
    assert done.stderr.startswith(b"earmark: ")
    assert message in done.stderr.decode()
