"""Reads the catalog's TOML: the tables that come with photoplay, and an operator's file that changes or adds to them.

An operator's file has the same tables (``defaults``, ``plans``, ``prices``, ``models``, ``effects``) and needs only
say what differs: keys it does not name keep their value. A new entry may take another's keys with
``extends = "name"``. ``enabled = false`` takes an entry out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from photoplay.errors import SettingsError

OWN_FILES = ("plans.toml", "models.toml", "effects.toml")
TABLES = ("plans", "prices", "models", "effects")
DEFAULTS = "defaults"

Entry = TypeVar("Entry", bound=BaseModel)


@dataclass
class Tables:
    """The merged tables: table → entry name → keys, and which file touched an entry last."""

    entries: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {table: {} for table in TABLES})
    defaults: dict[str, str] = field(default_factory=dict)
    origins: dict[tuple[str, str], str] = field(default_factory=dict)

    def origin(self, *entries: tuple[str, str]) -> str:
        """The file in which to look for a mistake that lies in these (table, name) together.

        The operator's, if it touched one of them; else the one the first is in.
        """
        files = [self.origins[entry] for entry in entries if entry in self.origins]
        return next((file for file in files if file not in OWN_FILES), files[0] if files else "the catalog")

    def read(self, table: str, kind: type[Entry], *, name_key: str | None) -> dict[str, Entry]:
        """The entries of a table, checked; ``name_key`` is the field that takes the entry's name.

        Raises:
            SettingsError: an entry is not what it should be; file and key are named.
        """
        found: dict[str, Entry] = {}
        for name in self.entries[table]:
            keys = self._extended(table, name, ())
            enabled = keys.pop("enabled", True)
            if not isinstance(enabled, bool):
                raise SettingsError(f"{self.origin((table, name))}: {table}.{name}.enabled: must be true or false")
            if name_key is not None and name_key in keys:
                raise SettingsError(f"{self.origin((table, name))}: {table}.{name}.{name_key}: unknown key")
            try:
                entry = kind.model_validate(keys if name_key is None else {name_key: name, **keys})
            except ValidationError as error:
                raise SettingsError(f"{self.origin((table, name))}: {_first(error, f'{table}.{name}')}") from error
            if enabled:
                found[name] = entry
        return found

    def _extended(self, table: str, name: str, seen: tuple[str, ...]) -> dict[str, Any]:
        """An entry's keys with those of what it extends under them. ``enabled`` is not handed down."""
        keys = dict(self.entries[table][name])
        base = keys.pop("extends", None)
        if base is None:
            return keys
        if base not in self.entries[table] or base == name or base in seen:
            origin = self.origin(*((table, each) for each in (name, *seen)))
            raise SettingsError(f"{origin}: {table}.{name}.extends: there is no other entry {base!r}")
        under = self._extended(table, base, (*seen, name))
        under.pop("enabled", None)
        return _merged(under, keys)


def read_tables(path: Path | None) -> Tables:
    """The tables that come with photoplay, changed by the operator's file ``path`` if there is one.

    Raises:
        SettingsError: a file cannot be read, or has a table or value that does not belong.
    """
    tables = Tables()
    own = resources.files("photoplay.catalog")
    for name in OWN_FILES:
        _add(tables, name, (own / name).read_bytes())
    if path is not None:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SettingsError(f"catalog file {path} cannot be read: {error.strerror}") from error
        _add(tables, str(path), data)
    return tables


def _add(tables: Tables, origin: str, data: bytes) -> None:
    try:
        parsed = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{origin}: not valid TOML: {error}") from error
    for table, entries in parsed.items():
        if table not in (*TABLES, DEFAULTS):
            raise SettingsError(f"{origin}: {table}: unknown table")
        if not isinstance(entries, dict):
            raise SettingsError(f"{origin}: {table}: must be a table")
        for name, value in entries.items():
            if table == DEFAULTS:
                if not isinstance(value, str):
                    raise SettingsError(f"{origin}: {table}.{name}: must be the name of a model")
                tables.defaults[name] = value
            else:
                if not isinstance(value, dict):
                    raise SettingsError(f"{origin}: {table}.{name}: must be a table")
                tables.entries[table][name] = _merged(tables.entries[table].get(name, {}), value)
            tables.origins[table, name] = origin


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``under`` with the keys of ``over``; tables are merged, anything else is replaced."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _first(error: ValidationError, where: str) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    key = ".".join([where, *(str(part) for part in first["loc"])])
    words = {"extra_forbidden": "unknown key", "missing": "is missing"}
    return f"{key}: {words.get(first['type'], str(first['msg']).removeprefix('Value error, '))}"
