"""Studies: quiet, loaded, found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from db import context, instances, studies
from db.context import ContextItem
from db.engine import Sessions, database_now, transaction
from screening.jobs import input_digest
from tests.db import factories

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _later(s: Session, seconds: float = 61) -> datetime:
    return database_now(s) + timedelta(seconds=seconds)


def _quiet(s: Session, after: float = 61) -> list[str]:
    return studies.quiet(s, quiet_seconds=60, now=_later(s, after))


def _open(s: Session) -> int:
    return factories.open_association(
        s, calling_ae_title="CT1", called_ae_title="OPPORTUNE", address="10.1.2.3", rejected_contexts=[]
    )


def _intake(s: Session, study: str = factories.STUDY) -> None:
    studies.intake_done(s, study, input_digest(studies.load(s, study).instances))


def test_a_study_is_quiet_when_nothing_came_for_the_quiet_period(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        assert _quiet(s, after=50) == []
        assert _quiet(s) == [factories.STUDY]


def _next(s: Session, after: float) -> float | None:
    """Seconds from `after` until the next study is quiet."""
    now = _later(s, after)
    found = studies.next_quiet(s, quiet_seconds=60, now=now)
    return None if found is None else (found - now).total_seconds()


def test_when_the_next_study_will_be_quiet(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert _next(s, 0) is None
        factories.admit(s)
        assert _next(s, 50) == pytest.approx(10, abs=5)
        assert _next(s, 61) is None  # it is: intake had its chance
        _intake(s)
        assert _next(s, 50) is None


def test_a_study_whose_association_is_still_open_may_be_quiet_at_any_moment(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        association = _open(s)
        factories.admit(s, association_id=association)
        assert _next(s, 50) == pytest.approx(10, abs=5)
        assert _next(s, 61) == 0
        factories.close_association(s, association, "released")
        assert _next(s, 61) is None


def test_an_open_association_that_delivered_to_the_study_keeps_it_waiting(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        mine, other = _open(s), _open(s)
        factories.admit(s, association_id=mine)
        assert _quiet(s) == []
        factories.close_association(s, mine, "connection lost")
        assert _quiet(s) == [factories.STUDY]
        factories.admit(s, association_id=other)  # a duplicate: the study is being sent again
        assert _quiet(s) == []


def test_an_old_reception_that_was_not_read_yet_keeps_every_study_waiting(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        key = factories.receive(s, "1.2.3.4")
        assert _quiet(s) == []
        instances.unreadable(s, key, "no-uid", "missing")
        assert _quiet(s) == [factories.STUDY]


def test_intake_settles_a_study_until_another_image_comes(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        _intake(s)
        assert _quiet(s) == []
        assert factories.admit(s) == "duplicate"
        assert _quiet(s) == []
        assert factories.admit(s, factories.make_instance("1.2.3.1.1.2")) == "indexed"
        assert _quiet(s) == [factories.STUDY]


def test_an_image_that_came_during_intake_keeps_the_study_due(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        seen = input_digest(studies.load(s, factories.STUDY).instances)
    with transaction(sessions) as s:
        factories.admit(s, factories.make_instance("1.2.3.1.1.2"))
    with transaction(sessions) as s:
        studies.intake_done(s, factories.STUDY, seen)
        assert _quiet(s) == [factories.STUDY]
        _intake(s)
        assert _quiet(s) == []


def test_context_that_was_imported_during_intake_keeps_the_study_due(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        seen = input_digest(studies.load(s, factories.STUDY).instances)
    with transaction(sessions) as s:
        told = [ContextItem(patient_id="P1", name="bmi", value=24.0)]
        imported = context.import_items(s, told)
        assert studies.take_in_again_of(s, imported.changed, since=LONG_AGO) == 1
        assert context.import_items(s, told).changed == frozenset()
    with transaction(sessions) as s:
        studies.intake_done(s, factories.STUDY, seen)
        assert _quiet(s) == [factories.STUDY]
        known = context.for_patient(s, "P1", "")
        studies.intake_done(s, factories.STUDY, input_digest(studies.load(s, factories.STUDY).instances, known))
        assert _quiet(s) == []


def test_only_studies_of_the_patient_that_came_lately_are_taken_in_again(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        _intake(s)
        assert studies.take_in_again_of(s, [("P2", ""), ("P1", "B"), ("", "")], since=LONG_AGO) == 0
        assert studies.take_in_again_of(s, [("P1", "")], since=database_now(s) + timedelta(seconds=1)) == 0
        assert _quiet(s) == []
        assert studies.take_in_again_of(s, [("P1", "")], since=LONG_AGO) == 1
        assert _quiet(s) == [factories.STUDY]


def test_a_study_with_a_conflict_only_is_due_so_that_intake_sees_it(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        _intake(s)
        factories.admit(s, factories.make_instance("1.2.3.1.1.2", PatientID="P2"))
        assert _quiet(s) == [factories.STUDY]
        _intake(s)
        assert _quiet(s) == []


def test_the_longest_quiet_study_comes_first(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        for study in ("1.2.9", "1.2.8", "1.2.7"):
            factories.admit(s, factories.make_instance(f"{study}.1", study=study))
        assert _quiet(s) == ["1.2.9", "1.2.8", "1.2.7"]


def test_a_study_loads_in_the_order_of_its_numbers(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        for uid, series, series_number, number in [
            ("1.2.5", "1.2.3.2", 1, 2),
            ("1.2.6", "1.2.3.2", 1, 10),
            ("1.2.7", "1.2.3.2", 1, None),
            ("1.2.4", "1.2.3.1", 2, 1),
            ("1.2.8", "1.2.3.2", 1, 2),
        ]:
            header: dict[str, Any] = {"SeriesNumber": series_number} | (
                {"InstanceNumber": str(number)} if number else {}
            )
            factories.admit(s, factories.make_instance(uid, series=series, **header))
        study = studies.load(s, factories.STUDY)
    assert [series.series_instance_uid for series in study.series] == ["1.2.3.2", "1.2.3.1"]
    assert [i.sop_instance_uid for i in study.instances] == ["1.2.5", "1.2.8", "1.2.6", "1.2.7", "1.2.4"]


def test_a_loaded_instance_is_the_one_that_was_indexed(sessions: Sessions) -> None:
    given = factories.make_instance(PixelSpacing=[0.1, 0.2], Rows=10, ImageType=["ORIGINAL", "PRIMARY"])
    with transaction(sessions) as s:
        key = factories.receive(s)
        name = instances.received(s)[0].spool_name
        instances.index(s, key, given)
    with transaction(sessions) as s:
        (found,) = studies.load(s, factories.STUDY).instances
    assert found.header == given.header
    assert found.digest == given.digest
    assert found.location == name
    assert found.series_instance_uid == given.series_instance_uid


def test_a_study_may_be_taken_in_again_without_a_new_image(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s)
        studies.intake_done(s, factories.STUDY, input_digest(studies.load(s, factories.STUDY).instances))
        later = database_now(s) + timedelta(seconds=1)
        assert studies.quiet(s, quiet_seconds=0, now=later) == []
        studies.take_in_again(s, factories.STUDY)
        assert studies.quiet(s, quiet_seconds=0, now=later) == [factories.STUDY]
        with pytest.raises(KeyError, match="no study"):
            studies.take_in_again(s, "1.2.3")


def test_a_study_is_found_by_accession_number_and_by_uid(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        factories.admit(s, factories.make_instance("1.2.1", study="1.2.9"))
        factories.admit(s, factories.make_instance("1.2.2", study="1.2.8"))
        factories.admit(s, factories.make_instance("1.2.4", study="1.2.7", AccessionNumber="A2"))
        assert studies.find(s, "A1") == ["1.2.8", "1.2.9"]
        assert studies.find(s, "1.2.7") == ["1.2.7"]
        assert studies.find(s, "A") == []


def test_what_is_not_there_and_what_is_no_digest_is_said(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        with pytest.raises(KeyError, match="no study"):
            studies.load(s, "1.2.3")
        factories.admit(s)
        with pytest.raises(ValueError, match="SHA-256"):
            studies.intake_done(s, factories.STUDY, "digest")
