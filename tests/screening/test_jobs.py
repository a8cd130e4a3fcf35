from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from screening.codes import PNEUMONIA
from screening.jobs import Claim, Job, JobState, input_digest
from screening.types import ClinicalContext
from tests.screening.factories import UID, make_instance


def make_job() -> Job:
    return Job(
        job_id=1,
        study_instance_uid="1.2",
        series_instance_uid="1.3",
        sop_instance_uids=("1.4",),
        input_digest="0" * 64,
        model_name="cap_mortality_cxr",
        model_version="0.1.0",
        config_digest="1" * 64,
        state=JobState.READY,
        attempt=0,
        lease_owner=None,
        lease_until=None,
        next_attempt_at=None,
        predecessor_id=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_an_input_digest_depends_on_content_and_not_on_order() -> None:
    one, two, three = (make_instance(sop_instance_uid=f"{UID}.{n}", digest=f"{n:064x}") for n in (1, 2, 3))
    assert input_digest([one, two]) == input_digest([two, one])
    assert input_digest([one, two]) != input_digest([one, three])
    assert input_digest([one]) != input_digest([make_instance(sop_instance_uid=f"{UID}.1", digest="f" * 64)])
    assert len(input_digest([one])) == 64


def test_an_input_digest_depends_on_what_is_known_of_the_patient() -> None:
    one = make_instance(sop_instance_uid=f"{UID}.1", digest="1" * 64)
    known = [
        ClinicalContext(), ClinicalContext(items={"bmi": 24.0}), ClinicalContext(items={"bmi": 24.5}),
        ClinicalContext(diagnoses=(PNEUMONIA,)),
    ]  # fmt: skip
    assert len({input_digest([one], context) for context in known}) == len(known)
    assert input_digest([one], known[0]) == input_digest([one])
    more = {"bmi": 24.0, "confusion": 1.0}
    turned = dict(reversed(more.items()))
    assert input_digest([one], ClinicalContext(items=more)) == input_digest([one], ClinicalContext(items=turned))


def test_states_are_stored_as_lower_case_words() -> None:
    assert all(state.value == state.name.lower() for state in JobState)


def test_a_claim_is_frozen() -> None:
    claim = Claim(job=make_job(), owner="host:1", attempt=1)
    with pytest.raises(FrozenInstanceError):
        claim.attempt = 2  # type: ignore[misc]
