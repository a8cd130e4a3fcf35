"""Studies as a list: order, pages, what narrows it, and what it costs."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from benchmarks.scale.fill import fill
from benchmarks.scale.size import Size
from db import jobs, selections, study_list
from db.engine import Sessions, database_now, make_engine, make_sessions, migrate, transaction
from db.study_list import Place, Wanted
from db.tables import StudyRow
from screening.jobs import JobState
from screening.types import Ineligible, Selection
from tests.db.factories import STUDY, admit, claim, claimed, finished, make_instance, open_job
from tests.db.plans import recorded, scans
from tests.servers.postgres import PostgresServer


def _numbers(sessions: Sessions, wanted: Wanted, after: Place | None = None, limit: int = 50) -> list[int]:
    with transaction(sessions, read_only=True) as s:
        return [line.study_id for line in study_list.listed(s, wanted, after=after, limit=limit)]


def _studies(sessions: Sessions, number: int) -> None:
    with transaction(sessions) as s:
        for k in range(1, number + 1):
            uid = f"1.2.3.{k}"
            admit(s, make_instance(f"{uid}.1.1", study=uid, series=f"{uid}.1", AccessionNumber=f"A{k}"))


def test_the_newest_first_page_by_page(sessions: Sessions) -> None:
    _studies(sessions, 5)
    with transaction(sessions, read_only=True) as s:
        first = study_list.listed(s, Wanted(), limit=2)
        place = Place(at=first[-1].first_received_at, study_id=first[-1].study_id)
        second = study_list.listed(s, Wanted(), after=place, limit=2)
    assert [line.study_id for line in (*first, *second)] == [5, 4, 3, 2]


def test_studies_of_one_moment_are_not_lost_between_pages(sessions: Sessions) -> None:
    _studies(sessions, 3)
    with transaction(sessions) as s:
        at = database_now(s)
        for row in s.query(StudyRow):
            row.first_received_at = at
    assert _numbers(sessions, Wanted(), Place(at=at, study_id=3)) == [2, 1]


def test_a_study_with_its_jobs_and_what_no_model_takes(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        finished(s)
        no = Ineligible(series_instance_uid="1.2.3.1.1", code="wrong-modality", reason="DX")
        selections.record(s, STUDY, "bone_muscle_ct", "1", Selection(chosen=None, rejected=(no,)), "no-series", "none")
        (line,) = study_list.listed(s, Wanted())
    assert (line.accession_number, line.modalities, line.waiting, line.conflict) == ("A1", ("DX",), True, False)
    (job,) = line.jobs
    assert (job.model, job.state, job.deliveries) == ("cap_mortality_cxr", "inferred", Counter(pending=2))
    assert line.decisions == (("bone_muscle_ct", "no-series"),)


@pytest.mark.parametrize(
    ("text", "found"),
    [("A2", [2]), ("1.2.3.2", [2]), ("1.2.3.2.1.1", [2]), ("A", []), ("", [3, 2, 1]), ("x" * 500, [])],
)
def test_found_by_what_names_it(sessions: Sessions, text: str, found: list[int]) -> None:
    _studies(sessions, 3)
    assert _numbers(sessions, Wanted(text=text)) == found


def test_narrowed_by_jobs_and_days(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        finished(s)
        jobs.fail(s, claimed(s, images="b", model_name="bone_muscle_ct"), reason="broken", retry_at=None)
        now = database_now(s)
    assert _numbers(sessions, Wanted(state=JobState.QUARANTINED)) == [1]
    assert _numbers(sessions, Wanted(state=JobState.QUARANTINED, model="cap_mortality_cxr")) == []
    assert _numbers(sessions, Wanted(state=JobState.INFERRED, model="cap_mortality_cxr")) == [1]
    assert _numbers(sessions, Wanted(model="spine_fracture_xr")) == []
    assert _numbers(sessions, Wanted(since=now - timedelta(days=1), before=now + timedelta(days=1))) == [1]
    assert _numbers(sessions, Wanted(before=now - timedelta(days=1))) == []


def test_what_waits_by_model(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        finished(s)
        open_job(s, images="b")
        claim(s, open_job(s, images="c")[0].job_id)
        open_job(s, images="b", model_name="bone_muscle_ct")
        assert study_list.waiting_by_model(s) == {
            "bone_muscle_ct": Counter(ready=1),
            "cap_mortality_cxr": Counter(ready=1, claimed=1),
        }


def test_numbers_and_uids(sessions: Sessions) -> None:
    _studies(sessions, 1)
    with transaction(sessions, read_only=True) as s:
        assert study_list.uid_of(s, 1) == "1.2.3.1"
        assert study_list.brief(s, ["1.2.3.1", "9"])["1.2.3.1"].accession_number == "A1"
        with pytest.raises(KeyError):
            study_list.uid_of(s, 7)


def test_series_with_the_header_of_their_first_image(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        for number in (1, 2):
            admit(s, make_instance(f"1.2.3.1.5.{number}", series="1.2.3.1.5", SeriesNumber=5, SeriesDescription="PA"))
        admit(s, make_instance("1.2.3.1.2.1", series="1.2.3.1.2", SeriesNumber=2, SeriesDescription="lateral"))
        found = study_list.series_of(s, STUDY)
    assert [(line.series_number, line.images, line.header.text("SeriesDescription")) for line in found] == [
        (2, 1, "lateral"),
        (5, 2, "PA"),
    ]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path_factory.mktemp('filled') / 'opportune.sqlite'}"
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.database()
    engine = make_engine(url)
    migrate(engine)
    fill(engine, Size(instances=20_000))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("state", [JobState.INFERRED, JobState.SUPERSEDED])
def test_sqlite_asks_each_study_for_its_own_jobs(filled: Engine, state: JobState) -> None:
    if filled.dialect.name != "sqlite":
        return  # PostgreSQL knows how many jobs are done
    with recorded(filled) as statements, transaction(make_sessions(filled), read_only=True) as s:
        study_list.listed(s, Wanted(state=state))
    sql, parameters = next(item for item in statements if "EXISTS" in item[0])
    with filled.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    assert not [line for line in plan if "ix_jobs_state_created_at" in line]
    assert [line for line in plan if "jobs" in line and "study_instance_uid=?" in line]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(text="ACC7"),
        Wanted(state=JobState.READY),
        Wanted(state=JobState.DISMISSED),
        Wanted(state=JobState.INFERRED, model="cap_mortality_cxr"),
    ],
    ids=["all", "text", "open", "dismissed", "done"],
)
def test_no_page_reads_a_whole_table(filled: Engine, wanted: Wanted) -> None:
    with recorded(filled) as statements, transaction(make_sessions(filled), read_only=True) as s:
        lines = study_list.listed(s, wanted)
        if lines:
            study_list.listed(s, wanted, after=Place(at=lines[-1].first_received_at, study_id=lines[-1].study_id))
    with filled.connect() as connection:  # studies are read in their order until there are enough
        assert {scan.table for scan in scans(connection, statements, forced=True)} <= {"studies", "named"}
