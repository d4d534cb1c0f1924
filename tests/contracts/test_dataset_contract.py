"""What every loader of a corpus keeps to, on made-up corpora and on the real ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_corpora import MAKERS

from earmark.datasets import Corpus, FeatureTable, Track, corpora, get_corpus, load_dataset
from earmark.errors import DatasetError, ParameterError
from earmark.features import feature_sets

REAL = {"gtzan": "gtzan", "fma": "fma", "echonest": "fma", "segments57": "segments57"}
NAMES = [corpus.name for corpus in corpora()]
PLACES = [
    *(pytest.param((name, "made up"), id=name) for name in NAMES),
    *(pytest.param((name, "real"), id=f"{name}-real", marks=pytest.mark.realdata) for name in REAL),
]
WITH_TABLES = [corpus.name for corpus in corpora() if corpus.feature_sets]
WITH_FILES = [corpus.name for corpus in corpora() if corpus.files]


def own_tests(name: str) -> Any:
    """Return the module of tests of a loader, which may say how such a corpus is made up."""
    return import_module(f"test_{name}_loader")


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that makes a corpus, once."""
    made: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in made:
            write = MAKERS.get(name) or own_tests(name).make_corpus
            made[name] = write(tmp_path_factory.mktemp(name))
        return made[name]

    return make


@pytest.fixture(params=PLACES, scope="session")
def place(request: pytest.FixtureRequest, made_up: Callable[[str], Path]) -> tuple[Corpus, Path]:
    """Return a corpus and where it is."""
    name, kind = request.param
    if kind == "made up":
        return get_corpus(name), made_up(name)
    data: Path = request.getfixturevalue("data")
    return get_corpus(name), data / REAL[name]


@pytest.fixture(scope="session")
def tracks(place: tuple[Corpus, Path]) -> list[Track]:
    corpus, path = place
    return corpus.tracks(path)


@pytest.fixture(scope="session")
def table(place: tuple[Corpus, Path]) -> FeatureTable:
    corpus, path = place
    if not corpus.feature_sets:
        pytest.skip(f"{corpus.name} has no table of features")
    return corpus.load_table(path)


@pytest.fixture(params=NAMES)
def corpus(request: pytest.FixtureRequest) -> Corpus:
    return get_corpus(request.param)


@pytest.fixture
def copy(corpus: Corpus, made_up: Callable[[str], Path], tmp_path: Path) -> Path:
    """Return a corpus that may be spoilt."""
    path = made_up(corpus.name)
    if path.is_dir():
        return Path(shutil.copytree(path, tmp_path / "copy"))
    return Path(shutil.copy(path, tmp_path))


def read_all(corpus: Corpus, path: Path) -> None:
    """Read everything a loader reads."""
    if corpus.name == "segments57":  # whole tracks need both files
        corpus.load_table(path, unit="track")
        return
    corpus.tracks(path)
    if corpus.feature_sets:
        corpus.load_table(path)


def test_corpus_tells_what_it_is(corpus: Corpus) -> None:
    told = (corpus.title, corpus.size, corpus.expects, corpus.citation, corpus.licence)
    assert all(text.strip() for text in told)
    assert corpus.faults
    assert all(fault.strip() for fault in corpus.faults)
    assert all(re.fullmatch("[0-9a-f]{64}", sha or "0" * 64) for sha in corpus.files.values())


def test_names_are_different() -> None:
    assert len(set(NAMES)) == len(NAMES)
    with pytest.raises(ParameterError, match=f"corpus='polka' is not one of {', '.join(NAMES)}"):
        get_corpus("polka")


def test_tracks_are_different_and_labelled(place: tuple[Corpus, Path], tracks: list[Track]) -> None:
    assert len({track.id for track in tracks}) == len(tracks) > 0
    labels = {track.label for track in tracks} - {""}
    assert len(labels) > 1
    assert len({label.casefold() for label in labels}) == len(labels)
    assert all(label == label.strip() for label in labels)


def test_tracks_have_one_kind_of_groups_and_partitions(tracks: list[Track]) -> None:
    assert "artist" in tracks[0].groups
    assert all(track.groups.keys() == tracks[0].groups.keys() for track in tracks)
    assert all(track.partitions.keys() == tracks[0].partitions.keys() for track in tracks)
    parts = {track.partitions.get("official", "") for track in tracks}
    assert parts <= {"train", "valid", "test", ""}


def test_paths_of_tracks_are_there(tracks: list[Track]) -> None:
    assert all(Path(track.path).is_file() for track in tracks if track.path is not None)


def test_table_agrees_with_the_tracks(
    place: tuple[Corpus, Path], tracks: list[Track], table: FeatureTable
) -> None:
    by_id = {track.id: track for track in tracks}
    known = [
        by_id[name if name in by_id else name.rpartition("#")[0]] for name in table.ids.tolist()
    ]
    assert [track.label for track in known] == table.labels.tolist()
    assert [track.groups["artist"] for track in known] == table.groups["artist"].tolist()
    for name, part in table.partitions.items():
        assert [track.partitions[name] for track in known] == part.tolist()


