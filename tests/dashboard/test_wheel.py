"""Templates and assets travel with the package: into the wheel and into the image."""

import re
import tomllib
from pathlib import Path

from tests.test_house import PACKAGES, ROOT, tracked


def test_the_wheel_and_the_image_have_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = project["tool"]["hatch"]["build"]["targets"]
    assert sorted(build["wheel"]["packages"]) == sorted(PACKAGES)
    assert set(build["sdist"]["only-include"]) >= set(PACKAGES)
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE)) == set(PACKAGES)
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{package}" for package in PACKAGES} <= set(kept)


def test_no_rule_of_git_keeps_a_template_or_an_asset_out() -> None:
    """What git ignores, the wheel leaves out."""
    folder = ROOT / "dashboard"
    there = {path for path in folder.rglob("*") if path.is_file() and path.suffix in (".html", ".css", ".js", ".svg")}
    assert there
    assert there <= {Path(path) for path in tracked()}
