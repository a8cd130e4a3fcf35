"""What programs may ask for."""

import pytest

from dashboard.api import reading
from db import audit, jobs, users
from screening.users import Role
from tests.dashboard.programs import Program
from tests.dashboard.site import PASSWORD, QUICK, Site
from tests.db.factories import STUDY, admit, claimed, finished, make_instance


@pytest.fixture
def program(site: Site) -> Program:
    return Program(site, Role.VIEWER)


def test_what_is_where(site: Site, program: Program) -> None:
    with site.transaction() as s:
        finished(s)
    found = program.ask("GET", "/api/v1/status").json()
    assert (found["jobs"]["inferred"], found["processes"], found["broker"]) == (1, [], {"ok": True})


def test_studies_page_by_page(site: Site, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 1)
    with site.transaction() as s:
        finished(s)
        admit(s, make_instance("9.1.1", study="9", series="9.1", AccessionNumber="A9"))
    first = program.ask("GET", "/api/v1/studies").json()
    assert [row["accession_number"] for row in first["studies"]] == ["A9"]
    second = program.ask("POST", "/api/v1/studies/search", after=first["after"]).json()
    assert [row["jobs"][0]["deliveries"] for row in second["studies"]] == [{"pending": 2}]
    assert second["after"] is None
    found = program.ask("POST", "/api/v1/studies/search", text="A9").json()
    assert [row["study_id"] for row in found["studies"]] == [2]


def test_what_makes_no_sense_is_told(program: Program) -> None:
    answer = program.ask("GET", "/api/v1/studies?state=no")
    assert (answer.status_code, answer.json()) == (422, {"error": "there is no such state"})


def test_a_study_without_its_patient_and_audited(site: Site, program: Program) -> None:
    with site.transaction() as s:
        finished(s)
    answer = program.ask("GET", "/api/v1/studies/1")
    assert answer.json()["study_instance_uid"] == STUDY
    assert '"P1"' not in answer.text
    with site.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.actor, line.action, line.detail) == ("viewer", "view", "by a program")
    assert program.ask("GET", "/api/v1/studies/99").status_code == 404
    assert program.ask("GET", f"/api/v1/studies/{10**30}").status_code == 404


def test_what_failed(site: Site, program: Program) -> None:
    with site.transaction() as s:
        jobs.fail(s, claimed(s), reason="broken", retry_at=None)
    (row,) = program.ask("GET", "/api/v1/quarantine").json()["jobs"]
    assert (row["job_id"], row["study_id"], row["reason"]) == (1, 1, "broken")
    assert program.ask("GET", "/api/v1/deliveries/failed").json() == {"deliveries": []}


def test_wrong_tokens_are_counted(site: Site) -> None:
    nobody = Program(site, None)
    nobody.token = "opp_wrong"
    most = site.parts.settings.dashboard.attempts_per_minute
    assert {nobody.ask("GET", "/api/v1/status").status_code for _ in range(most)} == {401}
    assert nobody.ask("GET", "/api/v1/status").status_code == 429


def test_a_user_who_must_change_the_password_has_no_programs(site: Site, program: Program) -> None:
    with site.transaction() as s:
        users.reset(s, "viewer", QUICK.hash(PASSWORD), valid_seconds=60, who="root")
    assert program.ask("GET", "/api/v1/status").status_code == 403


def test_the_audit_trail_page_by_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 2)
    program = Program(site, Role.ADMIN)
    with site.transaction() as s:
        for number in (1, 2, 3):
            audit.record(s, actor="joe", action="retry", subject=f"job {number}", detail="")
    first = program.ask("GET", "/api/v1/audit?actor=joe").json()
    assert [(row["subject"], row["sound"]) for row in first["lines"]] == [("job 3", True), ("job 2", True)]
    second = program.ask("POST", "/api/v1/audit/search", actor="joe", before=str(first["before"])).json()
    assert [row["subject"] for row in second["lines"]] == ["job 1"]
    found = program.ask("POST", "/api/v1/audit/search", subject="job 2").json()
    assert [row["actor"] for row in found["lines"]] == ["joe"]
    assert len(program.ask("GET", "/api/v1/audit?subject=none").json()["lines"]) == 2
    assert program.ask("GET", "/api/v1/audit?before=x").status_code == 422