def test_table_is_complete(place: tuple[Corpus, Path], table: FeatureTable) -> None:
    corpus, _ = place
    assert all(table.labels != "")
    assert {"artist", "duplicate"} <= table.groups.keys()
    assert table.provenance["citation"] == corpus.citation
    assert table.provenance["corpus"] == corpus.title
    assert [text for text in table.provenance.values() if re.fullmatch("[0-9a-f]{64}", text)]
    known = {one.fingerprint: one for one in feature_sets()}
    if table.fingerprint in known:
        assert table.names == known[table.fingerprint].names
        assert table.feature_set == known[table.fingerprint].name
    assert table.feature_set in corpus.feature_sets


def test_segments_of_a_track_agree(table: FeatureTable) -> None:
    if table.unit == "track":
        pytest.skip("its rows are tracks")
    owner = table.groups["track"]
    for column in (table.labels, table.groups["artist"], *table.partitions.values()):
        pairs = {(int(track), str(value)) for track, value in zip(owner, column, strict=True)}
        assert len(pairs) == len(np.unique(owner))


def test_copies_of_a_row_share_a_number(table: FeatureTable) -> None:
    _, row = np.unique(table.X, axis=0, return_inverse=True)
    duplicate = table.groups["duplicate"]
    assert len(np.unique(np.column_stack([row.ravel(), duplicate]), axis=0)) == len(
        np.unique(row)
    ), "equal rows have different numbers"


def test_digest_is_the_same_every_time(
    place: tuple[Corpus, Path], table: FeatureTable, tmp_path: Path
) -> None:
    corpus, path = place
    again = load_dataset(f"{corpus.name}:{path}")
    assert again.digest == table.digest
    assert again.provenance == table.provenance
    table.to_parquet(tmp_path / "table.parquet")
    assert FeatureTable.from_parquet(tmp_path / "table.parquet").digest == table.digest


def test_unknown_features_are_refused(corpus: Corpus, copy: Path) -> None:
    other = "contrast"
    with pytest.raises((ParameterError, DatasetError), match=f"{corpus.name}|{other}"):
        load_dataset(f"{corpus.name}:{copy}", feature_set=other)


@pytest.mark.parametrize("unit", ["segment", "track", "album"])
def test_unit_is_given_or_refused(corpus: Corpus, copy: Path, unit: str) -> None:
    try:
        table = load_dataset(f"{corpus.name}:{copy}", unit=unit)
    except ParameterError:
        return
    assert table.unit == unit


def test_missing_folder_is_named(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere.*No such file"):
        read_all(corpus, tmp_path / "nowhere")


def files_of(corpus: Corpus, path: Path) -> list[Path]:
    """Return the files a loader reads first, of those that were made up."""
    if path.is_file():
        return [path]
    return [path / name for name in corpus.files if (path / name).is_file()]


def test_missing_file_is_named(corpus: Corpus, copy: Path) -> None:
    for path in files_of(corpus, copy):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(DatasetError, match=f"{path.name}': No such file"):
            read_all(corpus, copy)
        path.write_bytes(content)


def test_truncated_file_is_named(corpus: Corpus, copy: Path) -> None:
    for path in files_of(corpus, copy):
        content = path.read_bytes()
        row = content.rindex(b"\n", 0, len(content) // 2) + 1
        for end in (0, content.index(b",", row) + 1):
            path.write_bytes(content[:end])
            with pytest.raises(DatasetError, match=re.escape(path.name)):
                read_all(corpus, copy)
        path.write_bytes(content)


def test_file_that_is_not_text_is_named(corpus: Corpus, copy: Path) -> None:
    for path in files_of(corpus, copy):
        content = path.read_bytes()
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
        with pytest.raises(DatasetError, match=re.escape(path.name)):
            read_all(corpus, copy)
        path.write_bytes(content)


NEEDED = {
    "features_30_sec.csv": ("filename", "label", "tempo"),
    "index.csv": ("excerpt", "genre", "artist_id", "fault_filtered_split", "artist_fold"),
    "echonest_genre.csv": ("track_id", "valence", "artist_id", "set_split", "track_genre_top"),
    "segments_3s.csv": ("track", "seg", "genre", "title", "artist", "mfcc20_var"),
    "tracks.csv": ("genre",),
    "mine.csv": ("id", "label"),
}


def needed_columns(corpus: Corpus, file: str) -> tuple[str, ...]:
    if corpus.name == "fma":
        return ("track_id", "artist_id", "set_split", "set_subset", "track_genre_top")
    own: dict[str, tuple[str, ...]] = getattr(own_tests(corpus.name), "NEEDED", NEEDED)
    return own[file]


def test_missing_column_is_named(corpus: Corpus, copy: Path) -> None:
    for path in files_of(corpus, copy):
        columns = needed_columns(corpus, path.name)
        content = path.read_text()
        head, _, rest = content.partition("\n")
        for column in columns:
            names = [name + "x" if name == column else name for name in head.strip().split(",")]
            path.write_text("\n".join([",".join(names), rest]))
            with pytest.raises(DatasetError, match=f"{path.name}': column '{column}' is missing"):
                read_all(corpus, copy)
        path.write_text(content)


@pytest.mark.realdata
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_files_are_the_known_ones(name: str, data: Path) -> None:
    from earmark.files import content_hash

    files = get_corpus(name).files
    assert {file: content_hash(data / REAL[name] / file) for file in files} == files
