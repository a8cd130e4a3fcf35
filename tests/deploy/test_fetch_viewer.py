"""The script that brings the viewer, with a stand-in for npm."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "viewer"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The script beside a list of one package, and an npm that gives what lies in `archive.tgz`."""
    (tmp_path / "dist").mkdir()
    for name in ("index.html", "index.js.map"):
        (tmp_path / "dist" / name).write_text(name, encoding="utf-8")
    with tarfile.open(tmp_path / "archive.tgz", "w:gz") as archive:
        archive.add(tmp_path / "dist", arcname="package/dist")
    shutil.copy(FOLDER / "fetch.sh", tmp_path)
    sha512 = hashlib.sha512((tmp_path / "archive.tgz").read_bytes()).hexdigest()
    (tmp_path / "packages.txt").write_text(f"@who/what 1.2.3 {sha512}\n", encoding="utf-8")
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(
        f'#!/bin/bash\necho "$*" >> {tmp_path}/calls\n[ "$5" = "@who/what@1.2.3" ] || exit 1\n'
        f'cp {tmp_path}/archive.tgz "$4/what.tgz"\necho what.tgz\n',
        encoding="utf-8",
    )
    npm.chmod(0o755)
    return tmp_path


def fetch(copy: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(copy / "fetch.sh"), str(copy / "out")],
        env={**os.environ, "PATH": f"{copy / 'bin'}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_it_unpacks_once_and_leaves_source_maps_out(copy: Path) -> None:
    for _ in range(2):
        assert fetch(copy).returncode == 0
    assert [path.name for path in (copy / "out").iterdir()] == ["who-what-1.2.3"]
    assert [path.name for path in (copy / "out" / "who-what-1.2.3" / "dist").iterdir()] == ["index.html"]
    assert len((copy / "calls").read_text(encoding="utf-8").splitlines()) == 1


def test_another_archive_than_the_one_named_is_refused(copy: Path) -> None:
    with (copy / "archive.tgz").open("ab") as archive:
        archive.write(b"\0")
    done = fetch(copy)
    assert done.returncode == 1
    assert "@who/what 1.2.3 is not the archive that packages.txt names" in done.stderr
    assert list((copy / "out").iterdir()) == []


def test_each_package_of_the_list_has_version_and_sum() -> None:
    for line in (FOLDER / "packages.txt").read_text(encoding="utf-8").splitlines():
        _, version, sha512 = line.split()
        assert version.count(".") == 2
        assert len(sha512) == 128
