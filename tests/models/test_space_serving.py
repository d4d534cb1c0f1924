"""`Space`: what it refuses to be made of, what it refuses to be asked, what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from earmark.errors import (
    FingerprintError,
    ModelError,
    ModelFormatError,
    ModelIntegrityError,
    ModelNotFoundError,
    ModelPayloadError,
    ParameterError,
)
from earmark.features import GTZAN57, GTZAN943, SEGMENT_BANDS
from earmark.models import (
    DEFAULT_SPACE,
    Space,
    load_model,
    load_space,
    shipped_models,
    shipped_spaces,
)
from earmark.models._onnx import Graph, tensor

OTHER = "f" * 64
N_FEATURES = len(GTZAN57.names)


def make_graph(
    *, n_dims: int = 4, name: str = "features", output: str = "embedding", nan: bool = False
) -> bytes:
    """The first columns, brought to length one, or not a number."""
    graph = Graph()
    matrix = np.eye(N_FEATURES)[:, :n_dims]
    vectors = graph.add("MatMul", name, graph.constant(matrix))
    lengths = graph.add("Sqrt", graph.total(vectors, of="SumSquare"))
    if nan:
        lengths = graph.constant(np.zeros((1, 1)))
    graph.single(graph.add("Div", vectors, lengths), output=output)
    whole = graph.build(
        "tiny",
        [tensor(name, TensorProto.DOUBLE, N_FEATURES)],
        [tensor(output, TensorProto.FLOAT, n_dims)],
    )
    return bytes(whole.SerializeToString())


MakeSpace = Callable[..., Path]


@pytest.fixture
def make_space(forge: Any) -> MakeSpace:
    """Return a function that writes a file of a space of any content."""

    def write(*, payload: bytes | None = None, without: str = "", **changes: Any) -> Path:
        kept = {"kind": "space", "n_dims": 4, **changes}
        kept.pop(without, None)
        path: Path = forge(changes=kept, without=without, payload=payload or make_graph())
        return path

    return write


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 2, (7, N_FEATURES))


# --- which vectors can be compared --------------------------------------------------------------


def test_another_card_leaves_the_vectors_comparable(make_space: MakeSpace) -> None:
    space = load_space(make_space())
    again = load_space(make_space(description="in other words"))
    assert again.sha256 != space.sha256
    assert again.vectors_id == space.vectors_id


def test_another_graph_makes_other_vectors(make_space: MakeSpace) -> None:
    space = load_space(make_space())
    again = load_space(make_space(payload=make_graph(output="embedding", n_dims=3), n_dims=3))
    assert again.vectors_id != space.vectors_id


def test_file_may_name_the_vectors_that_its_graph_made_before(make_space: MakeSpace) -> None:
    assert load_space(make_space(vectors_id=OTHER)).vectors_id == OTHER


@pytest.mark.parametrize(
    ("name", "graph", "vectors_id"),
    [
        ("style", "c8d362ccbc24", "5c8cc52220f3"),
        ("timbre", "f8ff201354b1", "5730438a8c73"),
    ],
)
def test_vectors_in_libraries_are_of_the_shipped_graphs(
    name: str, graph: str, vectors_id: str
) -> None:
    # If a graph changes, train its space anew: the name of its earlier vectors must not stay.
    space = load_space(name)
    assert space.manifest["hashes"]["model.onnx"].startswith(graph)
    assert space.vectors_id.startswith(vectors_id)


# --- one kind is not another --------------------------------------------------------------------


def test_each_kind_is_listed_by_itself() -> None:
    assert set(shipped_spaces()) == {"style", "timbre"}
    assert not set(shipped_spaces()) & set(shipped_models())
    assert DEFAULT_SPACE in shipped_spaces()


@pytest.mark.parametrize(
    ("load", "name", "told"),
    [
        (load_model, "style", "no model of that name: it is a space. Available: gtzan57, gtzan943"),
        (load_space, "gtzan57", "no space of that name: it is a model. Available: style, timbre"),
        (load_space, "mine", "no space of that name. Available: style, timbre"),
    ],
)
def test_name_of_another_kind_is_refused(load: Any, name: str, told: str) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        load(name)
    assert caught.value.reason == told


def test_file_of_another_kind_is_refused(make_space: MakeSpace, model_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="it is a space, not a model"):
        load_model(make_space())
    with pytest.raises(ModelFormatError, match="it is a model, not a space"):
        load_space(model_path)


@pytest.mark.parametrize("kind", ["index", "", 3, None, ["space"]], ids=repr)
def test_unknown_kind_is_refused_by_both(make_space: MakeSpace, kind: Any) -> None:
    path = make_space(kind=kind)
    for load in (load_space, load_model):
        with pytest.raises(ModelFormatError, match=re.escape(f"it is of kind {kind!r}")):
            load(path)


def test_model_that_says_its_kind_is_one(forge: Any) -> None:
    assert load_model(forge(changes={"kind": "classifier"})).classes == ("jazz", "rock")


# --- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["name", "features", "n_dims", "recipe", "training", "scores"])
def test_manifest_without_a_key_is_refused(make_space: MakeSpace, key: str) -> None:
    with pytest.raises(ModelFormatError, match=f"incomplete.*'{key}'"):
        load_space(make_space(without=key))


@pytest.mark.parametrize("n_dims", [0, -1, 4.0, "4", True, None, [4]], ids=repr)
def test_dimensions_are_a_whole_number_from_one(make_space: MakeSpace, n_dims: Any) -> None:
    with pytest.raises(ModelFormatError, match="incomplete"):
        load_space(make_space(n_dims=n_dims))


def test_features_of_another_fingerprint_are_refused(make_space: MakeSpace) -> None:
    features = {"name": "gtzan57", "version": 1, "fingerprint": OTHER}
    with pytest.raises(FingerprintError) as caught:
        load_space(make_space(features=features))
    assert OTHER in caught.value.reason
    assert GTZAN57.fingerprint in caught.value.reason


@pytest.mark.parametrize(
    "payload",
    [
        b"not a graph",
        make_graph(n_dims=3),
        make_graph(output="probabilities"),
        make_graph(name="x"),
    ],
    ids=["bytes", "dimensions", "output", "input"],
)
def test_graph_of_another_shape_is_refused(make_space: MakeSpace, payload: bytes) -> None:
    with pytest.raises(ModelPayloadError):
        load_space(make_space(payload=payload))


def test_graph_of_a_model_is_refused(make_space: MakeSpace, payload: bytes) -> None:
    with pytest.raises(ModelPayloadError, match=r"gives \['probabilities', 'distance'\]"):
        load_space(make_space(payload=payload))


@pytest.mark.parametrize("name", ["style", "timbre"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_changed_file_is_refused(tmp_path: Path, name: str, share: float) -> None:
    content = bytearray(Path(load_space(name).path).read_bytes())
    content[int(share * len(content))] ^= 1
    path = tmp_path / "changed.earmark"
    path.write_bytes(content)
    with pytest.raises(ModelIntegrityError):
        load_space(path)


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        load_space(tmp_path / "none.earmark")


# --- vectors ------------------------------------------------------------------------------------


def test_vectors_are_what_the_graph_computes(make_space: MakeSpace, rows: np.ndarray) -> None:
    space = load_space(make_space())
    found = space.embed(rows, fingerprint=GTZAN57.fingerprint)
    assert (space.n_dims, found.dtype) == (4, np.float32)
    expected = rows[:, :4] / np.linalg.norm(rows[:, :4], axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert repr(space) == "<Space 'tiny': gtzan57 -> 4 dimensions>"


def test_more_rows_than_are_asked_at_once(
    make_space: MakeSpace, rows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = load_space(make_space())
    together = space.embed(rows, fingerprint=GTZAN57.fingerprint)
    monkeypatch.setattr(Space, "n_rows", 3)
    np.testing.assert_array_equal(space.embed(rows, fingerprint=GTZAN57.fingerprint), together)


def test_features_must_be_of_the_spaces_fingerprint(
    make_space: MakeSpace, rows: np.ndarray
) -> None:
    with pytest.raises(FingerprintError, match=OTHER):
        load_space(make_space()).embed(rows, fingerprint=OTHER)


@pytest.mark.parametrize("shape", [(57,), (1, 56), (57, 1), (1, 1, 57), ()], ids=str)
def test_rows_of_another_shape_are_refused(make_space: MakeSpace, shape: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match=r"X has shape .*\(n, 57\) is needed"):
        load_space(make_space()).embed(np.zeros(shape), fingerprint=GTZAN57.fingerprint)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(
    make_space: MakeSpace, rows: np.ndarray, value: float
) -> None:
    rows[3, 5] = value
    with pytest.raises(ParameterError, match="not finite"):
        load_space(make_space()).embed(rows, fingerprint=GTZAN57.fingerprint)


def test_answer_that_is_not_finite_is_refused(make_space: MakeSpace, rows: np.ndarray) -> None:
    space = load_space(make_space(payload=make_graph(nan=True)))
    with pytest.raises(ModelPayloadError, match="not finite"):
        space.embed(rows, fingerprint=GTZAN57.fingerprint)


def test_no_rows_give_no_vectors(make_space: MakeSpace) -> None:
    found = load_space(make_space()).embed(np.zeros((0, 57)), fingerprint=GTZAN57.fingerprint)
    assert found.shape == (0, 4)


def test_vector_of_a_track_is_the_mean_of_its_clips(
    make_space: MakeSpace, rows: np.ndarray
) -> None:
    space = load_space(make_space())
    lengths = np.array([30.0, 30.0, 20.0])
    found = space.embed_track(rows[:3], lengths=lengths, fingerprint=GTZAN57.fingerprint)
    mean = lengths @ space.embed(rows[:3], fingerprint=GTZAN57.fingerprint)
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), rtol=1e-6)
    assert found.dtype == np.float32


def test_clips_that_cancel_leave_the_longest(make_space: MakeSpace) -> None:
    rows = np.zeros((2, 57))
    rows[0, 0], rows[1, 0] = 1, -1
    found = load_space(make_space()).embed_track(
        rows, lengths=np.array([1.0, 1.0]), fingerprint=GTZAN57.fingerprint
    )
    assert found.tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("lengths", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, np.nan], []], ids=str)
def test_every_clip_needs_a_length(
    make_space: MakeSpace, rows: np.ndarray, lengths: list[float]
) -> None:
    with pytest.raises(ParameterError, match="lengths"):
        load_space(make_space()).embed_track(
            rows[:2], lengths=np.array(lengths), fingerprint=GTZAN57.fingerprint
        )


# --- the spaces that ship -----------------------------------------------------------------------


@pytest.mark.parametrize(("name", "features"), [("style", GTZAN943), ("timbre", SEGMENT_BANDS)])
def test_shipped_space_says_what_it_is(name: str, features: Any) -> None:
    space = load_space(name)
    assert space.feature_set is features
    assert 8 <= space.n_dims <= 64
    training = space.manifest["training"]
    assert len(set(training["ids"])) == training["n_tracks"] == 929
    assert not any("#" in one for one in training["ids"])
    for score in space.manifest["scores"].values():
        found = score["genre_precision"]
        assert score["chance"] < found["low"] < found["value"] < found["high"] < 1
        assert f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]" in space.card


def test_style_reaches_what_was_asked() -> None:
    score = load_space("style").manifest["scores"]["artist"]
    assert (score["n"], score["n_folds"], score["k"]) == (929, 5, 5)
    assert score["genre_precision"]["value"] >= 0.55


@pytest.mark.parametrize("name", ["style", "timbre"])
def test_committed_card_is_the_shipped_spaces(name: str) -> None:
    card = Path(__file__).parents[2] / "docs" / "models" / f"{name}.md"
    assert card.read_text(encoding="utf-8") == load_space(name).card


@pytest.mark.parametrize("name", ["style", "timbre"])
@pytest.mark.parametrize("scale", [0.0, 1e-300, 1.0, 255.0, 1e100])
def test_vectors_have_length_one_whatever_the_row(name: str, scale: float) -> None:
    space = load_space(name)
    rows = scale * np.random.default_rng(0).uniform(0, 1, (5, len(space.feature_set.names)))
    found = space.embed(rows, fingerprint=space.feature_set.fingerprint)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_segments_of_eight_bits_need_no_conversion() -> None:
    space = load_space("timbre")
    rows = np.random.default_rng(0).integers(0, 256, (5, 256), dtype=np.uint8)
    np.testing.assert_array_equal(
        space.embed(rows, fingerprint=SEGMENT_BANDS.fingerprint),
        space.embed(rows.astype(np.float64), fingerprint=SEGMENT_BANDS.fingerprint),
    )
