"""The lock files follow pyproject.toml and constraints.txt, name no place, and hold nothing known to be unsafe."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.test_licences import runtime_closure

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
LOCKS = ("requirements.lock", "light.lock", "build.lock", "audit.lock")

SAFE = {
    "torch": "2.10",  # CVE-2025-32434, CVE-2026-24747
    "monai": "1.5.2",  # GHSA-9rg3-9pvr-6p27
    "pydicom": "3.0.2",  # CVE-2026-32711
    "celery": "5.2.2",  # CVE-2021-23727
    "redis": "4.5.4",  # CVE-2023-28858, CVE-2023-28859
    "pillow": "11.3",  # CVE-2025-48379
}
"""The first version without a hole that the project's review of holes found: known without a network."""


def locked(name: str) -> dict[str, str]:
    """Versions by name."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (DEPLOY / name).read_text(encoding="utf-8"), re.MULTILINE))


def constraints() -> dict[str, str]:
    return dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_hashes_and_no_place(name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) == len(locked(name)) > 5
    for entry in entries:
        assert re.search(r" \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in text


@pytest.mark.parametrize("name", LOCKS)
def test_versions_are_those_of_the_constraints(name: str) -> None:
    pinned = constraints()
    assert {key: value for key, value in locked(name).items() if pinned.get(key, value) != value} == {}, "run make lock"


def test_the_lock_holds_all_that_the_product_imports_but_torch() -> None:
    """What torch alone brings is installed with it."""
    wanted = {
        canonicalize_name(Requirement(line).name)
        for line in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    }
    found = set(locked("requirements.lock"))
    assert wanted - found == {"torch"}, "run make lock"
    of_torch = {canonicalize_name(Requirement(line).name) for line in distribution("torch").requires or ()}
    missing = set(runtime_closure()) - found - {"torch"} - of_torch - {"mpmath", "markupsafe"}
    assert not missing, "run make lock"


def test_the_light_lock_is_the_other_without_the_models_libraries() -> None:
    whole, light = locked("requirements.lock"), locked("light.lock")
    assert light.items() <= whole.items(), "run make lock"
    heavy = {"monai", "openvino", "openvino-telemetry", "highdicom", "imagecodecs", "scipy", "pyjpegls"}
    assert set(whole) - set(light) == heavy, "run make lock"


@pytest.mark.parametrize("name", sorted(SAFE))
def test_nothing_is_older_than_what_is_safe(name: str) -> None:
    version = constraints().get(name) or locked("requirements.lock")[name]
    assert Version(version) >= Version(SAFE[name])
