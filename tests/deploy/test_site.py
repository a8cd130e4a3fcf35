"""The pages are a site: every link and anchor leads somewhere, and nothing of it is fetched from elsewhere."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.documents import DEPLOY, ROOT

KNOWN = {"index.md", "CONFORMANCE.md", "tls.md", "adr/0001-x.md", "models/m.md", "flow.svg"}


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    pytest.importorskip("mkdocs", reason="mkdocs-material is of the extra dev") if not os.environ.get("CI") else None
    spec = importlib.util.spec_from_file_location("site_hooks", DEPLOY / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(hooks: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(out)],
        capture_output=True, text=True, check=False, timeout=300, cwd=ROOT,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return out


@pytest.mark.parametrize(
    ("written", "written_in", "place", "becomes"),
    [
        ("[x](../CONFORMANCE.md#7)", "docs/tls.md", "tls.md", "[x](CONFORMANCE.md#7)"),
        ("[x](../../README.md)", "docs/models/m.md", "models/m.md", "[x](../index.md)"),
        ("[x](docs/tls.md)", "README.md", "index.md", "[x](tls.md)"),
        ("![x](docs/flow.svg)", "README.md", "index.md", "![x](flow.svg)"),
        ("[deploy/orthanc.json](../deploy/orthanc.json)", "docs/tls.md", "tls.md", "deploy/orthanc.json"),
        ("[card](../../models/m/card.md)", "docs/models/m.md", "models/m.md", "card (`models/m/card.md`)"),
        ("[x](#here) [y](https://z)", "docs/tls.md", "tls.md", "[x](#here) [y](https://z)"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(
    hooks: ModuleType, written: str, written_in: str, place: str, becomes: str
) -> None:
    assert hooks.relinked(written, written_in, place, KNOWN) == becomes


@pytest.mark.slow
def test_it_is_built_without_a_warning_and_nothing_of_it_is_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)"', text)
        fetched += re.findall(r'<link[^>]+rel="(?:stylesheet|preconnect|icon)"[^>]*href="(https?:[^"]+)"', text)
        assert fetched == [], page.name


@pytest.mark.slow
def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    anchors: dict[Path, set[str]] = {}
    broken = []
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r'(?:href|src)="([^"]+)"', text):
            if re.match(r"[a-z]+:|//|\.?$", target) or page.name == "404.html":
                continue
            path, _, anchor = target.partition("#")
            end = (page.parent / path).resolve() if path else page
            if not end.exists():
                broken.append(f"{page.name}: {target}")
            elif anchor and end.suffix == ".html":
                ids = anchors.setdefault(end, set(re.findall(r'\bid="([^"]+)"', end.read_text(encoding="utf-8"))))
                if anchor not in ids:
                    broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_page_for_people_is_in_the_navigation() -> None:
    """What is left out are pages that others lead to."""
    named = set(re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.M))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages <= named
