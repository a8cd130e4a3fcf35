"""Fixtures of the tests of DICOM on the network."""

import pytest

from benchmarks.certificates import Authority
from tests.conftest import require_program


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    require_program("openssl")
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody here trusts."""
    require_program("openssl")
    return Authority(tmp_path_factory.mktemp("stranger"))
