"""``earmark evaluate`` and ``earmark compare``: tables, JSON, pages, exit codes."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner, Result

from earmark.cli import compare, evaluate
from earmark.cli._commands import include
from earmark.errors import ParameterError, ResultsError
from earmark.evaluation import read_results

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "results-2.json").read_text())


def write_rows(path: Path, *, segments: int = 1) -> str:
    """Write thirty tracks of three genres by fifteen artists."""
    lines = ["id,label,artist,track,a,b" if segments > 1 else "id,label,artist,a,b"]
    for number in range(30):
        genre, artist = number % 3, number // 6 * 3 + number % 3
        for part in range(segments):
            a = genre + (number * 7919 + part * 31) % 101 / 80
            b = genre**2 - (number * 104729 + part * 17) % 103 / 80
            name = f"t{number}#{part},{('blues', 'jazz', 'rock')[genre]},artist {artist}"
            lines.append(f"{name}{f',t{number}' if segments > 1 else ''},{a},{b}")
    path.write_text("\n".join(lines))
    return f"table:{path}"


@pytest.fixture
def rows(tmp_path: Path) -> str:
    return write_rows(tmp_path / "rows.csv")


def run(*arguments: str) -> Result:
    """Run a command in an application of the two."""
    app = typer.Typer()
    include(app, evaluate.app)
    include(app, compare.app)
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "140"})


def lines_of(result: Result) -> list[list[str]]:
    """Return the words of each line."""
    assert result.exit_code == 0, result.exception
    assert result.stderr == ""
    return [line.split() for line in result.stdout.splitlines()]


def test_table_tells_scores_gap_and_what_they_are_of(rows: str) -> None:
    head, _, columns, *body = lines_of(run("evaluate", "-d", rows, "-m", "knn,majority"))
    assert " ".join(head) == (
        "table: 30 tracks of 3 genres, columns, seed 0; accuracy with 95 % intervals"
    )
    assert columns == ["Protocol", "Rows", "Folds", "Intervals", "over", "knn", "majority"]
    told = {line[0]: line for line in body if line}
    assert told["random"][1:5] == ["30", "5", "30", "tracks"]
    assert told["artist"][1:5] == ["30", "5", "15", "artists"]
    assert len(told["artist"]) == 7
    below = body[body.index(told["artist"]) + 1]
    assert re.fullmatch(r"(\[\d\.\d{3}, \d\.\d{3}\] ?){2}", " ".join(below))
    assert told["leakage"][1:4] == ["gap", "15", "artists"]
    assert told["leakage"][4][0] in "+-"
    assert any(line[:2] == ["Skipped", "official:"] for line in body)


def test_segments_vote_in_a_line_of_their_own(tmp_path: Path) -> None:
    dataset = write_rows(tmp_path / "rows.csv", segments=3)
    found = lines_of(run("evaluate", "-d", dataset, "-m", "knn", "-p", "random,track,artist"))
    told = [" ".join(line) for line in found]
    assert "90 segments" in told[0]
    assert sum("90 of 30 tracks 5" in line for line in told) == 3
    assert (
        sum(re.match(r"tracks, by vote of segments \d\.\d{3}$", line) is not None for line in told)
        == 3
    )


def test_many_models_come_in_several_tables(rows: str) -> None:
    models = "majority,knn,knn-2,knn-3,lda,logistic,svm"
    found = lines_of(run("evaluate", "-d", rows, "-m", models, "-p", "random"))
    heads = [line[5:] for line in found if line[:1] == ["Protocol"]]
    assert len(heads) == 2
    assert ",".join(heads[0] + heads[1]) == models


def test_json_is_a_results_file(rows: str, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    done = run("evaluate", "-d", rows, "-m", "lda", "-p", "artist", "-o", str(output), "--json")
    assert done.exit_code == 0
    content: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(content, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert done.stdout == output.read_text(encoding="utf-8")
    again = run("evaluate", "-d", rows, "-m", "lda", "-p", "artist", "-o", str(output), "--json")
    assert json.loads(again.stdout) == content  # times too: it was not done again


def test_page_is_written(rows: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run(
        *("evaluate", "-d", rows, "-m", "knn", "-p", "random,artist", "--importances"),
        *("--report", str(page)),
    )
    assert done.exit_code == 0, done.exception
    assert page.read_text(encoding="utf-8").lower().startswith("<!doctype html>")


def test_page_is_replaced_when_asked_alone(rows: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("mine")
    command = ("evaluate", "-d", rows, "-m", "majority", "-p", "artist", "--report", str(page))
    assert "already exists" in str(run(*command).exception)
    assert page.read_text() == "mine"
    assert run(*command, "--overwrite").exit_code == 0
    assert page.read_text(encoding="utf-8") != "mine"


def test_page_in_no_folder_is_told_before_anything_is_done(rows: str, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    done = run(
        *("evaluate", "-d", rows, "-m", "knn", "-o", str(output)),
        *("--report", str(tmp_path / "nowhere" / "page.html")),
    )
    assert isinstance(done.exception, ParameterError)
    assert "its folder does not exist" in str(done.exception)
    assert not output.exists()


def test_comparison_tells_differences_and_warnings(rows: str, tmp_path: Path) -> None:
    first, second, third = (str(tmp_path / f"{name}.json") for name in "abc")
    run("evaluate", "-d", rows, "-m", "knn", "-p", "random", "-o", first)
    run("evaluate", "-d", rows, "-m", "majority", "-p", "random", "-o", second)
    other = write_rows(tmp_path / "more.csv", segments=2)
    run("evaluate", "-d", other, "-m", "lda", "-p", "random", "-o", third)
    found = lines_of(run("compare", first, second, third))
    columns, knn, majority, lda, _, heads, difference, *notes = found
    assert columns[:5] == ["Protocol", "Model", "Dataset", "Rows", "Folds"]
    assert knn[:7] == ["random", "knn", "table", "30", "5", "30", "tracks"]
    assert [majority[1], lda[1]] == ["majority", "lda"]
    assert heads[:4] == ["Protocol", "Compared", "Common", "rows"]
    assert difference[:7] == ["random", "majority", "minus", "knn", "30", "30", "tracks"]
    assert difference[7][0] in "+-"
    assert notes[-1][0] != "random"
    assert "Note:" in {line[0] for line in notes}
    page = tmp_path / "page.html"
    done = run("compare", first, second, "--report", str(page), "--json")
    assert json.loads(done.stdout)["schema"] == "earmark.compare/2"
    assert page.exists()


def test_no_results_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    path.write_text("{}")
    assert isinstance(run("compare", str(path)).exception, ResultsError)


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_help_tells_examples(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert "Examples:" in done.stdout
    assert f"earmark {command}" in done.stdout


def test_interrupted_command_leaves_a_whole_file_and_no_process(tmp_path: Path) -> None:
    dataset = write_rows(tmp_path / "rows.csv", segments=20)
    output = tmp_path / "results.json"
    code = (
        "import sys, typer\nfrom earmark.cli import compare, evaluate\n"
        "from earmark.cli._commands import include\n"
        "app = typer.Typer()\ninclude(app, evaluate.app)\ninclude(app, compare.app)\n"
        "if __name__ == '__main__':\n    app(sys.argv[1:])\n"
    )
    script = tmp_path / "command.py"
    script.write_text(code)
    process = subprocess.Popen(
        [
            *(sys.executable, str(script), "evaluate", "-d", dataset, "-j", "1"),
            *("-m", "majority,mlp,forest", "-p", "random,artist", "-o", str(output)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not output.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for _ in range(20):  # libraries may swallow one, in a callback: then one presses again
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=3)
            break
    assert process.returncode != 0
    assert read_results(output).models[0].runs[0].protocol == "random"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "command.py",
        "results.json",
        "rows.csv",
    ]
