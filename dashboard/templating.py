"""The templates: every value is escaped, and a name that is not there is an error."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard import words
from screening.settings import Settings

FOLDER = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


def make_templates(settings: Settings, menu: Mapping[str, tuple[str, str]]) -> Environment:
    """The environment of all templates.

    Parameters
    ----------
    menu
        Path to the least role's name and the entry's text.
    """
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (
        words.tone, words.moment, words.lasting, words.ago, words.number, words.megabytes, words.words,
        words.status_code,
    ):  # fmt: skip
        found.filters[filter_.__name__] = filter_
    found.globals["menu"] = menu
    found.globals["node_name"] = settings.node.ae_title
    found.globals["time_zone"] = datetime.now().astimezone().tzname()
    found.globals["asset"] = _assets()
    return found


def _assets() -> dict[str, str]:
    """Path of each static file, with a mark of its content: a browser keeps it until it changes."""
    return {
        path.name: f"/static/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in (".css", ".js", ".svg")
    }
