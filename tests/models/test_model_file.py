"""The ``.earmark`` file: what is written is read, and nothing else is."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from earmark.errors import (
    ModelError,
    ModelFormatError,
    ModelIntegrityError,
    ModelNotFoundError,
    ModelPayloadError,
)
from earmark.models import (
    DEFAULT_MODEL,
    FORMAT_VERSION,
    load_model,
    read_model,
    shipped_models,
    write_model,
)
from earmark.models import _artifact as artifact


def is_refused(path: Path) -> bool:
    try:
        read_model(path)
    except ModelError:
        return True
    return False


# --- what is written ----------------------------------------------------------------------------


def test_what_is_written_is_read(tmp_path: Path, manifest: dict[str, Any], payload: bytes) -> None:
    path = tmp_path / "a.earmark"
    card = "# Größe ♪\n"
    written = write_model(path, manifest=manifest, payload=payload, card=card)
    read = read_model(path)
    assert read == written
    assert (read.payload, read.card, read.n_bytes) == (payload, card, path.stat().st_size)
    assert {key: read.manifest[key] for key in manifest} == manifest
    assert read.manifest["format"] == FORMAT_VERSION
    assert set(read.manifest["hashes"]) == {"model.onnx", "card.md"}


def test_same_content_gives_same_bytes(
    tmp_path: Path, manifest: dict[str, Any], payload: bytes
) -> None:
    first = write_model(tmp_path / "a.earmark", manifest=manifest, payload=payload, card="x")
    second = write_model(tmp_path / "b.earmark", manifest=manifest, payload=payload, card="x")
    assert (tmp_path / "a.earmark").read_bytes() == (tmp_path / "b.earmark").read_bytes()
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("changed", ["manifest", "payload", "card"])
def test_other_content_gives_another_hash(
    tmp_path: Path, model_path: Path, manifest: dict[str, Any], payload: bytes, changed: str
) -> None:
    content: dict[str, Any] = {"manifest": manifest, "payload": payload, "card": "# Tiny\n"}
    other = {"manifest": {**manifest, "name": "tinY"}, "payload": payload + b"\0", "card": "# tiny"}
    content[changed] = other[changed]
    assert write_model(tmp_path / "b", **content).sha256 != read_model(model_path).sha256


def test_any_zip_tool_can_open_it(model_path: Path) -> None:
    with zipfile.ZipFile(model_path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", "model.onnx", "card.md"]


def test_writing_leaves_no_unfinished_file(model_path: Path) -> None:
    assert os.listdir(model_path.parent) == [model_path.name]


def test_failed_writing_leaves_what_was_there(
    model_path: Path, manifest: dict[str, Any], payload: bytes
) -> None:
    before = model_path.read_bytes()
    with pytest.raises(TypeError):
        write_model(model_path, manifest={**manifest, "x": object()}, payload=payload, card="")
    assert model_path.read_bytes() == before


# --- a changed byte -----------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0x01, 0x20, 0xFF])
def test_every_changed_byte_is_refused(model_path: Path, mask: int) -> None:
    content = model_path.read_bytes()
    assert not is_refused(model_path)
    survivors = []
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= mask
        model_path.write_bytes(changed)
        if not is_refused(model_path):
            survivors.append(position)
    assert survivors == []


def test_changed_bytes_of_the_shipped_model_are_refused(tmp_path: Path) -> None:
    content = Path(load_model().path).read_bytes()
    path = tmp_path / "changed.earmark"
    n = len(content)
    positions = {*range(100), *range(n - 200, n), *range(100, n, n // 300)}
    survivors = []
    for position in sorted(positions):
        path.write_bytes(
            content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
        )
        if not is_refused(path):
            survivors.append(position)
    assert survivors == []


def test_changed_payload_is_named_an_integrity_error(model_path: Path) -> None:
    content = bytearray(model_path.read_bytes())
    content[len(content) // 2] ^= 1
    model_path.write_bytes(content)
    with pytest.raises(ModelIntegrityError, match="does not match its digest") as caught:
        load_model(model_path)
    assert caught.value.path == str(model_path)


@pytest.mark.parametrize("member", ["model.onnx", "card.md"])
def test_hash_of_each_member_is_checked(forge: Any, member: str) -> None:
    hashes = {"model.onnx": "0" * 64, "card.md": "0" * 64}
    right = read_model(forge()).manifest["hashes"]
    path = forge(changes={"hashes": {**right, member: hashes[member]}})
    with pytest.raises(ModelIntegrityError, match=f"hash of its {member}"):
        read_model(path)


@pytest.mark.parametrize("extent", [0, 1, 3, 64, 100, -1, -64, -65, -100])
def test_truncated_file_is_refused(model_path: Path, extent: int) -> None:
    model_path.write_bytes(model_path.read_bytes()[:extent])
    with pytest.raises((ModelFormatError, ModelIntegrityError)):
        read_model(model_path)


@pytest.mark.parametrize("at_end", [True, False], ids=["after", "before"])
def test_added_bytes_are_refused(model_path: Path, at_end: bool) -> None:
    content = model_path.read_bytes()
    model_path.write_bytes(content + b"PK" if at_end else b"#!" + content)
    with pytest.raises((ModelFormatError, ModelIntegrityError)):
        read_model(model_path)


# --- somebody who can recompute every hash ------------------------------------------------------


def test_forged_file_is_read_where_nothing_is_wrong(forge: Any) -> None:
    """Else the refusals below would prove nothing."""
    assert load_model(forge()).classes == ("jazz", "rock")


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def bomb(tmp_path: Path) -> tuple[bytes, Path]:
    """Return a pickle that goes off, and where that shows."""
    folder = tmp_path / "exploded"
    content = pickle.dumps(Bomb(folder))
    pickle.loads(content)
    folder.rmdir()  # it works: the test would notice
    return content, folder


def test_pickled_payload_is_refused_and_not_run(forge: Any, bomb: tuple[bytes, Path]) -> None:
    content, folder = bomb
    with pytest.raises(ModelPayloadError, match="not an ONNX graph"):
        load_model(forge(payload=content))
    assert not folder.exists()


def test_pickled_manifest_is_refused_and_not_run(forge: Any, bomb: tuple[bytes, Path]) -> None:
    content, folder = bomb
    with pytest.raises(ModelFormatError):
        load_model(forge(manifest_bytes=content))
    assert not folder.exists()


def test_pickle_as_a_file_is_refused_and_not_run(tmp_path: Path, bomb: tuple[bytes, Path]) -> None:
    content, folder = bomb
    path = tmp_path / "model.earmark"
    path.write_bytes(content)
    with pytest.raises(ModelFormatError, match=r"not an \.earmark file"):
        load_model(path)
    assert not folder.exists()


def test_pickle_as_a_further_member_is_refused_and_not_run(
    forge: Any, bomb: tuple[bytes, Path]
) -> None:
    content, folder = bomb
    with pytest.raises(ModelPayloadError, match=r"'model\.pkl'"):
        load_model(forge(extra={"model.pkl": content}))
    assert not folder.exists()


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, [1]])
def test_unknown_format_version_is_refused(forge: Any, version: Any) -> None:
    with pytest.raises(ModelFormatError) as caught:
        load_model(forge(format_version=version))
    assert repr(version) in caught.value.reason
    assert f"this release reads {FORMAT_VERSION}" in caught.value.reason


@pytest.mark.parametrize("member", ["manifest.json", "model.onnx", "card.md"])
def test_missing_member_is_refused(forge: Any, member: str) -> None:
    with pytest.raises(ModelPayloadError, match="it holds"):
        read_model(forge(drop=member))


@pytest.mark.parametrize("name", ["model.pkl", "../escape", "manifest.json/", "x.npy"])
def test_further_member_is_refused(forge: Any, name: str) -> None:
    with pytest.raises(ModelPayloadError, match="it holds"):
        read_model(forge(extra={name: b""}))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_member_is_refused(forge: Any, method: int) -> None:
    with pytest.raises(ModelFormatError, match="compressed"):
        read_model(forge(compression=method))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"null", b"1", b"[]", b'"format"', b"{}", b'{"format": 1}',
     b'{"format": 1, "hashes": []}', b'{"format": 1, "hashes": {"model.onnx": 1}}',
     b"[" * 100_000],
    ids=lambda content: repr(content[:40]),
)  # fmt: skip
def test_manifest_that_is_none_is_refused(forge: Any, content: bytes) -> None:
    with pytest.raises((ModelFormatError, ModelIntegrityError)):
        read_model(forge(manifest_bytes=content))


def test_card_that_is_not_text_is_refused(forge: Any) -> None:
    with pytest.raises(ModelFormatError):
        read_model(forge(card=b"\xff\xfe\xfd"))


# --- what is no model file at all ---------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x03\x04", b"RIFF", b"PK\x03\x04" + bytes(200), b"\0" * 500]
)
def test_other_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.earmark"
    path.write_bytes(content)
    with pytest.raises((ModelFormatError, ModelIntegrityError)) as caught:
        load_model(path)
    assert str(path) in str(caught.value)


def test_huge_file_is_refused_unread(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.truncate(model_path, artifact._MAX_BYTES + 1)  # sparse: it takes no room

    def read(_: Path) -> bytes:
        raise AssertionError("it was read")

    monkeypatch.setattr(Path, "read_bytes", read)
    with pytest.raises(ModelFormatError, match="larger than"):
        read_model(model_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no such file") as caught:
        read_model(tmp_path / "none.earmark")
    assert caught.value.path == str(tmp_path / "none.earmark")


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="directory"):
        load_model(tmp_path)


def test_link_that_goes_round_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.earmark").symlink_to("loop.earmark")
    with pytest.raises(ModelNotFoundError):
        load_model(tmp_path / "loop.earmark")


def test_path_with_a_null_is_refused() -> None:
    with pytest.raises(ModelError):
        load_model("nu\0ll.earmark")


def test_fifo_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fifo.earmark"
    os.mkfifo(path)

    def read(_: Path) -> bytes:
        raise AssertionError("it was read, which waits until somebody writes")

    monkeypatch.setattr(Path, "read_bytes", read)
    with pytest.raises(ModelError):
        read_model(path)


# --- by name ------------------------------------------------------------------------------------


def test_shipped_model_is_found_by_name_and_by_path() -> None:
    for name in shipped_models():
        by_name = load_model(name)
        assert load_model(by_name.path).sha256 == by_name.sha256
    assert load_model().sha256 == load_model(DEFAULT_MODEL).sha256


def test_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        load_model("gtzan58")
    assert "gtzan58" in str(caught.value)
    assert all(name in caught.value.reason for name in shipped_models())


def test_file_without_an_ending_is_found(tmp_path: Path, model_path: Path) -> None:
    model_path.rename(tmp_path / "plain")
    assert load_model(tmp_path / "plain").name == "tiny"
