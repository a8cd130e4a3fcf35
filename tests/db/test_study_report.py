"""What is told of a study, from rows alone; through the steps of a node: tests/worker/test_study_report.py."""

import json

import pytest

from db.engine import Sessions, transaction
from db.study_report import describe_study
from tests.db.factories import STUDY, finished


def test_a_finished_job_is_told_with_its_deliveries(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        finished(s)
        values = describe_study(s, STUDY, quiet_seconds=0)
    (job,) = values["jobs"]
    assert (values["instances"], job["state"], job["outcome"]["conclusion"]) == (1, "inferred", "High risk.")
    assert [item["state"] for item in job["deliveries"]] == ["pending", "pending"]
    assert "P1" not in json.dumps(values)


def test_a_study_that_is_not_there(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s, pytest.raises(KeyError):
        describe_study(s, "1.2.3", quiet_seconds=0)
