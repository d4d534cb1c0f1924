"""Helpers for tests of Earmark, and of programs that use it."""

from earmark.testing._signals import clicks, music_like, noise, silence, sine

__all__ = ["clicks", "music_like", "noise", "silence", "sine"]
