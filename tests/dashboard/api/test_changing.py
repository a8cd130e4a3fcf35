"""What programs may change."""

import pytest

from db import audit, jobs
from screening.jobs import JobState
from screening.users import Role
from tests.dashboard.programs import Program
from tests.dashboard.site import Site
from tests.db.factories import claimed, finished


@pytest.fixture
def program(site: Site) -> Program:
    with site.transaction() as s:
        jobs.fail(s, claimed(s), reason="broken", retry_at=None)
    return Program(site, Role.OPERATOR)


def _state(site: Site) -> JobState:
    with site.transaction() as s:
        return jobs.get(s, 1).state


def test_a_job_is_tried_again_once(site: Site, program: Program) -> None:
    assert program.ask("POST", "/api/v1/jobs/1/retry").json() == {"done": True}
    assert _state(site) is JobState.READY
    assert program.ask("POST", "/api/v1/jobs/1/retry").json() == {"done": False}
    assert program.ask("POST", "/api/v1/jobs/7/retry").status_code == 404


def test_a_job_is_given_up_for_a_reason(site: Site, program: Program) -> None:
    assert program.ask("POST", "/api/v1/jobs/1/dismiss").status_code == 422
    assert program.ask("POST", "/api/v1/jobs/1/dismiss", why="moved").json() == {"done": True}
    with site.transaction() as s:
        line = audit.newest(s)[0]
    assert (line.actor, line.detail) == ("operator", "moved")


def test_an_object_is_sent_again(site: Site, program: Program) -> None:
    with site.transaction() as s:
        finished(s, images="others")
    assert program.ask("POST", "/api/v1/deliveries/1/retry").json() == {"done": True}
    assert program.ask("POST", "/api/v1/deliveries/99/retry").json() == {"done": False}
