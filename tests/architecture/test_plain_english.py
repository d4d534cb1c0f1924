"""Phrases that nobody would say, and that must not come back into what people read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PHRASES = {
    r"to be had\b": 'say "available"',
    r"at most so many|\bso many (?:frames|groups|minutes|rows|songs|steps)\b": 'say "up to N"',
    r"(?:unless|where|as) (?:it is |they are )?told\b": 'say "by default" or "as given"',
    r"(?:is|are|was|were) told\b": 'say "is given", "is reported" or "is shown"',
    r"unless asked\b": 'say "by default"',
    r"(?:says|say|said) of (?:itself|its|it)\b": "name it: its tags, fields, answer",
    r"(?:what (?:is|was) said of|whose word)\b": "name what it is",
    r"asked about\b": 'say "the query", "classified" or "tested"',
    r"of which you\b": 'say "you have corrected", "you have listened to"',
    r"how right (?:it|they) (?:is|are)\b": 'say "accuracy"',
    r"where nothing tells\b": 'say "unknown"',
    r"named rightly\b": 'say "classified correctly"',
    r"1 (?:artists|clips|files|genres|rows|songs|tracks)\b": "use earmark.wording.counted",
}
"""Regular expressions, and what to write instead."""


def texts() -> list[Path]:
    """Return what people read: the source with its docstrings, the documentation, the README."""
    endings = {".py", ".md", ".j2", ".toml"}
    files = [path for name in ("src", "docs") for path in (ROOT / name).rglob("*")]
    files = [path for path in files if path.suffix in endings]
    # Decisions are kept as they were written.
    files = [path for path in files if "decisions" not in path.parts]
    return sorted([*files, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


@pytest.mark.parametrize("phrase", PHRASES)
def test_phrase_is_not_used(phrase: str) -> None:
    pattern = re.compile(rf"\b(?:{phrase})", re.IGNORECASE)
    found = []
    for path in texts():
        text = path.read_text(encoding="utf-8")
        for match in pattern.finditer(re.sub(r"\s", " ", text)):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {match[0]}: {PHRASES[phrase]}")
    assert not found, "\n".join(found)
