"""ID3 frame by frame: versions, encodings, numbers, and what no program should have written."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from mutagen.id3 import ID3
from tool_files import write_sound

from earmark.errors import TagError
from earmark.tags import (
    other_tags,
    preview_genres,
    read_genre_state,
    read_tags,
    restore_genre_state,
    write_genres,
)

_V1 = b"TAG" + b"Title".ljust(30, b"\0") + b"Artist".ljust(30, b"\0") + b"Album".ljust(30, b"\0")
_V1 += b"1997" + b"comment".ljust(28, b"\0") + b"\0\x07"


def syncsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(name: bytes, content: bytes, *, flags: bytes = b"\0\0", version: int = 3) -> bytes:
    if version == 2:
        return name + len(content).to_bytes(3, "big") + content
    size = syncsafe(len(content)) if version == 4 else len(content).to_bytes(4, "big")
    return name + size + flags + content


def id3(frames: bytes, *, version: int = 3, padding: int = 100, flags: int = 0) -> bytes:
    body = frames + bytes(padding)
    return b"ID3" + bytes([version, 0, flags]) + syncsafe(len(body)) + body


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_sound(tmp_path_factory.mktemp("id3") / "a.mp3", seconds=0.5).read_bytes()


def test_every_other_frame_stays_byte_for_byte(tmp_path: Path, audio: bytes) -> None:
    before, after = (
        b"".join(
            [
                frame(b"TPE1", b"\x01\xff\xfe" + "Ä".encode("utf-16-le")),
                frame(b"TPE2", b"\x01\xfe\xff" + "Ö".encode("utf-16-be")),
                frame(b"TALB", b"\x03" + "not allowed in 2.3: é".encode()),
                frame(b"TYER", b"\x001997"),
                frame(b"TDAT", b"\x000203"),
                frame(b"TIT3", b"\x07no such encoding"),
                frame(b"TXXX", b"\0same\0one"),
            ]
        ),
        b"".join(
            [
                frame(b"TXXX", b"\0same\0two"),
                frame(b"RVAD", b"\1\x10\0\0"),
                frame(b"ABCD", b"unknown"),
                frame(b"TLEN", b"\0"),
                frame(b"TPE4", b"\0remix", flags=b"\x40\0"),
                frame(b"TEXT", (7).to_bytes(4, "big") + zlib.compress(b"\0words"), flags=b"\0\x80"),
                frame(b"APIC", b"\0image/png\0\x03\0" + bytes(range(256))),
            ]
        ),
    )
    path = tmp_path / "a.mp3"
    whole = id3(before + frame(b"TCON", b"\0(17)Rock") + after) + audio
    path.write_bytes(whole)
    state, others = read_genre_state(path), other_tags(path)
    write_genres(path, ["Jazz"])
    assert path.read_bytes() == (
        id3(before + frame(b"TCON", b"\0Jazz") + after, padding=104) + audio
    )
    assert other_tags(path) == others
    restore_genre_state(path, state)
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("version", "content", "genres"),
    [
        (3, b"\0(17)", ("Rock",)),
        (3, b"\x0017", ("Rock",)),
        (3, b"\0(17)(8)", ("Rock", "Jazz")),
        (3, b"\0(17)Hard", ("Rock", "Hard")),
        (3, b"\0((Odd", ("(Odd",)),
        (3, b"\0(RX)", ("Remix",)),
        (3, b"\0(255)", ("Unknown",)),
        (3, b"\0A\0B", ("A", "B")),
        (3, b"\x01\xff\xfe" + "Ä\0B".encode("utf-16-le"), ("Ä", "B")),
        (4, b"\x03" + "Ä\0B".encode(), ("Ä", "B")),
        (4, b"\x0317\0Jazz", ("Rock", "Jazz")),
        (4, b"\x02" + "Ä".encode("utf-16-be"), ("Ä",)),
        (3, b"\0", ()),
        (2, b"\0(17)", ("Rock",)),
    ],
)
def test_genres_are_read(
    tmp_path: Path, audio: bytes, version: int, content: bytes, genres: tuple[str, ...]
) -> None:
    path = tmp_path / "a.mp3"
    name = b"TCO" if version == 2 else b"TCON"
    path.write_bytes(id3(frame(name, content, version=version), version=version) + audio)
    assert read_tags(path).genres == genres


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("genres", [["Jazz"], ["Räggae", "B"], ["日本 ☃", "Rock"], ["(odd"]])
def test_version_stays_and_mutagen_reads_it(
    tmp_path: Path, audio: bytes, version: int, genres: list[str]
) -> None:
    path = tmp_path / "a.mp3"
    title = frame(b"TT2" if version == 2 else b"TIT2", b"\0Song", version=version)
    path.write_bytes(id3(title, version=version) + audio)
    write_genres(path, genres)
    tags = ID3(path)
    assert tags.version == (2, version, 0)
    assert tags["TCON"].genres == genres
    assert tags["TIT2"].text == ["Song"]


@pytest.mark.parametrize("version", [2, 3])
def test_unsynchronised_tag_stays_so(tmp_path: Path, audio: bytes, version: int) -> None:
    path = tmp_path / "a.mp3"
    name, title = (b"PRIV", b"TIT2") if version == 3 else (b"UFI", b"TT2")
    raw = frame(name, b"x\0\xff\xe0\xff\0", version=version)
    raw += frame(title, b"\0Song", version=version)
    stored = raw.replace(b"\xff\0", b"\xff\0\0").replace(b"\xff\xe0", b"\xff\0\xe0")
    path.write_bytes(id3(stored, version=version, flags=0x80) + audio)
    state, content = read_genre_state(path), path.read_bytes()
    write_genres(path, ["Söng ☃"])
    assert read_tags(path).genres == ("Söng ☃",)
    assert read_tags(path).title == "Song"
    tag = path.read_bytes()[: len(content) - len(audio)]
    assert b"\xff\xfe" not in tag  # nothing in it looks like audio
    restore_genre_state(path, state)
    assert path.read_bytes() == content


def test_sizes_as_old_itunes_wrote_them(tmp_path: Path, audio: bytes) -> None:
    path = tmp_path / "a.mp3"
    picture = b"APIC" + (300).to_bytes(4, "big") + b"\0\0" + b"\0image/png\0\x03\0" + bytes(287)
    path.write_bytes(id3(picture + frame(b"TIT2", b"\0Song", version=4), version=4) + audio)
    others = other_tags(path)
    assert len(others) == 2
    write_genres(path, ["Jazz"])
    assert other_tags(path) == others
    assert read_tags(path).genres == ("Jazz",)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (id3(b"TIT2" + (900).to_bytes(4, "big") + b"\0\0\0Song"), "TIT2 is longer than it"),
        (id3(b"\x01\x02\x03\x04" + bytes(20)), "no frame is named"),
        (id3(frame(b"TIT2", b"\0Song") + b"\0junk"), "bytes that are not a frame"),
        (id3(b"", version=5), "of version 2.5"),
        (id3(b"", version=2, flags=0x40), "is compressed"),
        (id3(b"\x00\x00\x01\x00" + bytes(8), flags=0x40), "its extended header is longer than it"),
        (b"ID3\3\0\0\0\0\x7f\x7f", "cut short"),
    ],
)
def test_tag_that_cannot_be_written_back_is_refused(
    tmp_path: Path, audio: bytes, head: bytes, reason: str
) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(head + audio)
    content = path.read_bytes()
    with pytest.raises(TagError, match=reason):
        write_genres(path, ["Jazz"])
    assert path.read_bytes() == content


@pytest.mark.parametrize("genre", ["17", "RX"])
def test_genre_that_id3_would_read_otherwise_is_refused(
    tmp_path: Path, audio: bytes, genre: str
) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(audio)
    with pytest.raises(TagError, match="its tags would store"):
        write_genres(path, [genre])


def test_id3v1_keeps_everything_but_its_genre(tmp_path: Path, audio: bytes) -> None:
    path = tmp_path / "a.mp3"
    head = id3(frame(b"TIT2", b"\0Song"))
    path.write_bytes(head + audio + _V1 + b"\x11")
    state = read_genre_state(path)
    assert read_tags(path).genres == ("Rock",)
    for genres, number in ((["hip hop"], 7), (["My Own"], 255), (["Jazz", "Rock"], 8)):
        write_genres(path, genres)
        assert path.read_bytes()[-128:] == _V1 + bytes([number])
        assert read_tags(path).genres == tuple(genres)
    restore_genre_state(path, state)
    assert path.read_bytes() == head + audio + _V1 + b"\x11"


def test_file_with_id3v1_only_gets_no_other_tag(tmp_path: Path, audio: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(audio + _V1 + b"\xff")
    state = read_genre_state(path)
    assert write_genres(path, ["hiphop"]) == ("Hip-Hop",)
    assert path.read_bytes() == audio + _V1 + b"\x07"
    for genres in (["My Own"], ["Jazz", "Rock"]):
        with pytest.raises(TagError, match="one genre of a fixed list"):
            write_genres(path, genres)
    restore_genre_state(path, state)
    assert path.read_bytes() == audio + _V1 + b"\xff"


def extended(frames: bytes, padding: int, *, version: int, checksum: int | None = None) -> bytes:
    """Return an extended header with a checksum; by default the true one."""
    if version == 3:
        value = zlib.crc32(frames) if checksum is None else checksum
        sizes = (10).to_bytes(4, "big") + b"\x80\0" + padding.to_bytes(4, "big")
        return sizes + value.to_bytes(4, "big")
    value = zlib.crc32(frames + bytes(padding)) if checksum is None else checksum
    digits = bytes(value >> shift & 0x7F for shift in (28, 21, 14, 7, 0))
    return syncsafe(12) + b"\1\x20\5" + digits


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("padding", [0, 100])
def test_checksum_of_a_tag_is_kept_true(
    tmp_path: Path, audio: bytes, version: int, padding: int
) -> None:
    path = tmp_path / "a.mp3"

    def tag(genre: bytes, padding: int) -> bytes:
        frames = frame(b"TIT2", b"\0Song", version=version)
        frames += frame(b"TCON", b"\0" + genre, version=version)
        head = extended(frames, padding, version=version)
        return id3(head + frames, version=version, padding=padding, flags=0x40)

    path.write_bytes(tag(b"Swing", padding) + audio)
    state, others, content = read_genre_state(path), other_tags(path), path.read_bytes()
    assert preview_genres(path, ["Jazz"]) == write_genres(path, ["Jazz"]) == ("Jazz",)
    assert (read_tags(path).title, other_tags(path)) == ("Song", others)
    text = b"\0Jazz" if version == 3 else b"\3Jazz"
    assert path.read_bytes() == tag(b"Jazz", padding + 1).replace(b"\0Jazz", text) + audio or (
        version == 4 and zlib.crc32(path.read_bytes()[22 : -len(audio)]) == stored(path)
    )
    restore_genre_state(path, state)
    assert path.read_bytes() == content


def stored(path: Path) -> int:
    """Return the checksum in the extended header of a 2.4 tag."""
    value = 0
    for digit in path.read_bytes()[17:22]:
        value = value << 7 | digit
    return value


def test_checksum_that_is_not_true_stays(tmp_path: Path, audio: bytes) -> None:
    path = tmp_path / "a.mp3"
    frames = frame(b"TCON", b"\0Swing", version=4)
    head = extended(frames, 100, version=4, checksum=12345)
    path.write_bytes(id3(head + frames, version=4, flags=0x40) + audio)
    state, content = read_genre_state(path), path.read_bytes()
    write_genres(path, ["Jazz"])
    assert stored(path) == 12345
    restore_genre_state(path, state)
    assert path.read_bytes() == content


def test_tag_with_a_footer_is_as_long_as_its_frames(tmp_path: Path, audio: bytes) -> None:
    path = tmp_path / "a.mp3"

    def tag(genre: bytes) -> bytes:
        frames = frame(b"TIT2", b"\0Song", version=4) + frame(b"TCON", b"\3" + genre, version=4)
        head = id3(frames, version=4, padding=0, flags=0x10)
        return head + b"3DI" + head[3:10]

    path.write_bytes(tag(b"Swing") + audio)
    state = read_genre_state(path)
    for genre in (b"A longer genre", b"Pop"):
        write_genres(path, [genre.decode()])
        assert path.read_bytes() == tag(genre) + audio
        assert read_tags(path).title == "Song"
    restore_genre_state(path, state)
    assert path.read_bytes() == tag(b"Swing") + audio


@pytest.mark.parametrize("how", ["all", "none"])
def test_tag_that_is_unsynchronised_in_another_way_stays_so(
    tmp_path: Path, audio: bytes, how: str
) -> None:
    path = tmp_path / "a.mp3"
    # Every 0xFF with a zero behind it, or no 0xFF at all though the tag says so.
    raw = frame(b"PRIV", b"x\0\xff\x10\xff\xfb\1") + frame(b"TCON", b"\0Swing")
    body = raw.replace(b"\xff", b"\xff\0") if how == "all" else raw
    path.write_bytes(id3(body, flags=0x80) + audio)
    state, content, others = read_genre_state(path), path.read_bytes(), other_tags(path)
    write_genres(path, ["Jazz"])
    assert (read_tags(path).genres, other_tags(path)) == (("Jazz",), others)
    assert path.read_bytes().startswith(content[:30])
    restore_genre_state(path, state)
    assert path.read_bytes() == content


def test_ids_of_musicbrainz_are_read(tmp_path: Path, audio: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(
        id3(
            frame(b"UFID", b"http://musicbrainz.org\0abc-1")
            + frame(b"TXXX", b"\0MusicBrainz Album Id\0abc-2")
            + frame(b"TXXX", b"\0MusicBrainz Artist Id\0abc-3")
            + frame(b"TSRC", b"\0USABC0000001")
            + frame(b"TYER", b"\x001997")
        )
        + audio
    )
    tags = read_tags(path)
    assert dict(tags.ids) == {
        "musicbrainz_trackid": "abc-1",
        "musicbrainz_albumid": "abc-2",
        "musicbrainz_artistid": "abc-3",
        "isrc": "USABC0000001",
    }
    assert tags.year == 1997
