"""Ogg Vorbis and Opus: Vorbis comments in the second packet; no other packet is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from earmark.tags._comments import (
    CommentContainer,
    comment_fields,
    parse_comments,
    render_comments,
)
from earmark.tags._container import BadTagError, Container, Entries, Others, parser_errors
from earmark.tags._leading import leading_fields, readable_leading, size_of_leading
from earmark.tags._tags import Fields, GenreState, filled

__all__ = ["OggOpus", "OggVorbis"]

_PADDING = 512


@dataclass(frozen=True)
class _Layout:
    """The pages of the comments, their packets, and the bytes around the entries."""

    pages: list[Any]
    packets: list[bytes]
    vendor: bytes
    rest: bytes


@contextmanager
def _pages() -> Iterator[Any]:
    """Yield mutagen's class of pages; its errors become a BadTagError."""
    import mutagen.ogg

    try:
        yield mutagen.ogg.OggPage
    except parser_errors() as error:
        raise BadTagError(f"its Ogg pages are damaged: {str(error) or 'cut short'}") from error


def _same_pages(pages: Sequence[Any], data: bytes) -> None:
    """Replace the bytes of pages, in packets of the same lengths."""
    for page in pages:
        packets = []
        for packet in page.packets:
            packets.append(data[: len(packet)])
            data = data[len(packet) :]
        page.packets = packets


class _Ogg(CommentContainer):
    """An Ogg file with Vorbis comments."""

    magic: ClassVar[bytes]
    n_more: ClassVar[int]  # headers after the comments

    def _layout(self, file: BinaryIO) -> tuple[_Layout, list[bytes]]:
        with _pages() as Page:
            file.seek(size_of_leading(file))
            page = Page(file)
            while not page.packets or not page.packets[0].startswith(self.magic):
                page = Page(file)
            pages = [page]
            while not (pages[-1].complete or len(pages[-1].packets) > 1):
                page = Page(file)
                if page.serial == pages[0].serial:
                    pages.append(page)
            packets = Page.to_packets(pages)
        vendor, entries, rest = parse_comments(packets[0][len(self.magic) :])
        return _Layout(pages, packets, vendor, rest), entries

    def load(self, file: BinaryIO) -> Entries | None:
        layout, entries = self._layout(file)
        return Entries(entries, layout)

    def create(self, file: BinaryIO) -> Entries:
        raise BadTagError("it has no comments")  # which every Ogg file has

    def store(self, file: BinaryIO, tag: Entries) -> None:
        layout: _Layout = tag.layout
        before = layout.packets[0]
        comments = self.magic + render_comments(layout.vendor, tag.raw)
        kept = layout.rest.rstrip(b"\0")
        padding = len(before) - len(comments) - len(kept)
        if len(kept) > 1:  # the bytes after the comments are not padding
            comments, padding = comments + layout.rest, 0
        else:
            comments += kept
        comments += bytes(padding if padding >= 0 else _PADDING)
        packets = [comments, *layout.packets[1:]]
        if len(comments) == len(before):
            _same_pages(layout.pages, b"".join(packets))
            for page in layout.pages:
                file.seek(page.offset)
                file.write(page.write())
            return
        with _pages() as Page:
            pages = Page.from_packets(packets, layout.pages[0].sequence)
            Page.replace(file, layout.pages, pages)

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        raise BadTagError("Ogg files cannot be without comments")

    def fields(self, file: BinaryIO) -> Fields:
        return {**leading_fields(file), **filled(comment_fields(self.entries(file)))}

    def further_tags(self, file: BinaryIO) -> Sequence[Container]:
        return readable_leading(file)

    def own_others(self, file: BinaryIO) -> Others:
        layout, _ = self._layout(file)
        return (
            ("vendor", layout.vendor),
            ("rest", layout.rest.rstrip(b"\0")),
            *super().own_others(file),
            *(("header", packet) for packet in self._more_headers(file, layout)),
        )

    def _more_headers(self, file: BinaryIO, layout: _Layout) -> list[bytes]:
        """Return the header packets after the comments, which may share their pages."""
        pages = list(layout.pages)
        with _pages() as Page:
            file.seek(pages[-1].offset)
            Page(file)
            packets = Page.to_packets(pages)
            while len(packets) <= self.n_more or not (
                len(packets) > self.n_more + 1 or pages[-1].complete
            ):
                page = Page(file)
                if page.serial == pages[0].serial:
                    pages.append(page)
                    packets = Page.to_packets(pages)
        return list(packets[1 : 1 + self.n_more])


class OggVorbis(_Ogg):
    """An Ogg Vorbis file."""

    name = "vorbis"
    magic = b"\x03vorbis"
    n_more = 1


class OggOpus(_Ogg):
    """An Ogg Opus file."""

    name = "opus"
    magic = b"OpusTags"
    n_more = 0
