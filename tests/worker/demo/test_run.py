"""The figures of the demonstration: what does not end as foretold counts as failed. tests/acceptance runs it whole."""

from pathlib import Path
from typing import Any

import pytest

from screening.card import Evidence
from worker.demo.run import _row, _settings, summary
from worker.demo.samples import Sample

STUDY = "1.2.3"
DECISION = {"model": "m", "code": "eligible", "reason": "frontal"}
FINDINGS = {
    "kind": "findings",
    "groups": [{"measurements": [{"name": {"meaning": "Risk"}, "value": 12.345, "unit": {"value": "%"}}]}],
}


def _sample(expected: Any) -> Sample:
    return Sample(label="s", study_instance_uid=STUDY, paths=(), expected={"m": expected})


def _study(outcome: dict[str, Any] | None, *uids: str) -> dict[str, Any]:
    deliveries = [{"sop_instance_uid": uid} for uid in uids]
    return {"jobs": [{"model": "m", "outcome": outcome, "deliveries": deliveries}]}


def test_a_screened_study_with_all_objects_stored_is_as_expected() -> None:
    stored = {"2.25.1": Path("/a"), "2.25.2": Path("/b")}
    row = _row(_sample("screened"), _study(FINDINGS, "2.25.1", "2.25.2"), DECISION, stored)
    assert row["as_expected"]
    assert row["outcome"] == "screened"
    assert row["detail"] == "Risk: 12.3 %"
    assert row["objects"] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("expected", "study"),
    [
        ("screened", _study(FINDINGS, "2.25.1", "2.25.9")),  # one object is not in the PACS
        ("screened", _study(FINDINGS)),  # nothing was to be delivered
        ("screened", _study({"kind": "not_evaluable", "reason": "blank"}, "2.25.1")),
        ("not-evaluable", _study(FINDINGS, "2.25.1")),
        ("screened", _study(None)),  # quarantined: no outcome
    ],
)
def test_any_other_end_is_not(expected: str, study: dict[str, Any]) -> None:
    assert not _row(_sample(expected), study, DECISION, {"2.25.1": Path("/a")})["as_expected"]


def test_a_model_that_a_sample_does_not_name_must_find_it_ineligible() -> None:
    other = {"model": "other", "code": "ineligible", "reason": "a child"}
    assert _row(_sample("screened"), {"jobs": []}, other, {})["as_expected"]
    assert not _row(_sample("screened"), {"jobs": []}, other | {"code": "eligible"}, {})["as_expected"]


def test_a_study_without_a_job_ends_by_its_decision() -> None:
    decision = {"model": "m", "code": "ineligible", "reason": "view is LL"}
    row = _row(_sample("ineligible"), {"jobs": []}, decision, {})
    assert row["as_expected"]
    assert row["detail"] == "view is LL"


def test_the_summary_counts_and_files_that_were_not_taken_are_failures() -> None:
    rows = [
        {"outcome": "screened", "objects": ["a", "b"], "as_expected": True},
        {"outcome": "not-evaluable", "objects": ["c"], "as_expected": True},
        {"outcome": "ineligible", "objects": [], "as_expected": False},
    ]
    values = summary(rows, sent=4, files=5, seconds=1.26, folder=Path("/f"))
    figures = {key: values[key] for key in ("sent", "screened", "not_evaluable", "objects_stored", "failed", "seconds")}
    assert figures == {
        "sent": 4, "screened": 1, "not_evaluable": 1, "objects_stored": 3, "failed": 2, "seconds": 1.3,
    }  # fmt: skip


def test_only_the_stand_in_takes_simulation_trained_results(tmp_path: Path) -> None:
    settings = _settings(tmp_path, 104)
    (destination,) = settings.destinations
    assert destination.accept_evidence == (Evidence.SIMULATION,)
    assert destination.address == settings.node.bind == "127.0.0.1"
