"""What is asked of the audit trail; the page and the API have their own tests."""

import pytest

from dashboard.ask import Ask
from dashboard.audit_looking import look
from db import audit
from tests.dashboard.site import Site


@pytest.fixture
def ask(site: Site) -> Ask:
    empty: dict[str, str] = {}
    return Ask(
        parts=site.parts, path="/audit", values={}, query=empty, form=empty, cookies=empty, client="x", fragment=False,
        signed=None,
    )  # fmt: skip


def test_blanks_around_a_field_do_not_count(site: Site, ask: Ask) -> None:
    with site.transaction() as s:
        number = audit.record(s, actor="joe", action="retry", subject="job 1", detail="")
    looked = look(ask, {"actor": " joe", "action": "retry ", "subject": " job "}, limit=5)
    assert [entry.sequence for entry in looked.found.entries] == [number]
    assert looked.unsound == set()
    assert look(ask, {"actor": "joe", "before": str(number)}, limit=5).found.entries == []


@pytest.mark.parametrize("fields", [{"before": "x"}, {"before": "9" * 18}, {"since": "x"}, {"until": "9999-01-01"}])
def test_what_makes_no_sense(ask: Ask, fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"there is no such|is written as"):
        look(ask, fields, limit=5)
