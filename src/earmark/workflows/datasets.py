"""List and describe the corpora that have a loader, and the files of a corpus at a path."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from earmark.arguments import checked
from earmark.datasets import Corpus, FeatureTable, Track, dataset_warnings_to
from earmark.errors import DatasetError, ParameterError
from earmark.files import content_hash
from earmark.workflows._datasets import all_corpora

__all__ = ["describe_dataset", "list_datasets"]


def list_datasets() -> list[dict[str, Any]]:
    """Describe every corpus there is a loader for.

    Returns
    -------
    list of dict
        What JSON can hold: ``name``, ``title``, ``size``, ``expects``, ``citation``, ``licence``,
        ``faults``, ``feature_sets``, and ``files``: ``name`` and known ``sha256`` of each.

    Examples
    --------
    >>> [corpus["name"] for corpus in list_datasets()][:4]
    ['gtzan', 'fma', 'echonest', 'segments57']
    """
    return [_described(corpus) for corpus in all_corpora()]


@checked
def describe_dataset(dataset: str) -> dict[str, Any]:
    """Describe one corpus and, where a path is given, what is there.

    Parameters
    ----------
    dataset : str
        ``NAME`` or ``NAME:PATH``.

    Returns
    -------
    dict
        As `list_datasets` has it, and ``path``. With a path, each of the ``files`` has a ``state``:
        ``as known``, ``differs``, ``missing``, or ``present`` where none is known. ``content`` is
        what was found: numbers of ``tracks``, of those ``labelled`` and with ``audio``; ``genres``,
        the tracks of each; number of ``artists``; ``partitions``, the tracks of each part;
        ``duplicates``, the tracks that are copies of an earlier one; and ``table``: ``rows``,
        ``unit``, ``features``, ``feature_set``, ``fingerprint`` and ``digest`` of the table that is
        loaded by default, None where there is none. ``warnings`` are those of the loader, ``error``
        is why something could not be read, or None.

    Raises
    ------
    ParameterError
        If there is no corpus of that name.

    Examples
    --------
    >>> describe_dataset("gtzan")["content"] is None
    True
    >>> describe_dataset("gtzan:nowhere")["files"][0]["state"]
    'missing'
    """
    name, _, path = dataset.partition(":")
    known = {corpus.name: corpus for corpus in all_corpora()}
    if name not in known:
        raise ParameterError(f"corpus={name!r} is not one of {', '.join(known)}")
    corpus = known[name]
    described: dict[str, Any] = {
        **_described(corpus),
        "path": path or None,
        "content": None,
        "warnings": [],
        "error": None,
    }
    if not path:
        return described
    for file in described["files"]:
        file["state"] = _state(os.path.join(path, file["name"]), file["sha256"])
    with dataset_warnings_to(described["warnings"].append):
        try:
            described["content"] = _content(corpus.tracks(path))
            if corpus.read_table is not None:
                described["content"]["table"] = _table(corpus.load_table(path))
        except DatasetError as error:
            described["error"] = str(error)
    return described


def _described(corpus: Corpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "title": corpus.title,
        "size": corpus.size,
        "expects": corpus.expects,
        "citation": corpus.citation,
        "licence": corpus.licence,
        "faults": list(corpus.faults),
        "feature_sets": list(corpus.feature_sets),
        "files": [{"name": name, "sha256": sha256} for name, sha256 in corpus.files.items()],
    }


def _state(path: str, known: str | None) -> str:
    if not os.path.isfile(path):
        return "missing"
    if known is None:
        return "present"
    try:
        return "as known" if content_hash(path) == known else "differs"
    except OSError as error:
        raise DatasetError(f"{path!r}: {error.strerror}") from error


def _content(tracks: Sequence[Track]) -> dict[str, Any]:
    first = tracks[0]
    duplicates = Counter(track.groups.get("duplicate") for track in tracks)
    genres = Counter(track.label for track in tracks if track.label)
    return {
        "tracks": len(tracks),
        "labelled": genres.total(),
        "audio": sum(track.path is not None for track in tracks),
        "genres": dict(sorted(genres.items())),
        "artists": (
            len({track.groups["artist"] for track in tracks}) if "artist" in first.groups else None
        ),
        "partitions": {
            name: _parts([track.partitions[name] for track in tracks]) for name in first.partitions
        },
        "duplicates": (len(tracks) - len(duplicates) if "duplicate" in first.groups else None),
        "table": None,
    }


def _parts(parts: Sequence[str]) -> dict[str, int]:
    """Count parts in the order in which they are used, tracks in none of them last."""
    counts = Counter(parts)
    usual = [part for part in ("train", "valid", "test") if part in counts]
    others = sorted(part for part in counts if part and part not in usual)
    return {part: counts[part] for part in (*usual, *others, *([""] if "" in counts else []))}


def _table(table: FeatureTable) -> dict[str, Any]:
    return {
        "rows": len(table),
        "unit": table.unit,
        "features": len(table.names),
        "feature_set": table.feature_set,
        "fingerprint": table.fingerprint,
        "digest": table.digest,
    }
