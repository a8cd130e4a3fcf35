"""Who is examined."""

from sqlalchemy import Engine

from db import patients
from db.engine import Sessions, transaction
from tests.db.factories import STUDY, admit, make_instance
from tests.db.plans import recorded, scans


def test_a_header_of_each_study_that_has_one(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        admit(s, make_instance(PatientName="Doe^Jane"))
        admit(s, make_instance("1.2.3.1.1.2", PatientName="Doe^Jane"))
        admit(s, make_instance("1.2.3.2.1.1", study="1.2.3.2", PatientName="Roe^Jim"))
        found = patients.headers_of(s, [STUDY, "1.2.3.2", "1.2.3.9"])
        assert {uid: header.text("PatientName") for uid, header in found.items()} == {
            STUDY: "Doe^Jane",
            "1.2.3.2": "Roe^Jim",
        }
        assert patients.headers_of(s, []) == {}


def test_no_table_is_read_as_a_whole(sessions: Sessions, engine: Engine) -> None:
    with recorded(engine) as statements, transaction(sessions, read_only=True) as s:
        patients.headers_of(s, [STUDY])
    with engine.connect() as connection:
        assert scans(connection, statements, forced=True) == []
