"""The house as a whole: floors, mirror, sizes, imports, what may be in a tracked file."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("worker", "dashboard", "training", "dicom_node", "models", "db", "screening")
LARGEST_MODULE = 400  # lines

UNTESTED = {
    "models/contract.py": "protocols without code; mypy holds the implementations to them",
}
"""Modules without a test file of their own, and why."""

MACHINE_PATHS = (
    r"(?<![\w.])/(work|root|opt/wheels)(/|\b)",
    r"(?<![\w.])/home/\w",
    r"\b(pypi|files\.python" r"hosted|download\.pytorch|registry\.npm" r"js)\.org\b",
    r"--(extra-)?index-url|--find-links|\bfile:///",
)


def modules() -> list[Path]:
    """Our modules, relative to the root; migrations are tested as a chain and packages' __init__ are docstrings."""
    found = [path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path for path in found if path.name != "__init__.py" and "migrations" not in path.parts)


def tracked() -> list[Path]:
    """Every tracked or not yet added file, without binary ones."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, or git is not installed")
    # the checkout of a CI container belongs to another user
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    paths = [ROOT / name for name in names if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def python(*arguments: str, cwd: Path = ROOT) -> str:
    """What a fresh interpreter prints."""
    result = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, check=False, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("module", modules(), ids=str)
def test_each_module_has_a_test_file(module: Path) -> None:
    mirror = ROOT / "tests" / module.parent / f"test_{module.name}"
    if str(module) in UNTESTED:
        assert not mirror.exists(), f"{module} has a test file now: take it off UNTESTED"
    else:
        assert mirror.is_file(), f"write {mirror.relative_to(ROOT)}"


def test_untested_modules_exist() -> None:
    assert set(UNTESTED) <= {str(module) for module in modules()}


def test_each_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    missing = [str(folder) for folder in folders if not (folder / "__init__.py").is_file()]
    assert not missing, f"without __init__.py, tests/db would be taken for db: {missing}"


def test_floors() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("module", ["worker.cli", "dicom_node.listener", "dashboard.app", "dashboard.serving"])
def test_start_is_light(module: str) -> None:
    """Seconds of every command, and a gigabyte of every listener, hang on this."""
    heavy = ("torch", "monai", "highdicom", "scipy", "matplotlib")
    loaded = python("-c", f"import sys, {module}; print(*[name for name in {heavy} if name in sys.modules])")
    assert loaded.split() == []


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_ours(package: str, tmp_path: Path) -> None:
    """`db`, `models` and `worker` are common names: no dependency may bring another, and no folder of tests hide it."""
    found = python("-c", f"import {package}; print({package}.__file__)", cwd=tmp_path).strip()
    assert Path(found) == ROOT / package / "__init__.py"


@pytest.mark.parametrize("module", modules(), ids=str)
def test_modules_are_short(module: Path) -> None:
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= LARGEST_MODULE


def test_test_modules_are_short() -> None:
    long = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > LARGEST_MODULE
    ]
    assert not long


def test_no_path_of_a_machine_and_no_registry() -> None:
    pattern = re.compile("|".join(MACHINE_PATHS))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_machine_paths_would_be_found() -> None:
    pattern = re.compile("|".join(MACHINE_PATHS))
    for line in ("-e file:///srv/x", "cd /root/x", "/home/jane/opportune", "pip install --index-url x"):
        assert pattern.search(line), line
    for line in ("https://host/home/", "the network/root/", "/var/lib/opportune"):
        assert not pattern.search(line), line


def test_punctuation_is_ascii() -> None:
    fancy = re.compile("[\u00a0\u2010-\u2015\u2018-\u201f\u2026\u2190-\u21ff]")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if fancy.search(line)
    ]
    assert not found


def test_scripts_are_executable() -> None:
    scripts = [path for path in tracked() if path.read_bytes().startswith(b"#!/")]
    assert scripts
    assert [str(path) for path in scripts if not os.access(path, os.X_OK)] == []


def test_local_links_of_the_pages_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in tracked()
        if page.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken
