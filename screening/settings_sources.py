"""Where values of settings come from: the file `opportune.toml`, and the environment's variables over it."""

import json
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from screening import failpoints
from screening.errors import ConfigurationError

PREFIX = "OPPORTUNE_"
CONFIG_NAME = "opportune.toml"


def file_of(environ: Mapping[str, str]) -> Path | None:
    """The settings file: the one that OPPORTUNE_CONFIG names, or the one in the working directory, if it is there."""
    named = environ.get(PREFIX + "CONFIG")
    if named is not None:
        return Path(named)
    return Path(CONFIG_NAME) if Path(CONFIG_NAME).is_file() else None


def of_file(path: Path | None) -> dict[str, Any]:
    """What the file says; nothing without a file. Raises ConfigurationError when it cannot be read."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigurationError(f"settings file {path} cannot be read: {exc.strerror}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"settings file {path} is not TOML: {exc}") from exc


def lay_over(values: dict[str, Any], environ: Mapping[str, str], sections: Collection[str]) -> None:
    """Lay the environment's OPPORTUNE_ variables over values. Raises ConfigurationError, naming a wrong variable.

    sections: the names of what may be set, at the outermost.
    """
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable in (PREFIX + "CONFIG", failpoints.VARIABLE):
            continue
        name = variable.removeprefix(PREFIX)
        if name.endswith("_FILE"):
            name = name.removesuffix("_FILE")
            text = _read_secret(variable, text, environ)
        keys = name.lower().split("__")
        if keys[0] not in sections:
            raise ConfigurationError(
                f"{variable}: there is no setting {keys[0]!r}; allowed are {', '.join(sorted(sections))}"
            )
        place: Any = values
        for key in keys[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise ConfigurationError(f"{variable}: {key!r} is no section; set it in {CONFIG_NAME}")
        place[keys[-1]] = _parse(variable, text)


def _read_secret(variable: str, path: str, environ: Mapping[str, str]) -> str:
    """What the file of a `*_FILE` variable holds."""
    if variable.removesuffix("_FILE") in environ:
        raise ConfigurationError(f"{variable} and {variable.removesuffix('_FILE')} are both set; set one of them")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as exc:
        raise ConfigurationError(f"{variable}: file {path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"{variable}: file {path} is not UTF-8 text") from exc


def _parse(variable: str, text: str) -> Any:
    """A list or table is written as JSON; everything else is text for pydantic to convert."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise ConfigurationError(f"{variable} must be JSON, as it begins with {text[0]}") from None
