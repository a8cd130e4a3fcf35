"""The migrations, as a chain."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from db import audit, findings, jobs
from db.audit_chain import check
from db.engine import make_engine, make_sessions, migrate, migration_config, transaction
from screening.types import ClinicalContext

_STUDY_OF_0001 = """
    INSERT INTO studies (study_instance_uid, accession_number, patient_id, issuer_of_patient_id, first_received_at,
                         last_received_at, intake_due)
    VALUES ('1.2.3', '', 'P1', '', '2026-03-02 10:00:00', '2026-03-02 10:00:00', false)
"""
_JOB_OF_0001 = """
    INSERT INTO jobs (study_instance_uid, series_instance_uid, sop_instance_uids, input_digest, model_name,
                      model_version, config_digest, queue, state, attempt, attempt_base, created_at)
    VALUES ('1.2.3', '1.2.3.1', '["1.2.3.1.1"]', 'd', 'm', '1', 'c', 'screen', 'inferred', 1, 0, '2026-03-02 10:00:00')
"""
_RESULT_OF_0004 = """
    INSERT INTO results (job_id, kind, code, reason, notes, created_at)
    VALUES (1, 'not_evaluable', 'age-unknown', 'r', '[]', '2026-03-02 10:00:10')
"""
_LINE_OF_0001 = """
    INSERT INTO audit (at, actor, action, subject, detail) VALUES (:at, 'admin', 'retry', 'job 1', :detail)
"""


def test_the_chain_has_one_end_and_no_branch() -> None:
    script = ScriptDirectory.from_config(migration_config())
    assert len(script.get_heads()) == 1
    chain = [revision.revision for revision in script.walk_revisions()]
    assert chain == sorted(chain, reverse=True)
    assert chain[-1] == "0001"


def test_an_empty_database_comes_to_the_end_of_the_chain(url: str) -> None:
    engine: Engine = make_engine(url)
    migrate(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    engine.dispose()
    assert found == ScriptDirectory.from_config(migration_config()).get_heads()


def test_jobs_of_the_first_schema_are_kept_and_had_no_context(url: str) -> None:
    engine = make_engine(url)
    config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(_STUDY_OF_0001))
        connection.execute(text(_JOB_OF_0001))
    migrate(engine)
    with transaction(make_sessions(engine), read_only=True) as session:
        (job,) = jobs.of_study(session, "1.2.3")
    engine.dispose()
    assert (job.input_digest, job.context) == ("d", ClinicalContext())


def test_results_of_an_earlier_schema_are_kept_and_were_not_measured(url: str) -> None:
    engine = make_engine(url)
    config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(text(_STUDY_OF_0001))
        connection.execute(text(_JOB_OF_0001))
        connection.execute(text(_RESULT_OF_0004))
    migrate(engine)
    with transaction(make_sessions(engine), read_only=True) as session:
        outcome, stages = findings.of_job(session, 1), findings.stages_of(session, 1)
    engine.dispose()
    assert outcome == {"kind": "not_evaluable", "code": "age-unknown", "reason": "r", "sop_instance_uid": None}
    assert stages is None


def test_lines_of_the_first_audit_trail_are_kept_and_chained(url: str) -> None:
    engine = make_engine(url)
    config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for at in ("2026-03-02 10:00:01.000000", "2026-03-02 10:00:02.250000"):
            connection.execute(text(_LINE_OF_0001), {"at": at, "detail": "caf\u00e9"})
    migrate(engine)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        assert check(audit.oldest_first(session)).lines == 2
        audit.record(session, actor="admin", action="retry", subject="job 2", detail="after")
    with transaction(sessions, read_only=True) as session:
        verdict = check(audit.oldest_first(session))
        first, second, _ = audit.oldest_first(session)
    engine.dispose()
    assert (verdict.sound, verdict.lines) == (True, 3)
    assert (first.detail, first.at.second, second.at.microsecond) == ("caf\u00e9", 1, 250000)
