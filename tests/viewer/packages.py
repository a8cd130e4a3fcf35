"""What `make viewer` brings."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "viewer"


def package(name: str) -> Path:
    """A package that deploy/viewer/fetch.sh brought."""
    line = next(line for line in (ROOT / "deploy/viewer/packages.txt").read_text().splitlines() if name in line)
    folder = BUILD / "packages" / f"{line.split()[0].removeprefix('@').replace('/', '-')}-{line.split()[1]}"
    assert folder.is_dir(), f"{folder.name} is missing: run make viewer"
    return folder
