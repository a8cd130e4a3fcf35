"""Fixtures for every test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import config

pytest_plugins = ["tests.servers.postgres", "tests.servers.redis", "tests.servers.orthanc"]

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for variable in [name for name in os.environ if name.startswith("OPPORTUNE_")]:
        monkeypatch.delenv(variable)


@pytest.fixture(autouse=True)
def _pydicom_as_shipped() -> Iterator[None]:
    """What a test switches off in pydicom (`dicom_node.identity`) does not hide warnings from the tests after it."""
    before = config.settings.reading_validation_mode
    yield
    config.settings.reading_validation_mode = before


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real images, read in place."""
    if not REAL_DATA.is_dir():
        pytest.skip("no real images here: ../shared/data is absent")
    return REAL_DATA


def require_program(*names: str) -> None:
    """Skip, or in CI fail, when a server package's program is missing."""
    missing = [name for name in names if shutil.which(name) is None]
    if not missing:
        return
    message = f"{', '.join(missing)} not installed: run deploy/install-test-servers.sh"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
