"""Taking a page apart, as a browser would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "img", "input", "hr", "link"}


@dataclass
class Parts:
    """What is in a page."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every tag of a name."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self) -> str:
        """All text outside scripts and styles."""
        return " ".join(self.text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts = Parts()
        self.open: list[str] = []
        self.kind = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.kind = dict(attrs).get("type") or "code"
            self.parts.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.parts.scripts[-1] += data
            if self.kind == "application/json":
                self.parts.data = json.loads(data)
        elif inside != "style":
            self.parts.text.append(data)


def take_apart(page: str) -> Parts:
    """Parse a page; every tag must be closed in its place."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader.parts


def figures_in(value: Any) -> list[dict[str, Any]]:
    """Find every figure in the data of a page."""
    if isinstance(value, dict):
        if value.get("kind") == "figure":
            return [value]
        return [found for one in value.values() for found in figures_in(one)]
    if isinstance(value, list):
        return [found for one in value for found in figures_in(one)]
    return []
