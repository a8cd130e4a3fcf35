"""What the node's own tables hold by themselves, whoever writes to them."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from db.engine import Sessions, transaction
from db.node_tables import AuditRow, ConditionRow
from screening import clock


def test_a_part_of_the_node_has_one_condition(sessions: Sessions) -> None:
    row = {"subject": "spool", "failures": 1, "since": clock.now(), "detail": "full"}
    with pytest.raises(IntegrityError), transaction(sessions) as s:
        s.execute(insert(ConditionRow), [row, row])


def test_a_line_of_the_trail_has_the_number_that_it_is_given(sessions: Sessions) -> None:
    line = {"at": clock.now(), "actor": "a", "action": "b", "subject": "c", "detail": "d", "digest": "0" * 64}
    with transaction(sessions) as s:
        s.execute(insert(AuditRow).values(sequence=7, **line))
        assert s.get(AuditRow, 7) is not None
    with pytest.raises(IntegrityError), transaction(sessions) as s:
        s.execute(insert(AuditRow).values(sequence=7, **line))
