"""The audit trail."""

import re

import pytest
from sqlalchemy import func, select, text

from dashboard.pages import audit_trail
from db import audit
from db.node_tables import AuditMessageRow
from tests.dashboard.site import Browser, Site, text_of


def _shown(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row" class="n">(\d+)</th>', page)]


def _say(site: Site, actor: str, action: str, subject: str, detail: str = "") -> int:
    with site.transaction() as s:
        return audit.record(s, actor=actor, action=action, subject=subject, detail=detail)


def test_pages_of_it_newest_first(site: Site, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "ON_A_PAGE", 3)
    last = _say(site, "joe", "retry", "job 1", "<b>")
    page = admin.get("/audit").text
    assert _shown(page) == [last, last - 1, last - 2]
    assert "&lt;b&gt;" in page
    assert f'name="before" value="{last - 2}">Older' in page
    older = admin.post("/audit", before=str(last - 2)).text
    assert _shown(older) == _shown(admin.get(f"/audit?before={last - 2}").text) == [last - 3, last - 4, last - 5]
    assert ">Newest</button>" in older


def test_narrowed_by_who_what_to_what_and_when(site: Site, admin: Browser) -> None:
    first = _say(site, "joe", "view", "study 1.2.3.4")
    second = _say(site, "joe", "retry", "job 1")
    third = _say(site, "jane", "view", "study 1.2.3")
    assert _shown(admin.post("/audit", actor=" joe ").text) == [second, first]
    assert _shown(admin.post("/audit", action="view").text) == [third, first]
    assert _shown(admin.post("/audit", subject="1.2.3.4").text) == [first]
    assert _shown(admin.post("/audit", actor="joe", action="view").text) == [first]
    assert third in _shown(admin.post("/audit", since="2020-01-01").text)
    answer = admin.post("/audit", until="2020-01-01")
    assert "No line is like that." in text_of(answer)
    assert 'name="until" value="2020-01-01"' in answer.text


def test_a_subject_in_the_address_is_not_looked_at(site: Site, admin: Browser) -> None:
    last = _say(site, "joe", "view", "study 1.2.3.4")
    assert _shown(admin.get("/audit?subject=nothing&actor=joe").text) == [last]


def test_a_changed_line_is_told(site: Site, admin: Browser) -> None:
    number = _say(site, "joe", "retry", "job 1")
    assert "Each of these lines fits the one before it." in text_of(admin.get("/audit"))
    with site.transaction() as s:
        s.execute(text("DROP TRIGGER audit_no_update"))
        s.execute(text("UPDATE audit SET actor = 'jim' WHERE sequence = :number"), {"number": number})
    shown = text_of(admin.get("/audit"))
    assert "1 of these lines do not fit the line before: the trail was changed." in shown
    assert "job 1 changed" in shown


def test_that_it_is_read_is_reported(site: Site, admin: Browser) -> None:
    def reports() -> int:
        with site.transaction() as s:
            return s.scalar(select(func.count()).select_from(AuditMessageRow)) or 0

    before = reports()
    admin.get("/audit")
    admin.post("/audit", actor="joe")
    assert reports() == before + 2


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=1e9", f"before={'9' * 30}", "since=yesterday"])
def test_what_makes_no_sense_is_told(admin: Browser, query: str) -> None:
    answer = admin.get(f"/audit?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
