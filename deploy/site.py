# ruff: noqa: INP001 (hooks are a file that mkdocs is told of, no package)
"""Hooks of mkdocs.yml: the pages of the repository's root belong to the site; links to other files become their names.

The pages are written for readers of the repository. On the site README.md is the first page, CONFORMANCE.md and others
lie beside it, and code has no page.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md", "CONFORMANCE.md": "CONFORMANCE.md", "SECURITY.md": "SECURITY.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md", "CHANGELOG.md": "CHANGELOG.md",
}  # fmt: skip
"""Pages of the root: their place on the site."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:\s]*)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of the root."""
    for source, place in PAGES.items():
        files.append(File.generated(config, place, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001 (mkdocs's names)
    """Turn links of the repository into links of the site."""
    sources = {place: source for source, place in PAGES.items()}
    place = page.file.src_uri
    written_in = sources.get(place, f"docs/{place}")
    parts = _FENCE.split(markdown)
    for number in range(0, len(parts), 2):  # between blocks of code
        parts[number] = relinked(parts[number], written_in, place, {file.src_uri for file in files})
    return "".join(parts)


def relinked(text: str, written_in: str, place: str, known: set[str]) -> str:
    """The text with its links as the site has them.

    Parameters
    ----------
    written_in
        The page's path in the repository.
    place
        Its path on the site.
    known
        Every path of the site.
    """

    def link(match: re.Match[str]) -> str:
        picture, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        if not target:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(written_in), target))
        site = PAGES.get(path, path.removeprefix("docs/"))
        inside = path in PAGES or path.startswith("docs/")
        if inside and site in known:
            return f"{picture}[{words}]({posixpath.relpath(site, posixpath.dirname(place) or '.')}{anchor})"
        return words if words.strip("`") == path else f"{words} (`{path}`)"

    return _LINK.sub(link, text)
