"""INSERT ... ON CONFLICT on both databases."""

from typing import Any

from sqlalchemy import select

from db.engine import Sessions, database_now, transaction
from db.tables import ClinicalContextRow
from db.upsert import insert_or_ignore, insert_or_update

_KEYS = ["patient_id", "issuer_of_patient_id", "kind", "name"]


def _values(**changes: Any) -> dict[str, Any]:
    values = {"patient_id": "P", "issuer_of_patient_id": "", "kind": "item", "name": "bmi", "value": 1.0}
    return values | changes


def test_ignore_tells_whether_it_inserted(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        now = database_now(s)
        first = insert_or_ignore(s, ClinicalContextRow, _KEYS, _values(imported_at=now))
        again = insert_or_ignore(s, ClinicalContextRow, _KEYS, _values(imported_at=now, value=2.0))
        other = insert_or_ignore(s, ClinicalContextRow, _KEYS, _values(imported_at=now, name="age"))
        assert first is not None
        assert again is None
        assert other not in (None, first)
        assert s.get_one(ClinicalContextRow, first).value == 1.0


def test_update_gives_the_new_values(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        for value in (1.0, 2.0):
            insert_or_update(s, ClinicalContextRow, _KEYS, _values(imported_at=database_now(s), value=value))
        assert [row.value for row in s.scalars(select(ClinicalContextRow))] == [2.0]
