"""The audit trail."""

import re

import pytest
from sqlalchemy import func, select

from dashboard.pages import audit_trail
from db import audit
from db.node_tables import AuditMessageRow
from tests.dashboard.site import Browser, Site


def _shown(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row" class="n">(\d+)</th>', text)]


def test_pages_of_it_newest_first(site: Site, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "ON_A_PAGE", 3)
    with site.transaction() as s:
        last = audit.record(s, actor="joe", action="retry", subject="job 1", detail="<b>")
    text = admin.get("/audit").text
    assert _shown(text) == [last, last - 1, last - 2]
    assert "&lt;b&gt;" in text
    assert _shown(admin.get(f"/audit?before={last - 2}").text) == [last - 3, last - 4, last - 5]
    assert f'href="/audit?before={last - 2}"' in text


def test_that_it_is_read_is_reported(site: Site, admin: Browser) -> None:
    def reports() -> int:
        with site.transaction() as s:
            return s.scalar(select(func.count()).select_from(AuditMessageRow)) or 0

    before = reports()
    admin.get("/audit")
    assert reports() == before + 1


@pytest.mark.parametrize("before", ["x", "-1", "1e9", "9" * 30])
def test_a_page_that_is_none(admin: Browser, before: str) -> None:
    assert admin.get(f"/audit?before={before}").status_code == 404
