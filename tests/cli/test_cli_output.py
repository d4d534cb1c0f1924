"""What each format prints, and nothing else; what is told about models; exit codes; help."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import soundfile
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

import earmark as package
from earmark.cli._main import app
from earmark.cli._output import genre_legend
from earmark.errors import AudioError
from earmark.models import load_model, shipped_models
from earmark.testing import music_like
from earmark.wording import UNSURE_WORDS

Run = Callable[..., subprocess.CompletedProcess[bytes]]

SCHEMA = json.loads((resources.files("earmark") / "schemas" / "classify-2.json").read_text())
FORMATS = ("--json", "--jsonl", "--csv")
GENRES = load_model().classes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two pieces and what is no audio."""
    folder = tmp_path_factory.mktemp("music")
    (folder / "sub").mkdir()
    soundfile.write(folder / "b.wav", music_like(duration=46), 22_050)
    soundfile.write(folder / "sub" / "a.flac", music_like(duration=2, seed=1), 22_050)
    (folder / "licence.txt").write_text("CC0")
    return folder


@pytest.fixture
def call() -> Callable[..., Any]:
    """Return a function that runs the command in this process."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


# --- formats ------------------------------------------------------------------------------------


def test_json_fits_the_schema(call: Callable[..., Any], folder: Path) -> None:
    done = call("classify", "--json", folder)
    assert done.exit_code == 0
    report = json.loads(done.stdout_bytes)
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert report["schema"] == "earmark.classify/2"
    assert [os.path.relpath(result["path"], folder) for result in report["results"]] == [
        "b.wav",
        "sub/a.flac",
    ]
    clips = report["results"][0]["clips"]
    assert [(clip["start"], clip["end"]) for clip in clips] == [(0, 30), (30, 46)]
    assert list(report["results"][0]["probabilities"]) == list(GENRES)


def test_jsonl_is_one_result_a_line(call: Callable[..., Any], folder: Path) -> None:
    whole = json.loads(call("classify", "--json", folder).stdout_bytes)
    done = call("classify", "--jsonl", folder)
    lines = [json.loads(line) for line in done.stdout_bytes.splitlines()]
    assert [line["result"] for line in lines] == whole["results"]
    assert {line["schema"] for line in lines} == {"earmark.classify/2"}
    assert [line["model"] for line in lines] == [whole["model"]] * 2


def test_csv_has_the_documented_columns(call: Callable[..., Any], folder: Path) -> None:
    missing = str(folder / "no,thing.mp3")
    done = call("classify", "--csv", folder, missing)
    assert done.exit_code == 1
    reader = csv.DictReader(io.StringIO(done.stdout_bytes.decode()))
    rows = list(reader)
    assert reader.fieldnames == [
        *("path", "duration", "genre", "confidence", "unsure", "runner_up"),
        *(f"p_{genre}" for genre in GENRES),
        *("warnings", "clips", "error_code", "error_message"),
        *("part", "start", "end", "artist", "title"),
    ]
    first = rows[0]
    p = {genre: float(first[f"p_{genre}"]) for genre in GENRES}
    ranked = sorted(p, key=p.__getitem__, reverse=True)
    assert [first["genre"], first["runner_up"]] == ranked[:2]
    assert float(first["confidence"]) == p[ranked[0]]
    assert float(first["duration"]) == 46
    assert len(json.loads(first["clips"])) == 2
    assert (rows[2]["path"], rows[2]["error_code"], rows[2]["genre"]) == (missing, "not-found", "")
    assert rows[2]["error_message"] == "no such file"


def test_formats_tell_the_same(call: Callable[..., Any], folder: Path) -> None:
    results = json.loads(call("classify", "--json", folder).stdout_bytes)["results"]
    rows = list(
        csv.DictReader(io.StringIO(call("classify", "--csv", folder).stdout_bytes.decode()))
    )
    for result, row in zip(results, rows, strict=True):
        assert (row["path"], row["genre"]) == (result["path"], result["genre"])
        assert (row["unsure"] or None) == result["unsure"]
        assert float(row["confidence"]) == result["confidence"]


def test_table_shows_what_json_tells(call: Callable[..., Any], folder: Path) -> None:
    done = call("classify", folder)
    assert done.exit_code == 0
    results = json.loads(call("classify", "--json", folder).stdout_bytes)["results"]
    for result in results:
        (line,) = [
            line for line in done.stdout.splitlines()
            if os.path.relpath(result["path"], folder) in line.split()[:1]
        ]  # fmt: skip
        assert result["genre"] in line
        assert f"{result['confidence']:.0%}" in line
        unsure = [reason for reason, words in UNSURE_WORDS.items() if words in line]
        assert unsure == ([result["unsure"]] if result["unsure"] else [])
    assert "2 classified" in done.stdout


@pytest.mark.parametrize("form", FORMATS)
def test_programs_get_nothing_else(earmark: Run, folder: Path, form: str) -> None:
    done = earmark("classify", form, str(folder), cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    if form == "--json":
        json.loads(text)
    elif form == "--jsonl":
        assert len([json.loads(line) for line in text.splitlines()]) == 2
    else:
        assert {len(row) for row in csv.reader(io.StringIO(text))} == {25}


@pytest.mark.parametrize("form", FORMATS)
def test_locale_does_not_matter(earmark: Run, tmp_path: Path, form: str) -> None:
    done = earmark(
        "classify", form, "größe ♪.wav", cwd=tmp_path, LC_ALL="C", PYTHONIOENCODING="latin-1"
    )
    assert done.returncode == 1
    assert "größe ♪.wav".encode() in done.stdout


def test_csv_holds_the_bytes_of_a_name(earmark: Run, tmp_path: Path) -> None:
    done = earmark("classify", "--csv", "a\udcff\nb.wav", cwd=tmp_path)
    rows = list(csv.reader(io.StringIO(done.stdout.decode(errors="surrogateescape"))))
    assert os.fsencode(rows[1][0]) == b"a\xff\nb.wav"


@pytest.mark.parametrize("path", ["./b.wav", "sub/../b.wav", ".//b.wav"])
def test_path_stands_as_given(
    call: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(folder)
    (result,) = json.loads(call("classify", "--json", path).stdout_bytes)["results"]
    assert result["path"] == path


def test_file_named_twice_is_answered_once(call: Callable[..., Any], folder: Path) -> None:
    path = folder / "sub" / "a.flac"
    report = json.loads(call("classify", "--json", path, path, folder / "sub").stdout_bytes)
    assert len(report["results"]) == 1


def test_text_is_ignored_in_a_folder_and_refused_when_named(
    call: Callable[..., Any], folder: Path
) -> None:
    done = call("classify", "--json", folder / "licence.txt", folder / "sub")
    assert done.exit_code == 1
    first, second = json.loads(done.stdout_bytes)["results"]
    assert first["error"]["code"] == "no-audio"
    assert second["error"] is None


def test_jobs_do_not_change_the_answer(earmark: Run, folder: Path) -> None:
    one, two = (
        json.loads(earmark("classify", "--json", "--jobs", jobs, str(folder)).stdout)["results"]
        for jobs in ("1", "2")
    )
    for alone, together in zip(one, two, strict=True):
        # Workers add up on one thread, this process on several: that is all that differs.
        assert together["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-6)
        assert (together["path"], together["unsure"]) == (alone["path"], alone["unsure"])


def test_schema_knows_every_code() -> None:
    codes = SCHEMA["$defs"]["result"]["properties"]["error"]["anyOf"][1]["properties"]["code"]
    kinds = [AudioError, *AudioError.__subclasses__()]
    assert sorted(codes["enum"]) == sorted(kind.code for kind in kinds)


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


# --- exit codes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["classify"], "Usage"),
        (["classify", "a.wav", "--jobs", "0"], "--jobs"),
        (["classify", "a.wav", "--jobs", "many"], "--jobs"),
        (["classify", "a.wav", "--loud"], "--loud"),
        (["sing"], "sing"),
        (["models", "show", "--jsn"], "--jsn"),
        (["train", "--dataset", "gtzan:x"], "--output"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_exit_code_two(
    call: Callable[..., Any], arguments: list[str], told: str
) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert told in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["classify", "a.wav", "--json", "--csv"], "cannot be combined"),
        (["classify", "a.wav", "--model", "gtzan58"], "no model of that name. Available: gtzan57"),
        (["classify", "a.wav", "--model", "none.earmark"], "no such file"),
        (["models", "show", "gtzan58"], "no model of that name"),
        (["train", "-d", "music", "-o", "x.earmark"], "is not of the form NAME:PATH"),
        (["train", "-d", "gtzan:x", "-o", "no/x.earmark"], "its folder does not exist"),
        (["train", "-d", "gtzan:x", "-o", "x", "--recipe", "none"], "--recipe 'none'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refusal_is_one_line_and_exit_code_two(
    earmark: Run, tmp_path: Path, arguments: list[str], told: str
) -> None:
    done = earmark(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("earmark: ")
    assert told in line


def test_model_that_is_there_is_not_replaced_unasked(earmark: Run, tmp_path: Path) -> None:
    (tmp_path / "x.earmark").write_bytes(b"mine")
    done = earmark("train", "-d", "gtzan:nowhere", "-o", "x.earmark", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"already exists. Choose another name, or pass" in done.stderr
    done = earmark("train", "-d", "gtzan:nowhere", "-o", "x.earmark", "--overwrite", cwd=tmp_path)
    assert done.returncode == 1
    assert (tmp_path / "x.earmark").read_bytes() == b"mine"


@pytest.mark.parametrize(("columns", "wide"), [("70", False), ("140", True)])
def test_narrow_table_says_less(
    call: Callable[..., Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
    wide: bool,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = call("classify", folder)
    assert done.exit_code == 0
    assert "b.wav" in done.stdout
    for heading in ("Length", "Confidence", "Runner-up"):
        assert (heading in done.stdout.splitlines()[1]) == wide
    assert max(map(len, done.stdout.splitlines()[1:4])) <= int(columns)


def test_missing_data_is_exit_code_one(earmark: Run, tmp_path: Path) -> None:
    done = earmark("train", "-d", "gtzan:nowhere", "-o", "x.earmark", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"earmark: 'nowhere/features_30_sec.csv': No such file or directory\n"
    assert os.listdir(tmp_path) == []


def test_tampered_model_is_refused_before_any_file(earmark: Run, tmp_path: Path) -> None:
    content = bytearray(Path(load_model().path).read_bytes())
    content[9_999] ^= 1
    (tmp_path / "changed.earmark").write_bytes(content)
    done = earmark("classify", "a.wav", "--json", "-m", "changed.earmark", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"was changed or damaged" in done.stderr


def test_reader_that_leaves_gets_no_traceback(python: Run, folder: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "first = subprocess.Popen([sys.executable, '-m', 'earmark', 'classify', '--jsonl',"
        " sys.argv[1]], stdout=subprocess.PIPE, stderr=subprocess.PIPE)\n"
        "first.stdout.close()\n"
        "sys.stdout.buffer.write(first.stderr.read())\n"
        "sys.exit(first.wait())"
    )
    done = python("-c", code, str(folder))
    assert done.returncode != 0
    assert b"Traceback" not in done.stdout
    assert b"Exception ignored" not in done.stdout


def test_train_without_its_extra_says_what_to_type(python: Run, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'sklearn':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "sys.argv = ['earmark', 'train', '-d', 'gtzan:x', '-o', 'x.earmark']\n"
        "from earmark.cli import main\n"
        "main()\n"
    )
    done = python("-c", code, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    expected = b'earmark: sklearn is not installed: pip install "earmark[train]"\n'
    assert done.stderr == expected


# --- the rest -----------------------------------------------------------------------------------


def test_version_is_the_packages(earmark: Run) -> None:
    done = earmark("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"earmark {package.__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["classify"],
        ["models"],
        ["models", "list"],
        ["models", "show"],
        ["train"],
        ["evaluate"],
        ["compare"],
        ["tune"],
        ["datasets"],
        ["datasets", "list"],
        ["datasets", "show"],
        ["datasets", "explore"],
        ["features"],
        ["warmup"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_has_an_example(call: Callable[..., Any], command: list[str], flag: str) -> None:
    done = call(*command, flag)
    assert done.exit_code == 0
    assert "Example" in done.stdout


def test_models_are_listed(call: Callable[..., Any]) -> None:
    done = call("models", "list")
    assert done.exit_code == 0
    assert all(name in done.stdout for name in shipped_models())
    assert "(default)" in done.stdout


def test_models_are_listed_as_json(call: Callable[..., Any]) -> None:
    content = json.loads(call("models", "list", "--json").stdout)
    assert content["schema"] == "earmark.models/1"
    assert [model["name"] for model in content["models"]] == list(shipped_models())
    assert content["models"][-1]["sha256"] == load_model().sha256


@pytest.mark.parametrize("arguments", [[], ["gtzan943"]], ids=["default", "named"])
def test_model_is_shown(call: Callable[..., Any], arguments: list[str]) -> None:
    done = call("models", "show", *arguments)
    assert done.exit_code == 0
    assert "Model card: gtzan943" in done.stdout
    score = load_model().manifest["scores"]["official"]["accuracy"]["value"]
    assert f"{score:.3f}" in done.stdout


def test_model_is_shown_by_path_as_json(call: Callable[..., Any]) -> None:
    model = load_model()
    content = json.loads(call("models", "show", model.path, "--json").stdout)
    assert content["schema"] == "earmark.model/1"
    assert content["scores"] == model.manifest["scores"]
    assert (content["name"], content["sha256"]) == ("gtzan943", model.sha256)


# --- the letters of genres ----------------------------------------------------------------------


def test_legend_breaks_between_genres() -> None:
    genres = ("blues", "classical", "country", "disco", "hiphop")
    lead = Text("Clips, 30 s each or several:")
    for width in range(30, 90):
        legend = genre_legend([*genres, None], genres, width, lead=lead)
        lines = Console(width=width, file=io.StringIO()).render_lines(legend, pad=False)
        told = ["".join(part.text for part in line) for line in lines]
        items = [item for line in told for item in line.split("  ")]
        assert items == [lead.plain, "b blues", "c classical", "o country", "d disco", "h hiphop",
                         "· silent"]  # fmt: skip
