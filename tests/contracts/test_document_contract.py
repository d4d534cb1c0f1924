"""Every document that Earmark prints or saves has a schema, and every command keeps to its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from typer.testing import CliRunner

from earmark.cli._main import app
from earmark.datasets import FeatureTable
from earmark.errors import AudioNotFoundError
from earmark.features import get_feature_set
from earmark.library import open_library
from earmark.records import documents, schema_of
from earmark.testing import music_like
from earmark.workflows.library import export_tracks
from earmark.workflows.scan import ScanEvent

SR = 22_050
COMMANDS = """
classify music/a.flac music/silent.wav music/no.mp3
scan music
scan music
library list
library failed
library stats
library show 1
library set-genre 1 jazz
library list --corrected
library review
library prune
similar 1 --min-length 0 --include-unfamiliar
similar music/a.flac --by timbre --min-length 0
playlist --like 1 --tracks 2
tag plan --threshold 0 -o tags.csv
tag apply tags.csv
tag undo
tag history
organise plan --into sorted -o places.csv
organise apply places.csv
organise undo
organise history
library set-genre 1 --clear
datasets list
datasets show gtzan
datasets show folder:.
datasets show table:rows.parquet
datasets explore table:rows.parquet
models list
models show
config show
features music/a.flac music/b.flac -o features.parquet
train -d table:rows.parquet --recipe lda -o mine.earmark
evaluate -d table:rows.parquet -m lda,knn -p artist -o results.json
compare results.json
tune -d table:rows.parquet -m knn --trials 2 -j 1
""".strip().splitlines()


def write_rows(path: Path) -> None:
    """Write ninety rows of three genres by 45 artists, some of them for tests."""
    number = np.arange(90)
    genre, part = number % 3, np.array(["train", "train", "valid", "train", "test"])
    features = get_feature_set("gtzan57")
    noise = np.random.default_rng(0).normal(size=(90, len(features.names)))
    FeatureTable(
        ids=np.array([f"row{at}" for at in number]),
        X=noise + genre[:, None],
        feature_set=features.name,
        fingerprint=features.fingerprint,
        labels=np.array(["blues", "jazz", "rock"])[genre],
        groups={"artist": number // 6 * 3 + genre},
        partitions={"official": part[number // 6 % 5]},
        provenance={"corpus": "made up"},
        names=features.names,
        unit="track",
    ).to_parquet(path)


def printed(text: str) -> Iterator[Any]:
    """Yield the documents of an output, of which there may be one a line."""
    decoder, at = json.JSONDecoder(), 0
    text = text.strip()
    while at < len(text):
        content, end = decoder.raw_decode(text, at)
        yield content
        at = end + len(text[end:]) - len(text[end:].lstrip())


def events(folder: Path) -> Iterator[Any]:
    """Yield what `earmark scan --watch` prints of one file and of one that failed."""
    with open_library(folder / "library.db") as library:
        (track,) = library.tracks(limit=1)
    for event in (
        ScanEvent("new", track.path, track=track),
        ScanEvent("failed", "no.mp3", error=AudioNotFoundError("no.mp3", "no such file")),
    ):
        yield json.loads(json.dumps(event.to_dict()))


def metadata(path: Path) -> Any:
    """Return what a Parquet file says of itself."""
    return json.loads(pq.read_schema(path).metadata[b"earmark"])


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Run every command that prints JSON, and return its documents by their schemas."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "music").mkdir()
    for seed, name in enumerate("abc"):
        y = music_like(duration=3.0, seed=seed)
        soundfile.write(folder / "music" / f"{name}.flac", y, SR)
    soundfile.write(folder / "music" / "silent.wav", np.zeros(3 * SR), SR)
    (folder / "music" / "broken.mp3").write_bytes(b"not music" * 100)
    write_rows(folder / "rows.parquet")
    environment = {"EARMARK_LIBRARY": "library.db", "XDG_CACHE_HOME": str(folder / "cache")}
    found: list[Any] = []
    with pytest.MonkeyPatch.context() as context:
        context.chdir(folder)
        for command in COMMANDS:
            done = CliRunner().invoke(app, [*command.split(), "--json"], env=environment)
            assert isinstance(done.exception, SystemExit | None), (command, done.exception)
            assert done.exit_code in (0, 1), (command, done.output)
            found += printed(done.stdout)
        with open("export.json", "w") as file:
            export_tracks(file, kind="json", library="library.db")
        found += [json.loads(Path(name).read_text()) for name in ("export.json", "results.json")]
        found += events(folder)
        found += [metadata(folder / f"{name}.parquet") for name in ("features", "rows")]
    by_schema: dict[str, list[Any]] = {}
    for content in found:
        by_schema.setdefault(content["schema"], []).append(content)
    return by_schema


def test_every_document_that_is_made_has_a_schema(outputs: dict[str, list[Any]]) -> None:
    assert set(outputs) == set(documents())


@pytest.mark.parametrize("name", documents())
def test_documents_keep_to_their_schemas(name: str, outputs: dict[str, list[Any]]) -> None:
    schema = schema_of(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schema["title"], bool(schema["description"])) == (name, True)
    assert outputs[name]
    for content in outputs[name]:
        jsonschema.validate(content, schema)
