"""What a user has set once for all commands: in a configuration file, or in the environment.

The file is ``earmark.toml`` in the folder where this system keeps the settings of users' programs,
or the file that ``EARMARK_CONFIG`` names. A flag wins over the environment, the environment over
the file, and the file over the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from earmark.errors import SettingsError
from earmark.records import Record

__all__ = ["DEFAULTS", "Setting", "Settings", "Source", "load_settings", "settings_path"]

Source = Literal["environment", "file", "default"]
"""Where a value comes from."""


@dataclass(frozen=True)
class Setting(Record, keys=("value", "source", "variable")):
    """One value that can be set.

    Attributes
    ----------
    name : str
        Its key in the file.
    value : object
        Its value; None where nothing is set and commands decide by themselves.
    source : {"environment", "file", "default"}
        Where the value comes from.
    about : str
        What it does.
    """

    name: str
    value: Any
    source: Source
    about: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"EARMARK_{self.name.upper()}"


@dataclass(frozen=True)
class _Kind:
    """What a value must be, and how it is read from a file and from the environment."""

    wanted: str
    from_file: Callable[[Any], Any]
    from_text: Callable[[str], Any]


def _checked(accept: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if isinstance(value, bool) or not accept(value):
            raise ValueError(value)
        return value

    return check


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 1


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


_TEXT = _Kind("text", _checked(lambda value: isinstance(value, str) and bool(value)), str)
_COUNT = _Kind("a whole number of 1 or more", _checked(_is_count), int)
_SHARE = _Kind("a number from 0 to 1", _checked(_is_share), float)
_TEXTS = _Kind(
    "a list of texts", _checked(_is_texts), lambda text: [part.strip() for part in text.split(",")]
)

_PATHS = ("library", "names")
"""Settings that are paths: in the file they are relative to its folder."""

_KINDS: Mapping[str, tuple[_Kind, str]] = MappingProxyType(
    {
        "library": (_TEXT, "The library's file."),
        "jobs": (_COUNT, "Number of parallel processes."),
        "names": (_TEXT, "Your own names of genres, for tags and folders: a TOML or CSV file."),
        "threshold": (_SHARE, "Confidence from which on tag plan writes a genre."),
        "precision": (_SHARE, "Share of the written genres that should be right."),
        "treat_as_empty": (_TEXTS, "Further values of genre tags that count as no genre."),
    }
)

DEFAULTS: Mapping[str, Any] = MappingProxyType(dict.fromkeys(_KINDS))
"""The settings by name, each with its default: None, for commands to decide by themselves."""


@dataclass(frozen=True)
class Settings(
    Record,
    schema="earmark.config/1",
    keys=("path", "exists", ("settings", lambda it: {one.name: one for one in it.settings})),
):
    """All settings, each with its source.

    Attributes
    ----------
    path : str
        The configuration file, whether it exists or not.
    exists : bool
        Whether it exists.
    settings : tuple of Setting
        In the order of `DEFAULTS`.
    """

    path: str
    exists: bool
    settings: tuple[Setting, ...]

    def __getitem__(self, name: str) -> Any:
        """Return the value of a setting."""
        return next(setting.value for setting in self.settings if setting.name == name)

    def set_values(self) -> dict[str, Any]:
        """Return the settings that are set, by name.

        Returns
        -------
        dict
            Those from the file or the environment.
        """
        return {one.name: one.value for one in self.settings if one.source != "default"}


def settings_path() -> str:
    """Return where the configuration file is, or would be.

    Returns
    -------
    str
        An absolute path.

    Examples
    --------
    >>> os.environ["EARMARK_CONFIG"] = "mine.toml"
    >>> os.path.basename(settings_path())
    'mine.toml'
    >>> del os.environ["EARMARK_CONFIG"]
    """
    path = os.environ.get("EARMARK_CONFIG") or None
    if path is None:
        import platformdirs

        path = os.path.join(
            platformdirs.user_config_dir("earmark", appauthor=False), "earmark.toml"
        )
    return os.path.abspath(os.path.expanduser(path))


def load_settings() -> Settings:
    """Read the settings from the configuration file and the environment.

    Returns
    -------
    Settings
        Each value with its source.

    Raises
    ------
    SettingsError
        If the file cannot be read, is not TOML, or holds a key or value that is not a setting; or
        if an environment variable holds such a value.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
    ...     _ = file.write("jobs = 4")
    ...     file.flush()
    ...     os.environ["EARMARK_CONFIG"] = file.name
    ...     settings = load_settings()
    >>> settings["jobs"], settings["precision"]
    (4, None)
    >>> del os.environ["EARMARK_CONFIG"]
    """
    path = settings_path()
    content = _read(path)
    values = {} if content is None else _from_file(path, content)
    settings = []
    for name, (kind, about) in _KINDS.items():
        text = os.environ.get(f"EARMARK_{name.upper()}")
        if text:
            settings.append(
                Setting(name, _from_environment(name, kind, text), "environment", about)
            )
        elif name in values:
            settings.append(Setting(name, values[name], "file", about))
        else:
            settings.append(Setting(name, DEFAULTS[name], "default", about))
    return Settings(path, content is not None, tuple(settings))


def _read(path: str) -> Mapping[str, Any] | None:
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(path, f"it cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(path, f"it is not TOML: {error}") from error


def _from_file(path: str, content: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, value in content.items():
        if name not in _KINDS:
            raise SettingsError(path, f"{name!r} is not a setting. Settings: {', '.join(_KINDS)}")
        kind, _ = _KINDS[name]
        try:
            values[name] = kind.from_file(value)
        except ValueError as error:
            raise SettingsError(path, f"{name} = {value!r} must be {kind.wanted}") from error
        if name in _PATHS:
            expanded = os.path.expanduser(values[name])
            values[name] = os.path.join(os.path.dirname(path), expanded)
    return values


def _from_environment(name: str, kind: _Kind, text: str) -> Any:
    try:
        return kind.from_file(kind.from_text(text))
    except ValueError as error:
        variable = f"EARMARK_{name.upper()}"
        raise SettingsError(variable, f"{text!r} must be {kind.wanted}") from error
