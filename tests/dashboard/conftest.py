"""Fixtures of the dashboard's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from screening.users import Role
from tests.dashboard.site import Browser, Site, make_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A dashboard with a user of each role and nothing in the database."""
    found = make_site(tmp_path)
    yield found
    found.parts.sessions.kw["bind"].dispose()


@pytest.fixture
def viewer(site: Site) -> Browser:
    return site.signed_in(Role.VIEWER)


@pytest.fixture
def operator(site: Site) -> Browser:
    return site.signed_in(Role.OPERATOR)


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.signed_in(Role.ADMIN)
