"""The settings in force, for people: each with its value, secrets hidden, where it comes from and what it means."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from screening.errors import ConfigurationError
from screening.settings import ModelSettings, Settings, load
from screening.settings_file import SECTIONS, Section, own_fields, toml_text
from screening.settings_sources import PREFIX, file_of, lay_over, of_file

DEFAULT, FILE, ENVIRONMENT, PROGRAM = "default", "file", "environment", "program"
"""Where a value comes from; the program itself gives some, e.g. those of `opportune demo`."""

Keys = tuple[str | int, ...]
"""The way to a value, e.g. ("peers", 0, "ae_title")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One setting."""

    key: str  #: e.g. node.port or peers[0].ae_title
    name: str  #: the last part of it
    value: str  #: as the file would write it; of a secret only that it is set
    origin: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One table of the settings."""

    key: str  #: e.g. node or peers[0]; "" before the first table
    title: str
    items: tuple[Item, ...]


def effective(settings: Settings, environ: Mapping[str, str] | None = None) -> list[Part]:
    """Every table that is in force, in the order of the reference, docs/settings.md.

    environ: the environment that the settings were read from; `os.environ` by default. A file that cannot be read any
    more counts as empty.
    """
    environ = os.environ if environ is None else environ
    sources = _sources(environ)
    dump = settings.model_dump(mode="json")
    parts: list[Part] = []
    for section in SECTIONS:
        if section.header.startswith("[models."):
            if section.model is ModelSettings:
                parts += _of_models(dump, sources)
            continue
        parts += _of_section(section, dump, sources)
    return parts


def changed_since(settings: Settings, environ: Mapping[str, str] | None = None) -> list[str] | None:
    """Keys whose values file and environment now give otherwise: a restart would take those. None: none are given now.

    Of a secret that changed the key is told, not what it was.
    """
    try:
        present = load(environ)
    except ConfigurationError:
        return None
    before, now = (dict(_leaves((), one.model_dump())) for one in (settings, present))
    return sorted({_written(keys) for keys in before.keys() | now.keys() if before.get(keys) != now.get(keys)})


def _leaves(keys: Keys, value: Any) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves((*keys, key), item)
    elif isinstance(value, (list, tuple)) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            yield from _leaves((*keys, number), item)
    else:
        yield keys, value


def _of_section(section: Section, dump: dict[str, Any], sources: "_Sources") -> Iterator[Part]:
    name = section.header.strip("[]")
    if not name:
        yield _part(section, (), dump, sources)
    elif section.header.startswith("[["):
        for number, values in enumerate(dump[name]):
            yield _part(section, (name, number), values, sources)
    else:
        yield _part(section, (name,), dump[name], sources)


def _of_models(dump: dict[str, Any], sources: "_Sources") -> Iterator[Part]:
    of_model, of_indication = (section for section in SECTIONS if section.header.startswith("[models."))
    for name, values in dump["models"].items():
        yield _part(of_model, ("models", name), values, sources)
        yield _part(of_indication, ("models", name, "indication"), values["indication"], sources)


def _part(section: Section, keys: Keys, values: Mapping[str, Any], sources: "_Sources") -> Part:
    items = tuple(
        Item(
            key=_written((*keys, name)),
            name=name,
            value=_shown(values[name]),
            origin=sources.origin((*keys, name), is_default=_is_default(field, values[name])),
            description=field.description or "",
        )
        for name, field in own_fields(section.model)
    )
    return Part(key=_written(keys), title=section.title, items=items)


def _is_default(field: FieldInfo, value: Any) -> bool:
    """Whether a value of a dump is the field's default."""
    if field.is_required():
        return False
    default, found = (json.loads(toml_text(one)) for one in (field.get_default(call_default_factory=True), value))
    return bool(default == found)  # as numbers: 24 is 24.0


def _shown(value: Any) -> str:
    if value is None:
        return "unset"
    return toml_text(int(value) if isinstance(value, float) and value.is_integer() else value)


def _written(keys: Keys) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sources:
    """What file and environment give, each as nested tables and lists."""

    of_file: dict[str, Any]
    of_environment: dict[str, Any]
    variables: frozenset[str]

    def origin(self, keys: Keys, *, is_default: bool) -> str:
        """Where a value comes from; with the variable's name, where it is one of its own."""
        if _has(self.of_environment, keys):
            # a variable may give a whole table or list of them
            tables = ("__".join(map(str, keys[:number])).upper() for number in range(len(keys), 0, -1))
            names = (PREFIX + table + ending for table in tables for ending in ("", "_FILE"))
            return next((f"{ENVIRONMENT}, {name}" for name in names if name in self.variables), ENVIRONMENT)
        replaced = isinstance(_at(self.of_environment, keys[:1]), list)  # a list is given as a whole
        if not replaced and _has(self.of_file, keys):
            return FILE
        return DEFAULT if is_default else PROGRAM


def _sources(environ: Mapping[str, str]) -> _Sources:
    in_file: dict[str, Any] = {}
    in_environment: dict[str, Any] = {}
    with suppress(ConfigurationError):
        in_file = of_file(file_of(environ))
    with suppress(ConfigurationError):
        lay_over(in_environment, environ, Settings.model_fields)
    return _Sources(of_file=in_file, of_environment=in_environment, variables=frozenset(environ))


_NOTHING = object()


def _has(values: Any, keys: Keys) -> bool:
    return _at(values, keys) is not _NOTHING


def _at(values: Any, keys: Keys) -> Any:
    for key in keys:
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return values
