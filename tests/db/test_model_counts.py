"""How much each model did."""

import pytest

from db import jobs, model_counts
from db.engine import Sessions, transaction
from tests.db.factories import claimed, open_job
from tests.db.outcomes import MODEL, refusal, store


def test_nothing_yet(sessions: Sessions) -> None:
    with transaction(sessions, read_only=True) as s:
        assert model_counts.of_models(s) == {}


def test_outcomes_and_what_is_open(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        store(s, 1)
        store(s, 2)
        store(s, 3, refusal())
        jobs.fail(s, claimed(s, images="bad"), reason="broken", retry_at=None)
        open_job(s, images="later", model_name="bone_muscle_ct")
    with transaction(sessions, read_only=True) as s:
        found = model_counts.of_models(s)
    assert set(found) == {MODEL, "bone_muscle_ct"}
    one, other = found[MODEL], found["bone_muscle_ct"]
    assert (one.findings, one.not_evaluable, one.quarantined, one.waiting) == (2, 1, 1, 0)
    assert (other.findings, other.not_evaluable, other.quarantined, other.waiting) == (0, 0, 0, 1)
    assert other.last is None


def test_the_newest_result_and_what_ran_it(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        store(s, 1, engine="torch 2.13.0 (cpu)")
        store(s, 2, refusal("rotated"), engine="OpenVINO 2026.3 (cpu)", model_version="1.1.0")
        store(s, 3, model_name="bone_muscle_ct")
    with transaction(sessions, read_only=True) as s:
        found = model_counts.of_models(s)
    last, other = found[MODEL].last, found["bone_muscle_ct"].last
    assert last is not None
    assert (last.accession_number, last.kind, last.code, last.version) == ("A2", "not_evaluable", "rotated", "1.1.0")
    assert last.engine == "OpenVINO 2026.3 (cpu)"
    assert other is not None
    assert (other.accession_number, other.engine) == ("A3", "")


def test_older_ones_than_are_looked_at_are_none(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_counts, "LOOKED_AT", 2)
    with transaction(sessions) as s:
        store(s, 1, model_name="bone_muscle_ct")
        store(s, 2)
        store(s, 3)
    with transaction(sessions, read_only=True) as s:
        found = model_counts.of_models(s)
    assert found["bone_muscle_ct"].last is None
    assert found["bone_muscle_ct"].findings == 1
    assert found[MODEL].last is not None
