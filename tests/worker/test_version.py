import re
import tomllib
from pathlib import Path

from worker.version import SOFTWARE_VERSION

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_is_that_of_the_distribution() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert declared == SOFTWARE_VERSION


def test_it_fits_into_software_versions() -> None:
    assert re.fullmatch(r"[0-9a-z.+]{1,64}", SOFTWARE_VERSION)  # VR LO, PS3.5 table 6.2-1
