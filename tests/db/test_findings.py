"""Findings as rows and as JSON."""

import json

from sqlalchemy import select

from db import findings, jobs, status
from db.engine import Sessions, transaction
from db.tables import FindingRow
from screening.findings import NotEvaluable
from screening.reports import Report
from tests.db import factories


def test_findings_come_back_ready_for_json(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s)
    with transaction(sessions) as s:
        found = findings.of_job(s, job_id)
    name = {"value": "MORT30", "scheme": "99OPPORTUNE", "meaning": "30-day mortality"}
    assert json.loads(json.dumps(found)) == {
        "kind": "findings",
        "conclusion": "High risk.",
        "notes": ["simulated"],
        "out_of_distribution": 0.5,
        "groups": [
            {
                "tracking_identifier": "mortality",
                "measurements": [
                    {
                        "name": name,
                        "value": 12.5,
                        "unit": {"value": "%", "scheme": "UCUM", "meaning": "percent"},
                        "horizon_days": 30,
                        "low": 10.0,
                        "high": 15.0,
                    }
                ],
                "qualitative": [
                    {
                        "name": {
                            "value": "RISKSTRATUM",
                            "scheme": "99OPPORTUNE",
                            "meaning": "Risk stratum (site-configured thresholds)",
                        },
                        "value": {"value": "15508007", "scheme": "SCT", "meaning": "High"},
                    }
                ],
            }
        ],
    }


def test_every_measurement_and_answer_is_a_row(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.finished(s)
        rows = s.scalars(select(FindingRow).order_by(FindingRow.position)).all()
        assert [(row.value, row.answer_meaning, row.horizon_days) for row in rows] == [
            (12.5, None, 30),
            (None, "High", None),
        ]


def test_not_evaluable_is_a_result(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        claim = factories.claimed(s)
        outcome = NotEvaluable(code="age-unknown", reason="neither birth date nor age", sop_instance_uid="1.2.3")
        jobs.finish(s, claim, outcome, Report(objects=()), [])
    with transaction(sessions) as s:
        assert findings.of_job(s, claim.job.job_id) == {
            "kind": "not_evaluable",
            "code": "age-unknown",
            "reason": "neither birth date nor age",
            "sop_instance_uid": "1.2.3",
        }
        assert status.counts(s)["not_evaluable_by_code"] == {"age-unknown": 1}


def test_a_job_without_outcome_has_none(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert findings.of_job(s, factories.claimed(s).job.job_id) is None
