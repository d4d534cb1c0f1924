"""Manifests of models and spaces, and cards, which say the same in words."""

from earmark.models._card import description_of, render_card
from earmark.models._manifest import model_manifest, space_manifest
from earmark.models._space_card import render_space_card

__all__ = [
    "description_of",
    "model_manifest",
    "render_card",
    "render_space_card",
    "space_manifest",
]
