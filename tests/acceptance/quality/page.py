"""The tables of docs/quality-control.md, from the rows. `python -m tests.acceptance.quality.page` writes them."""

import re
from pathlib import Path

from tests.acceptance.quality.defects import READ, UNREAD
from tests.acceptance.quality.suite import BY_MODEL

PAGE = Path(__file__).resolve().parents[3] / "docs" / "quality-control.md"
_BLOCK = re.compile(r"(<!-- rows of ([a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(model: str) -> str:
    """What becomes of each defect."""
    lines = ["| defect | what happens | code |", "| --- | --- | --- |"]
    for row in BY_MODEL[model]:
        code = "" if row.expected in (READ, UNREAD) else f"`{row.expected}`"
        lines.append(f"| {row.name} | {row.happens} | {code} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def models_of(page: str) -> list[str]:
    """Those that the page has a table of."""
    return [match[2] for match in _BLOCK.finditer(page)]


def filled(page: str) -> str:
    """The page with the tables as they should be."""
    return _BLOCK.sub(lambda match: f"{match[1]}{table(match[2])}{match[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
