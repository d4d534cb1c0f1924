"""An output file is written in the form its name says, or refused before anything is done."""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest
import soundfile
from typer.testing import CliRunner

from earmark.cli._main import app
from earmark.errors import ParameterError
from earmark.testing import music_like
from earmark.workflows.features import extract_features


@pytest.fixture(autouse=True)
def no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARMARK_LIBRARY", str(tmp_path / "none.db"))


@pytest.mark.parametrize(
    ("command", "name", "known"),
    [
        ("features . -o", "f.xlsx", ".parquet or .csv"),
        ("features . -o", "f", ".parquet or .csv"),
        ("playlist --genre jazz -o", "x.txt", ".m3u8 or .pls or .xspf or .csv or .json or .m3u"),
        ("evaluate --dataset gtzan -m knn -o", "r.csv", ".json"),
        ("evaluate --dataset gtzan -m knn --report", "r.pdf", ".html or .htm"),
        ("compare a.json b.json --report", "r.pdf", ".html or .htm"),
        ("datasets explore gtzan -o", "page.pdf", ".html or .htm"),
        ("tag plan -o", "plan.xlsx", ".csv"),
        ("organise plan --into into -o", "plan.txt", ".csv"),
        ("tune --dataset gtzan -o", "best.json", ".toml"),
        ("tune --dataset gtzan --report", "page.txt", ".html or .htm"),
        ("train --dataset gtzan -o", "model.onnx", ".earmark"),
    ],
)
def test_unknown_ending_is_refused_with_those_known(command: str, name: str, known: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), name])
    assert isinstance(done.exception, ParameterError), done.output
    assert str(done.exception).endswith(f"{name}': its name must end in {known}")
    assert not Path(name).exists()


def test_features_are_written_as_csv_where_the_name_says_so(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", music_like(duration=2), 22_050)
    (tmp_path / "b.mp3").write_text("not music")
    for ending in ("csv", "parquet"):
        done = extract_features([tmp_path], output=f"f.{ending}")
        assert done.n_rows == 1
    table = pyarrow.csv.read_csv("f.csv")
    wanted = pyarrow.parquet.read_table("f.parquet")
    assert table.column_names == wanted.column_names
    assert table["mfcc3_mean"].to_pylist() == wanted["mfcc3_mean"].to_pylist()
    assert table["path"].to_pylist() == wanted["path"].to_pylist()
    failures = pyarrow.csv.read_csv("f.failures.csv")
    assert failures["path"].to_pylist() == [str(tmp_path / "b.mp3")]
    with pytest.raises(ParameterError, match="CSV cannot hold 'logmel', which has values for"):
        extract_features([tmp_path], output="g.csv", sets=["logmel"])
