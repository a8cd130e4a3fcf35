"""What comes from elsewhere is what the table says, and no browser is sent elsewhere for more."""

import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "dashboard" / "static"
VENDOR = STATIC / "vendor"


def test_each_file_is_the_one_of_the_table() -> None:
    rows = re.findall(
        r"^\| `(\S+)` \| (\S+) \| (\S+) \| (\S+) \| `([0-9a-f]{64})` \|$",
        (VENDOR / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    found = {path.name for path in VENDOR.iterdir()} - {"README.md", "LICENSES.txt"}
    assert {row[0] for row in rows} == found
    licences = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    for name, _, version, licence, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
        assert licence in ("MIT", "0BSD")
        assert re.search(rf"^.*{re.escape(name)}.*: .* {re.escape(version)}$", licences, re.MULTILINE), name


def test_nothing_is_asked_of_another_host() -> None:
    for path in STATIC.rglob("*"):
        if path.suffix in (".css", ".js", ".svg"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"@import|url\(['\"]?(https?:)?//|sourceMappingURL|fonts\.g", text), path.name


def test_the_notice_names_them() -> None:
    notice = (STATIC.parents[1] / "NOTICE").read_text(encoding="utf-8")
    assert all(name in notice for name in ("htmx", "Pico CSS", "uPlot"))
