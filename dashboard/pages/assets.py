"""Style sheets and scripts: those in the folder `static`, and no other file."""

from functools import cache
from pathlib import Path

from starlette.responses import Response

from dashboard.ask import Ask, NotFound
from dashboard.templating import STATIC

_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def file(ask: Ask) -> Response:
    """One file, by its name."""
    path = _files().get(ask.values["name"])
    if path is None:
        raise NotFound("there is no such file")
    kept = "public, max-age=31536000, immutable" if "v" in ask.query else "no-cache"
    return Response(path.read_bytes(), media_type=_KINDS[path.suffix], headers={"Cache-Control": kept})


@cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in STATIC.rglob("*") if path.suffix in _KINDS}
