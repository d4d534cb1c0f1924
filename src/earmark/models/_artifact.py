"""The ``.earmark`` file: a model in one file that cannot run code when it is read.

It is a zip archive, uncompressed, of three members in this order:

``manifest.json``
    Format version, name, recipe, feature fingerprint, classes, calibration, thresholds, training
    ids, scores by protocol, and the hash of each other member.
``model.onnx``
    The payload: a graph of arithmetic, which onnxruntime evaluates.
``card.md``
    The same in words.

The archive's comment is the SHA-256 of every byte before it, so no byte can change unnoticed.
Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.arguments import checked
from earmark.errors import (
    ModelError,
    ModelFormatError,
    ModelIntegrityError,
    ModelNotFoundError,
    ModelPayloadError,
)
from earmark.files import atomic_write
from earmark.types import PathName

__all__ = [
    "FORMAT_VERSION",
    "PAYLOAD",
    "LargeModelWarning",
    "ModelFile",
    "read_model",
    "write_model",
]

FORMAT_VERSION = 1
"""Increased whenever older versions cannot read a file."""

PAYLOAD = "model.onnx"
"""The member that holds the graph, by whose name the manifest has its hash."""

_MANIFEST = "manifest.json"
_CARD = "card.md"
_MEMBERS = (_MANIFEST, PAYLOAD, _CARD)
_DIGEST_LENGTH = 64
_NOT_A_MODEL = (
    *(AttributeError, KeyError, RecursionError, TypeError, ValueError),
    zipfile.BadZipFile,
)
_MAX_BYTES = 512 * 1024 * 1024
_LARGE_BYTES = 50_000_000
# The earliest time that every zip implementation can store.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class LargeModelWarning(UserWarning):
    """A model file is larger than 50 MB: slow to load, and too large to mail or commit."""


@dataclass(frozen=True)
class ModelFile:
    """The content of a model file.

    Attributes
    ----------
    path : str
        Path it was read from.
    manifest : mapping
        Everything about the model except its weights.
    payload : bytes
        The ONNX graph.
    card : str
        The model card, Markdown.
    sha256 : str
        Hash of the file, which identifies the model.
    n_bytes : int
        Size of the file.
    """

    path: str
    manifest: Mapping[str, Any]
    payload: bytes
    card: str
    sha256: str
    n_bytes: int


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _seal(content: bytes) -> bytes:
    """Append the digest of an archive to it, as its comment."""
    # The archive ends with the length of its comment: 0 so far.
    body = content[:-2] + struct.pack("<H", _DIGEST_LENGTH)
    return body + _sha256(body).encode()


@checked
def write_model(
    path: PathName, *, manifest: Mapping[str, Any], payload: bytes, card: str
) -> ModelFile:
    """Write a model file; the same content gives the same bytes.

    Parameters
    ----------
    path : str or path-like
        Path to write to. An existing file is replaced in one step.
    manifest : mapping
        Content that JSON can hold. ``format`` and ``hashes`` are added.
    payload : bytes
        An ONNX graph.
    card : str
        The model card, Markdown.

    Returns
    -------
    ModelFile
        The written file.

    Raises
    ------
    ModelFormatError
        If it would be too large to read again.
    OSError
        If it cannot be written.

    Warns
    -----
    LargeModelWarning
        If it is larger than 50 MB.
    """
    hashes = {PAYLOAD: _sha256(payload), _CARD: _sha256(card.encode())}
    complete = {"format": FORMAT_VERSION, **manifest, "hashes": hashes}
    text = json.dumps(complete, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in zip(_MEMBERS, (text.encode(), payload, card.encode()), strict=True):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    n_bytes = buffer.tell() + _DIGEST_LENGTH
    if n_bytes > _MAX_BYTES:
        raise ModelFormatError(path, f"it would be larger than {_MAX_BYTES} bytes")
    target = Path(path)
    with atomic_write(target) as file:
        file.write(_seal(buffer.getvalue()))
    if n_bytes > _LARGE_BYTES:
        megabytes = f"{n_bytes / 1e6:.0f} MB, more than {_LARGE_BYTES / 1e6:.0f}"
        warnings.warn(
            f"{str(target)!r} has {megabytes}: fewer trees or training rows make it smaller",
            LargeModelWarning,
            stacklevel=3,  # `checked` is in between
        )
    return read_model(target)


def _members(path: PathName, content: bytes) -> dict[str, bytes]:
    """Return the members of an archive with a correct digest."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = tuple(archive.namelist())
        if names != _MEMBERS:
            raise ModelPayloadError(
                path,
                f"it holds {', '.join(map(repr, names))}, not {', '.join(map(repr, _MEMBERS))}",
            )
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ModelFormatError(path, "its members are compressed")
        return {name: archive.read(name) for name in names}


@checked
def read_model(path: PathName) -> ModelFile:
    """Read a model file and check all its hashes; nothing in it is executed.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    ModelFile
        Its content.

    Raises
    ------
    ModelNotFoundError
        If there is no such file.
    ModelFormatError
        If it is not a model file, or of a format version this release cannot read.
    ModelIntegrityError
        If a hash does not match: the file was changed or damaged.
    ModelPayloadError
        If it holds anything other than a manifest, an ONNX graph and a card.
    """
    source = Path(path)
    try:
        status = source.stat()
        if stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode):
            raise ModelFormatError(path, "it is not a regular file")
        if status.st_size > _MAX_BYTES:
            raise ModelFormatError(path, f"it is larger than {_MAX_BYTES} bytes")
        content = source.read_bytes()
    except PermissionError as error:
        raise ModelError(path, "no permission to read it") from error
    except OSError as error:
        raise ModelNotFoundError(path, (error.strerror or str(error)).lower()) from error
    except ValueError as error:  # a null character in the name
        raise ModelNotFoundError(path, str(error)) from error
    if not content.startswith(b"PK\x03\x04"):
        raise ModelFormatError(path, "it is not an .earmark file")
    body, digest = content[:-_DIGEST_LENGTH], content[-_DIGEST_LENGTH:]
    if _sha256(body).encode() != digest:
        raise ModelIntegrityError(
            path, "its content does not match its digest: it was changed or damaged"
        )
    try:
        members = _members(path, content)
        manifest = json.loads(members[_MANIFEST])
        version = manifest["format"]
        if version != FORMAT_VERSION:
            raise ModelFormatError(
                path, f"its format is version {version!r}; this release reads {FORMAT_VERSION}"
            )
        for name in (PAYLOAD, _CARD):
            if manifest["hashes"][name] != _sha256(members[name]):
                raise ModelIntegrityError(path, f"the hash of its {name} does not match")
        card = members[_CARD].decode()
    except _NOT_A_MODEL as error:
        raise ModelFormatError(path, f"it is not an .earmark file: {error!r}") from error
    return ModelFile(str(path), manifest, members[PAYLOAD], card, _sha256(content), len(content))
