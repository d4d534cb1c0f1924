"""MP4: entries are the atoms below ``moov.udta.meta.ilst``; all others stay as they are.

If the list outgrows the free space beside it, everything after it moves, and the tables with the
places of the audio are adjusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from earmark.tags._container import BadTagError, Container, Entries, Others
from earmark.tags._splice import file_size, read_bytes, splice
from earmark.tags._tags import Fields, GenreState, field_name

__all__ = ["MP4"]

_WAY = (b"moov", b"udta", b"meta", b"ilst")
_OURS = (b"free", b"hdlr", *_WAY)
_GENRES = (b"\xa9gen", b"gnre")
_PADDING = 1024
_NAMES = {
    b"\xa9ART": "artist",
    b"aART": "albumartist",
    b"\xa9nam": "title",
    b"\xa9alb": "album",
    b"\xa9gen": "genre",
    b"\xa9day": "date",
    b"\xa9wrt": "composer",
}
_NUMBERS = {b"trkn": "tracknumber", b"disk": "discnumber"}
_TABLES = {b"stco": 4, b"co64": 8}
_TO_TABLES = (b"trak", b"mdia", b"minf", b"stbl")


@dataclass(frozen=True)
class _Atom:
    """An atom: its name and start, and the start and end of its content."""

    name: bytes
    start: int
    content: int
    stop: int

    def read(self, file: BinaryIO) -> bytes:
        """Read it, with its name and size."""
        return read_bytes(file, self.start, self.stop - self.start)


@dataclass(frozen=True)
class _Layout:
    """The atoms on the way to the list, as far as they exist."""

    way: tuple[_Atom, ...]


def _atom(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def _atoms(file: BinaryIO, start: int, stop: int) -> Iterator[_Atom]:
    """Yield the atoms between two places."""
    at = start
    while at + 8 <= stop:
        head = read_bytes(file, at, 16)
        size, n_head = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, n_head = int.from_bytes(head[8:], "big"), 16
        elif size == 0:
            size = stop - at
        if size < n_head or at + size > stop:
            raise BadTagError(f"its MP4 atoms are damaged at byte {at}")
        yield _Atom(head[4:8], at, at + n_head, at + size)
        at += size


def _inside(file: BinaryIO, atom: _Atom) -> list[_Atom]:
    """Return the atoms in an atom; in `udta`, four zero bytes may end them."""
    start = atom.content
    if atom.name == b"meta" and read_bytes(file, start + 4, 4) != b"hdlr":
        start += 4  # version and flags, which QuickTime leaves out
    return list(_atoms(file, start, atom.stop))


def _top(file: BinaryIO) -> list[_Atom]:
    atoms: list[_Atom] = []
    size = file_size(file)
    try:
        atoms.extend(_atoms(file, 0, size))
    except BadTagError:
        atoms = []
        for atom in _leading(file, size):
            atoms.append(atom)
        if not any(atom.name == b"moov" for atom in atoms):
            raise
    return atoms


def _leading(file: BinaryIO, size: int) -> Iterator[_Atom]:
    """Yield the complete atoms at the top of a file that is cut short."""
    atoms = _atoms(file, 0, size)
    while True:
        try:
            yield next(atoms)
        except (BadTagError, StopIteration):
            return


def _way(file: BinaryIO) -> tuple[_Atom, ...]:
    way: list[_Atom] = []
    atoms = _top(file)
    for name in _WAY:
        atom = next((atom for atom in atoms if atom.name == name), None)
        if atom is None:
            break
        way.append(atom)
        atoms = [] if name == _WAY[-1] else _inside(file, atom)
    if not way:
        raise BadTagError("it has no moov atom")
    return tuple(way)


def _end_with_free(file: BinaryIO, way: Sequence[_Atom]) -> int:
    """Return where the list ends, or the free space after it."""
    beside = {atom.start: atom for atom in _inside(file, way[-2])}
    free = beside.get(way[-1].stop)
    return free.stop if free is not None and free.name == b"free" else way[-1].stop


def _new_branch(depth: int, content: bytes) -> bytes:
    """Return the atoms that are missing on the way to the list, with the list in them."""
    branch = _atom(b"ilst", content) + _atom(b"free", bytes(_PADDING))
    if depth <= 2:
        handler = _atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
        branch = _atom(b"meta", bytes(4) + handler + branch)
    if depth <= 1:
        branch = _atom(b"udta", branch)
    return branch


def _move_tables(file: BinaryIO, moov: _Atom, place: int, growth: int) -> None:
    """Adjust the places of the audio, as far as they are after a place."""
    atoms = [moov]
    for name in _TO_TABLES:
        atoms = [inner for atom in atoms for inner in _inside(file, atom) if inner.name == name]
    for table in (inner for atom in atoms for inner in _inside(file, atom)):
        width = _TABLES.get(table.name)
        if width is None:
            continue
        count = int.from_bytes(read_bytes(file, table.content + 4, 4), "big")
        old = read_bytes(file, table.content + 8, count * width)
        if len(old) < count * width or table.content + 8 + len(old) > table.stop:
            raise BadTagError("its MP4 tables are damaged")
        new = bytearray()
        for at in range(0, len(old), width):
            offset = int.from_bytes(old[at : at + width], "big")
            offset += growth if offset >= place else 0
            if offset >= 1 << 8 * width:
                raise BadTagError("it would be larger than its tables can record")
            new += offset.to_bytes(width, "big")
        file.seek(table.content + 8)
        file.write(new)


def _grow(file: BinaryIO, atom: _Atom, growth: int) -> None:
    """Write the size of an atom that is about to change."""
    if read_bytes(file, atom.start, 4) == bytes(4):
        return  # it extends to the end of the file
    is_long = atom.content - atom.start == 16
    size = atom.stop - atom.start + growth
    if not is_long and size >= 1 << 32:
        raise BadTagError("an MP4 atom would be too long")
    file.seek(atom.start + (8 if is_long else 0))
    file.write(size.to_bytes(8 if is_long else 4, "big"))


def _replace(file: BinaryIO, parents: Sequence[_Atom], start: int, stop: int, data: bytes) -> None:
    """Replace a stretch inside atoms, and correct everything that depends on lengths."""
    growth = len(data) - (stop - start)
    if growth:
        top = _top(file)
        moves_audio = any(atom.start >= stop and atom.name == b"mdat" for atom in top)
        if moves_audio and any(atom.name in (b"moof", b"mfra", b"sidx") for atom in top):
            raise BadTagError("it is fragmented, and has no room for another genre")
        if moves_audio:
            _move_tables(file, parents[0], stop, growth)
        for atom in parents:
            _grow(file, atom, growth)
    splice(file, start, stop, data)


class MP4(Container):
    """An MP4 file."""

    name = "mp4"
    entry_name = "item"

    def load(self, file: BinaryIO) -> Entries | None:
        way = _way(file)
        if len(way) < len(_WAY):
            return None
        return Entries([atom.read(file) for atom in _inside(file, way[-1])], _Layout(way))

    def create(self, file: BinaryIO) -> Entries:
        return Entries([], _Layout(_way(file)))

    def store(self, file: BinaryIO, tag: Entries) -> None:
        way: tuple[_Atom, ...] = tag.layout.way
        content = b"".join(tag.raw)
        if len(way) < len(_WAY):
            inner = _inside(file, way[-1])
            end = inner[-1].stop if inner else way[-1].stop  # zeros may follow the last
            _replace(file, way, end, end, _new_branch(len(way), content))
            return
        ilst, data = way[-1], _atom(b"ilst", content)
        stop = _end_with_free(file, way)
        left = stop - ilst.start - len(data)
        if left and left < 8:
            left = 8 + _PADDING
        if left:
            data += _atom(b"free", bytes(left - 8))
        _replace(file, way[:-1], ilst.start, stop, data)

    def remove(self, file: BinaryIO, state: GenreState) -> None:
        way = _way(file)
        if len(way) < len(_WAY):
            return
        depth = state.extra.get("depth") or len(_WAY) - 1
        while depth < len(_WAY) - 1 and any(
            atom.name not in _OURS for at in way[depth:-1] for atom in _inside(file, at)
        ):
            depth += 1  # something else was inserted there since
        first = way[depth]
        # The free space was made with the list.
        stop = _end_with_free(file, way) if depth == len(_WAY) - 1 else first.stop
        _replace(file, way[:depth], first.start, stop, b"")

    def extra_state(self, file: BinaryIO, tag: Entries | None) -> dict[str, int | None]:
        return {"depth": len(_way(file))}

    def is_genre(self, entry: bytes) -> bool:
        return entry[4:8] in _GENRES or _is_free_genre(entry)

    def entries_of(self, tag: Entries, genres: Sequence[str]) -> list[bytes]:
        data = (_atom(b"data", b"\0\0\0\x01\0\0\0\0" + genre.encode()) for genre in genres)
        values = b"".join(data)
        # A name that a program made up is kept, because that program reads it.
        names: list[bytes] = []
        for entry in filter(_is_free_genre, tag.raw):
            parts = [part for part in _parts(entry[8:]) if part[0] in (b"mean", b"name")]
            names.append(b"".join(_atom(*part) for part in parts))
        free = (_atom(b"----", name + values) for name in dict.fromkeys(names))
        return [_atom(b"\xa9gen", values), *free]

    def fields(self, file: BinaryIO) -> Fields:
        fields: dict[str, list[str]] = {}
        for entry in self.entries(file):
            name, texts = _texts(entry)
            fields.setdefault(name, []).extend(texts)
        return fields

    def own_others(self, file: BinaryIO) -> Others:
        way = _way(file)
        return (
            *(
                (atom.name.decode("latin-1"), atom.read(file))
                for parent in way[1:3]
                for atom in _inside(file, parent)
                if atom.name not in _OURS
            ),
            *super().own_others(file),
        )


def _parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def _is_free_genre(entry: bytes) -> bool:
    """Say whether an entry has a name made up by a program, for the genre."""
    if entry[4:8] != b"----":
        return False
    return any(name == b"name" and text[4:].lower() == b"genre" for name, text in _parts(entry[8:]))


def _texts(entry: bytes) -> tuple[str, list[str]]:
    """Return the name and the texts of an entry."""
    from mutagen.id3 import TCON

    parts = list(_parts(entry[8:]))
    values = [content for name, content in parts if name == b"data"]
    if entry[4:8] == b"gnre":
        numbers = [int.from_bytes(value[8:10], "big") - 1 for value in values]
        return "genre", [TCON.GENRES[n] for n in numbers if 0 <= n < len(TCON.GENRES)]
    if entry[4:8] in _NUMBERS:  # two unused bytes, the number, and how many there are
        numbers = [int.from_bytes(value[10:12], "big") for value in values]
        return _NUMBERS[entry[4:8]], [str(number) for number in numbers]
    texts = [
        value[8:].decode("utf-16-be" if value[3] == 2 else "utf-8", "replace")
        for value in values
        if len(value) >= 8 and value[3] in (0, 1, 2)
    ]
    if entry[4:8] == b"----":
        name = next((content[4:] for name, content in parts if name == b"name"), b"")
        return field_name(name.decode("utf-8", "replace")), texts
    return _NAMES.get(entry[4:8], entry[4:8].decode("latin-1")), texts
