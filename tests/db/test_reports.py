"""Report objects: frozen bytes."""

import pytest
from sqlalchemy import select

from db import reports
from db.engine import Sessions, transaction
from db.tables import ReportObjectRow
from screening.errors import Permanent
from tests.db import factories


def test_objects_come_back_byte_for_byte_in_their_order(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s)
    with transaction(sessions) as s:
        found = reports.objects_of(s, job_id)
        keys = s.scalars(select(ReportObjectRow.id).order_by(ReportObjectRow.id)).all()
        assert found == factories.make_report().objects
        assert tuple(reports.get(s, key) for key in keys) == found


def test_bytes_that_changed_are_not_given_out(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = factories.finished(s)
        row = s.scalars(select(ReportObjectRow).limit(1)).one()
        row.encoded = row.encoded[:-1] + b"?"
    with transaction(sessions) as s, pytest.raises(Permanent, match="have changed"):
        reports.objects_of(s, job_id)


def test_what_is_not_there_is_said(sessions: Sessions) -> None:
    with transaction(sessions) as s, pytest.raises(KeyError, match="no report object"):
        reports.get(s, 1)
