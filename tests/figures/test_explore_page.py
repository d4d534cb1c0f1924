"""The page of an explored dataset: whole, harmless, and saying what was found."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from page_parts import Parts, figures_in, take_apart

from earmark.datasets import FeatureTable
from earmark.errors import ParameterError
from earmark.figures import explore_page
from earmark.figures._spectrogram_png import data_uri
from earmark.workflows.explore import explore

NASTY = ("<script>alert(1)</script>", "R&B", "</title><img src=x onerror=alert(2)>", "")


def exploration(
    genres: tuple[str, ...] = ("blues", "jazz", "rock"), *, n: int = 40, d: int = 5
) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    X[4] = X[1]
    X[8] = X[2] + 1e-4
    table = FeatureTable(
        ids=np.array([f"{genres[row % len(genres)]} {row}" for row in range(n)]),
        X=X,
        feature_set="noise",
        fingerprint="0",
        labels=np.array([genres[row % len(genres)] for row in range(n)]),
        groups={"artist": np.arange(n) // 2},
        names=tuple(f"column {genres[0]} {at}" for at in range(d)),
        provenance={"corpus": genres[0]},
    )
    content = explore(table).to_dict()
    levels = np.arange(128 * 20, dtype=np.uint64).astype(np.uint8)
    content["spectrograms"] = [
        {
            "genre": genres[0],
            "id": genres[0],
            "seconds": 30.0,
            "max_hz": 11_025.0,
            "shape": [128, 20],
            "levels": base64.b64encode(levels.tobytes()).decode(),
        }
    ]
    return content


@pytest.fixture(scope="module")
def parts() -> Parts:
    return take_apart(explore_page(exploration()))


def test_nothing_is_fetched(parts: Parts) -> None:
    for _, attributes in parts.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))


def test_what_was_found_is_told(parts: Parts) -> None:
    for words in (
        "40 tracks",
        "blues",
        "jazz",
        "rock",
        "1 group with 2 rows",
        "1 pair, ",
        "jazz 1",
    ):
        assert words in parts.words


def test_every_place_can_be_filled_with_a_figure_of_plotly(parts: Parts) -> None:
    for place in (one for one in parts.attributes("div") if "data-slot" in one):
        for record in parts.data[place["data-group"] or ""]["records"]:
            assert place["data-slot"] in record["slots"]
    figures = figures_in(parts.data)
    assert len(figures) == 1 + 5 + 1 + 2
    for figure in figures:
        go.Figure({"data": figure["data"], "layout": figure["layout"]})


def test_map_shows_what_separates_genres_first(parts: Parts) -> None:
    assert parts.data["map"]["initial"] == ["Best separation of genres (LDA)"]
    for record in parts.data["map"]["records"]:
        traces = record["slots"]["map"]["data"]
        assert sum(len(trace["x"]) for trace in traces) == 40
        assert len({trace["marker"]["symbol"] for trace in traces}) == 3


def test_names_cannot_become_tags_or_code() -> None:
    parts = take_apart(explore_page(exploration(NASTY)))
    assert len(parts.scripts) == 3
    assert [(one["src"] or "")[:14] for one in parts.attributes("img")] == ["data:image/png"]
    assert NASTY[0] in parts.words
    assert "alert(" not in "".join(parts.scripts[1:])
    assert "<" not in parts.scripts[0]


def test_table_without_features_is_a_page() -> None:
    table = FeatureTable(
        ids=np.array(["a", "b"]),
        X=np.zeros((2, 0)),
        feature_set="none",
        fingerprint="",
        labels=np.array(["rock", "jazz"]),
    )
    parts = take_apart(explore_page(explore(table).to_dict()))
    assert list(parts.data) == ["balance"]
    assert "Distribution of a feature" not in parts.words
    assert "this dataset has none" in parts.words


@pytest.mark.parametrize("content", [{}, {"schema": "earmark.exploration/1"}])
def test_other_documents_are_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="exploration"):
        explore_page(content)


def test_picture_is_a_png_with_low_bands_below() -> None:
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    spectrogram = {"shape": [2, 3], "levels": base64.b64encode(levels.tobytes()).decode()}
    uri = data_uri(spectrogram)
    file = io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,")))
    assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    chunks = {}
    while head := file.read(8):
        length, name = struct.unpack(">I4s", head)
        chunks[name] = file.read(length)
        assert struct.unpack(">I", file.read(4))[0] == zlib.crc32(name + chunks[name])
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (3, 2)
    assert len(chunks[b"PLTE"]) == 3 * 256
    assert zlib.decompress(chunks[b"IDAT"]) == b"\0\3\4\5\0\0\1\2"


def test_picture_of_another_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match="levels"):
        data_uri({"shape": [2, 3], "levels": "AAAA"})


def test_spectrograms_have_axes_of_time_and_frequency(parts: Parts) -> None:
    marks = [one["style"] or "" for one in parts.attributes("span") if "style" in one]
    times = [one for one in marks if one.startswith("left:")]
    pitches = [one for one in marks if one.startswith("bottom:")]
    assert times == ["left:0.0%", "left:33.3%", "left:66.7%", "left:100.0%"]
    for word in ("0 Hz", "1k", "8k"):
        assert word in parts.words
    # Bands are even on Slaney's mel scale: 1 kHz is mel 15 of the 49.9 that 11,025 Hz is.
    assert "bottom:30.1%" in pitches


def test_faults_that_are_left_out_are_not_beside_counts_that_deny_them() -> None:
    content = exploration()
    content["dataset"] |= {"faults": ["14 pairs of rows are identical"], "left_out": 70}
    words = take_apart(explore_page(content)).words
    assert "Known faults of the published dataset" in words
    assert "70 rows with such faults are left out" in words
    assert "Among 40 rows (without the 70 left out)" in words
    content["dataset"] |= {"left_out": 0}
    assert "are left out" not in take_apart(explore_page(content)).words
