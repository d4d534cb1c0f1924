"""The eight audio features of the Echo Nest: known numbers, unknown recipe."""

from __future__ import annotations

from earmark.features._sets import FeatureSet, register

__all__ = ["ECHONEST8"]

ECHONEST8 = register(
    FeatureSet(
        name="echonest8",
        version=1,
        sr=22_050,
        names=(
            "acousticness",
            "danceability",
            "energy",
            "instrumentalness",
            "liveness",
            "speechiness",
            "tempo",
            "valence",
        ),
        parameters={"source": "the Echo Nest, by way of the FMA data set"},
        from_spectra=None,
    )
)
