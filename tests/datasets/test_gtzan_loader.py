"""The loader of GTZAN, on a folder made up for it and on the real one."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_up_corpora import Rows, gtzan_rows, make_gtzan, make_spectrograms, write_rows

from earmark.datasets import FeatureTable, MappedValues, gtzan, identical_rows
from earmark.errors import DatasetError, ParameterError
from earmark.features import BANDS, GTZAN57, FeatureSet, _sets, register


@pytest.fixture(scope="session")
def made_up() -> tuple[Rows, Rows]:
    """Return the rows of both files: a thousand excerpts of nothing."""
    return gtzan_rows()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that is as it should be."""
    return make_gtzan(tmp_path)


@pytest.fixture(scope="module")
def with_spectrograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an archive of spectrograms."""
    folder = make_gtzan(tmp_path_factory.mktemp("gtzan"))
    make_spectrograms(folder)
    return folder


def test_table_holds_what_the_files_hold(folder: Path, made_up: tuple[Rows, Rows]) -> None:
    rows, index = made_up
    table = gtzan.CORPUS.load_table(folder, faulty=True)
    assert table.ids.tolist() == [row["excerpt"] for row in index]
    assert table.X.shape == (1000, 57)
    assert table.X[137].tolist() == [float(rows[137][name]) for name in GTZAN57.names]
    assert table.classes == gtzan.GENRES
    assert table.groups["artist"][:6].tolist() == [0, 0, 0, 0, 0, 1]
    assert table.partitions["official"][:4].tolist() == ["train", "valid", "test", ""]
    assert (table.feature_set, table.fingerprint) == (GTZAN57.name, GTZAN57.fingerprint)


def test_table_says_where_it_comes_from(folder: Path) -> None:
    provenance = gtzan.CORPUS.load_table(folder).provenance
    assert provenance["citation"] == gtzan.CITATION
    for name in ("features_30_sec.csv", "index.csv"):
        assert provenance[name] == hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_index_may_be_in_another_order(folder: Path, made_up: tuple[Rows, Rows]) -> None:
    before = gtzan.CORPUS.load_table(folder)
    write_rows(folder / "index.csv", made_up[1][::-1])
    after = gtzan.CORPUS.load_table(folder)
    np.testing.assert_array_equal(after.groups["artist"], before.groups["artist"])


@pytest.mark.parametrize("name", ["features_30_sec.csv", "index.csv"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DatasetError, match=f"{name}': No such file"):
        gtzan.CORPUS.load_table(folder)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        gtzan.CORPUS.load_table(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "number", "column"),
    [
        ("features_30_sec.csv", 0, "tempo"),
        ("features_30_sec.csv", 0, "filename"),
        ("features_30_sec.csv", 0, "label"),
        ("index.csv", 1, "artist_id"),
        ("index.csv", 1, "fault_filtered_split"),
        ("index.csv", 1, "excerpt"),
        ("index.csv", 1, "artist_fold"),
        ("index.csv", 1, "exact_dup_group"),
    ],
)
def test_missing_column_is_named(
    folder: Path, made_up: tuple[Rows, Rows], name: str, number: int, column: str
) -> None:
    rows = [{key: row[key] for key in row if key != column} for row in made_up[number]]
    write_rows(folder / name, rows)
    with pytest.raises(DatasetError, match=f"{name}': column '{column}' is missing"):
        gtzan.CORPUS.load_table(folder)


@pytest.mark.parametrize("n", [0, 1, 999, 1001])
def test_wrong_number_of_rows_is_told(folder: Path, made_up: tuple[Rows, Rows], n: int) -> None:
    path = folder / "features_30_sec.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join((lines + lines[-1:])[: n + 1]) + "\n")
    with pytest.raises(DatasetError, match=f"has {n:,} rows?, not 1,000"):
        gtzan.CORPUS.load_table(folder)


def test_empty_file_is_refused(folder: Path) -> None:
    (folder / "features_30_sec.csv").write_bytes(b"")
    with pytest.raises(DatasetError, match="column 'filename' is missing"):
        gtzan.CORPUS.load_table(folder)


def change(rows: Rows, number: int, **values: str) -> Rows:
    return [{**row, **values} if i == number else row for i, row in enumerate(rows)]


Damage = Callable[[Rows, Rows], tuple[Rows, Rows]]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda t, i: (change(t, 5, tempo="fast"), i),
            "'tempo' of row 'blues.00005.wav' is 'fast'",
        ),
        (lambda t, i: (change(t, 5, tempo=""), i), "'tempo' of row 'blues.00005.wav' is ''"),
        (lambda t, i: (change(t, 5, tempo="nan"), i), "'tempo' of row 'blues.00005.wav' is 'nan'"),
        (lambda t, i: (change(t, 5, tempo="inf"), i), "'tempo' of row 'blues.00005.wav' is 'inf'"),
        (lambda t, i: (t, change(i, 5, artist_id="")), "'artist_id' of row 'blues.00005' is ''"),
        (lambda t, i: (t, change(i, 5, artist_id="nan")), "'artist_id' of row .* is 'nan'"),
        (lambda t, i: (t, change(i, 5, artist_id="1.5")), "is '1.5', not a whole number"),
        (lambda t, i: (t, change(i, 5, artist_fold="4")), "artist_fold of 'blues.00005' is '4'"),
        (lambda t, i: (t, change(i, 5, fault_filtered_split="x")), "'blues.00005' is 'x'"),
        (lambda t, i: (t, change(i, 5, genre="polka")), "genre of 'blues.00005' is 'polka'"),
        (lambda t, i: (change(t, 5, label="polka"), i), "'polka', in the index it is 'blues'"),
        (lambda t, i: (t, change(i, 5, excerpt="x")), "index.csv': 'blues.00005' is missing"),
        (lambda t, i: (t, change(i, 5, excerpt="")), "row 6 has no id"),
        (lambda t, i: (t, change(i, 5, excerpt="blues.00004")), "'blues.00004' .* rows 5 and 6"),
        (lambda t, i: (change(t, 5, filename="blues.00004.wav"), i), "'blues.00004' appears more"),
    ],
)
def test_damage_is_named(
    folder: Path, made_up: tuple[Rows, Rows], damage: Damage, message: str
) -> None:
    table, index = damage(*made_up)
    write_rows(folder / "features_30_sec.csv", table)
    write_rows(folder / "index.csv", index)
    with pytest.raises(DatasetError, match=message):
        gtzan.CORPUS.load_table(folder)


def test_row_that_is_cut_short_is_refused(folder: Path) -> None:
    path = folder / "features_30_sec.csv"
    lines = path.read_text().splitlines()
    lines[7] = ",".join(lines[7].split(",")[:10])
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DatasetError):
        gtzan.CORPUS.load_table(folder)


@pytest.mark.parametrize("name", ["features_30_sec.csv", "index.csv"])
def test_file_that_is_not_text_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\x00" * 100)
    with pytest.raises(DatasetError):
        gtzan.CORPUS.load_table(folder)


def test_faulty_excerpts_are_left_out_unless_asked_for(folder: Path) -> None:
    kept, everything = gtzan.CORPUS.load_table(folder), gtzan.CORPUS.load_table(folder, faulty=True)
    assert len(kept) == 750
    assert set(kept.partitions["official"]) == {"train", "valid", "test"}
    assert "faulty" not in kept.provenance
    assert "are kept" in everything.provenance["faulty"]
    assert kept.digest == everything.select(everything.partitions["official"] != "").digest


def test_copies_share_a_number(folder: Path) -> None:
    table = gtzan.CORPUS.load_table(folder, faulty=True)
    number = dict(zip(table.ids.tolist(), table.groups["duplicate"].tolist(), strict=True))
    assert number["metal.00058"] == number["rock.00016"]
    assert len(set(number.values())) == 999


def test_published_folds_are_numbered_from_0(folder: Path) -> None:
    table = gtzan.CORPUS.load_table(folder, faulty=True)
    assert table.partitions["published3"][[0, 5, 10, 15]].tolist() == ["0", "1", "2", ""]


def test_tracks_prefer_whole_excerpts(folder: Path) -> None:
    for name in ("full_30s/jazz.00000", "first_15_20s/jazz.00000", "first_15_20s/jazz.00001"):
        path = folder / "audio" / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = {track.id: track for track in gtzan.CORPUS.tracks(folder)}
    assert len(found) == 1000
    assert found["jazz.00000"].path == str(folder / "audio" / "full_30s" / "jazz.00000.flac")
    assert found["jazz.00001"].path == str(folder / "audio" / "first_15_20s" / "jazz.00001.flac")
    assert found["jazz.00002"].path is None
    assert (found["jazz.00002"].artist, found["jazz.00002"].title) == ("Artist 0", "Song 2")


def test_segments_are_cut_one_after_the_other() -> None:
    parts = [gtzan.segment_columns(number) for number in range(10)]
    assert [part.start for part in parts] == [0, 39, 78, 116, 155, 194, 233, 271, 310, 349]
    assert [part.stop for part in parts] == [*(part.start for part in parts[1:]), 386]


def test_bands_are_those_of_the_segments(with_spectrograms: Path) -> None:
    table = gtzan.CORPUS.load_table(with_spectrograms, feature_set="bands", faulty=True)
    assert (table.unit, table.feature_set, table.names) == ("segment", "bands", BANDS.names)
    assert table.X.shape == (9990, 256)
    assert table.ids[[0, 9, 10]].tolist() == ["blues.00000#0", "blues.00000#9", "blues.00001#0"]
    # Band 5 of excerpt 12 counts up from 12 + 2 * 5 at column 0 of the archive, which is left out.
    row = 12 * 10 + 3
    columns = np.arange(387)[1:][116:155]
    values = (12 + 10 + columns) % 256
    assert table.X[row, 5] == pytest.approx(values.mean())
    assert table.X[row, 128 + 5] == pytest.approx(values.std())
    assert table.groups["track"][[0, 9, 10]].tolist() == [0, 0, 1]


def test_segments_of_copies_share_numbers_one_by_one(with_spectrograms: Path) -> None:
    table = gtzan.CORPUS.load_table(with_spectrograms, feature_set="bands", faulty=True)
    number = dict(zip(table.ids.tolist(), table.groups["duplicate"].tolist(), strict=True))
    for segment in range(10):
        assert number[f"metal.00058#{segment}"] == number[f"rock.00016#{segment}"]
    assert len(set(number.values())) == 9980


def test_spectrograms_are_arrays_that_stay_on_disk(
    with_spectrograms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARMARK_FEATURE_CACHE", str(tmp_path / "features.db"))
    table = gtzan.CORPUS.load_arrays(with_spectrograms, faulty=True)
    names, archive = gtzan.load_spectrograms(with_spectrograms)
    assert isinstance(table.values, MappedValues)
    assert (table.values.shape, table.values.dtype) == ((999, 128, 387), np.uint8)
    place = {name: at for at, name in enumerate(names.tolist())}
    for at in (0, 500, 998):
        taken = table.values.take(np.array([at]))[0]
        assert np.array_equal(taken, archive[place[str(table.ids[at])]])
    assert table.provenance["without_spectrogram"] == "jazz.00054"
    kept = gtzan.CORPUS.load_arrays(with_spectrograms)
    bands = gtzan.CORPUS.load_table(with_spectrograms, feature_set="bands", unit="track")
    assert kept.ids.tolist() == bands.ids.tolist()
    assert set(kept.partitions["official"].tolist()) == {"train", "valid", "test"}


def test_excerpt_without_spectrogram_is_left_out(with_spectrograms: Path) -> None:
    table = gtzan.CORPUS.load_table(
        with_spectrograms, feature_set="bands", unit="track", faulty=True
    )
    assert len(table) == 999
    assert "jazz.00054" not in table.ids
    assert table.provenance["without_spectrogram"] == "jazz.00054"
    assert "logmel_u8.npz" in table.provenance
    assert "without_spectrogram" not in gtzan.CORPUS.load_table(with_spectrograms).provenance


def test_sets_that_say_how_are_computed_from_the_archive(
    with_spectrograms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_archive(row57: np.ndarray, Q: np.ndarray) -> np.ndarray:
        assert (row57.shape, Q.shape, Q.dtype) == ((57,), (128, 386), np.uint8)
        return np.array([row57[16], Q[0, 0], Q[127, 385]], dtype=float)

    monkeypatch.setattr(_sets, "_REGISTRY", dict(_sets._REGISTRY))
    names = ("tempo", "first", "last")
    register(
        FeatureSet(
            name="corners",
            version=1,
            sr=22_050,
            names=names,
            parameters={},
            from_spectra=None,
            from_archive=from_archive,
        )
    )
    table = gtzan.CORPUS.load_table(with_spectrograms, feature_set="corners", faulty=True)
    public = gtzan.CORPUS.load_table(with_spectrograms, faulty=True)
    assert table.names == names
    at = public.ids.tolist().index("rock.00099")
    assert table.X[-1].tolist() == [public.X[at, 16], (998 + 1) % 256, (998 + 254 + 386) % 256]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"feature_set": "contrast"}, "'contrast' is not a feature set of gtzan"),
        ({"feature_set": "polka"}, "'polka' is not a feature set"),
        ({"unit": "segment"}, "gtzan has no 'gtzan57' of segments"),
        ({"unit": "clip"}, "unit='clip' is not one of track, segment"),
    ],
)
def test_what_it_has_not_is_refused(folder: Path, settings: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        gtzan.CORPUS.load_table(folder, **settings)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 and nothing", b"\x89PNG", b"PK\x05\x06" + bytes(18)]
)
def test_archive_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / "logmel_u8.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"logmel_u8\.npz"):
        gtzan.load_spectrograms(folder)


def test_damaged_archive_is_refused(folder: Path, with_spectrograms: Path) -> None:
    content = (with_spectrograms / "logmel_u8.npz").read_bytes()
    path = folder / "logmel_u8.npz"
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"logmel_u8\.npz"):
        gtzan.load_spectrograms(folder)
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes(64) + content[middle + 64 :])
    with pytest.raises(DatasetError, match=r"logmel_u8\.npz"):
        gtzan.load_spectrograms(folder)


@pytest.mark.parametrize(
    "arrays",
    [
        {"X": np.zeros((999, 128, 386), dtype=np.uint8), "name": np.arange(999).astype(str)},
        {"X": np.zeros((5, 128, 387), dtype=np.uint8), "name": np.arange(5).astype(str)},
        {"X": np.zeros((999, 1, 1)), "name": np.arange(999).astype(str)},
        {"X": np.zeros(3)},
    ],
)
def test_archive_of_another_shape_is_refused(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez_compressed(folder / "logmel_u8.npz", **arrays)
    with pytest.raises(DatasetError, match=r"logmel_u8\.npz': (X is|array .*name)"):
        gtzan.load_spectrograms(folder)


@pytest.mark.realdata
def test_real_table_is_as_published(data: Path) -> None:
    table = gtzan.CORPUS.load_table(data / "gtzan", faulty=True)
    assert len(table) == 1000
    assert Counter(table.labels.tolist()) == dict.fromkeys(gtzan.GENRES, 100)
    parts = Counter(table.partitions["official"].tolist())
    assert parts == {"train": 443, "valid": 197, "test": 290, "": 70}
    folds = Counter(table.partitions["published3"].tolist())
    assert folds == {"0": 315, "1": 316, "2": 317, "": 52}
    assert len(np.unique(table.groups["artist"])) == 272
    assert len(gtzan.CORPUS.load_table(data / "gtzan")) == 930


@pytest.mark.realdata
def test_real_partitions_are_the_published_lists(data: Path) -> None:
    table = gtzan.CORPUS.load_table(data / "gtzan", faulty=True)
    splits = data / "gtzan" / "splits"
    for part in ("train", "valid", "test"):
        lines = (splits / "fault_filtered" / f"{part}_filtered.txt").read_text().split()
        listed = {line.partition("/")[2].removesuffix(".wav") for line in lines}
        assert set(table.ids[table.partitions["official"] == part].tolist()) == listed
    for fold in range(3):
        lines = (splits / "artist_3fold" / f"f{fold + 1}_evaluate.txt").read_text().splitlines()
        names = (line.split("\t")[0].removeprefix("./").removesuffix(".wav") for line in lines)
        listed = {name.replace("_", ".") for name in names}
        assert set(table.ids[table.partitions["published3"] == str(fold)].tolist()) == listed


@pytest.mark.realdata
def test_real_duplicates_are_the_equal_rows(data: Path) -> None:
    table = gtzan.CORPUS.load_table(data / "gtzan", faulty=True)
    equal, duplicate = identical_rows(table.X), table.groups["duplicate"]
    np.testing.assert_array_equal(
        equal[:, np.newaxis] == equal, duplicate[:, np.newaxis] == duplicate
    )
    assert len(np.unique(duplicate)) == 1000 - 14
    artists = table.groups["artist"]
    assert all(len(set(artists[equal == number])) == 1 for number in equal)


@pytest.mark.realdata
def test_real_spectrograms_give_bands(data: Path) -> None:
    def bands(**settings: str) -> FeatureTable:
        return gtzan.CORPUS.load_table(data / "gtzan", feature_set="bands", **settings)

    segments, whole = bands(), bands(unit="track")
    assert (len(segments), len(whole)) == (9290, 929)
    assert segments.provenance["without_spectrogram"] == "jazz.00054"
    assert 0 <= segments.X.min() < segments.X.max() <= 255
    lengths = np.array([39, 39, 38, 39, 39, 39, 38, 39, 39, 37])
    means = segments.X[:, :128].reshape(929, 10, 128)
    np.testing.assert_allclose(np.average(means, axis=1, weights=lengths), whole.X[:, :128])
    assert dataclasses.replace(whole, provenance={}).digest == whole.digest


@pytest.mark.realdata
def test_real_audio_is_found(data: Path) -> None:
    paths = [track.path for track in gtzan.CORPUS.tracks(data / "gtzan") if track.path]
    assert Counter(Path(path).parent.name for path in paths) == {"full_30s": 10, "first_15_20s": 89}
