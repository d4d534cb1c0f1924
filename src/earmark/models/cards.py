"""Cards of models and spaces: their manifests in words."""

from earmark.models._card import description_of, render_card
from earmark.models._space_card import render_space_card

__all__ = ["description_of", "render_card", "render_space_card"]
