"""Report objects as a list."""

import pytest

from db import report_list
from db.engine import Sessions, transaction
from tests.db.factories import STUDY, finished


def test_objects_without_their_bytes(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        job_id = finished(s)
        found = report_list.objects_of(s, job_id)
        assert [(item.role, item.kind, item.size) for item in found] == [
            ("card", "sc", 136),
            ("measurements", "sr", 144),
        ]
        assert report_list.study_of(s, found[0].object_id) == STUDY
        assert report_list.objects_of(s, 99) == []
        with pytest.raises(KeyError):
            report_list.study_of(s, 99)
