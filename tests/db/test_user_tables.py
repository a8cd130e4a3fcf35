"""What the tables of users hold by themselves."""

import pytest
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from db.engine import Sessions, transaction
from db.user_sessions import begin
from db.user_tables import UserRow, UserSessionRow
from tests.db.people import add_user


def test_a_name_is_of_one_user(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
    values = {"role": "viewer", "password_hash": "h", "must_change": False, "failures": 0}
    with pytest.raises(IntegrityError), transaction(sessions) as s:
        s.execute(insert(UserRow).values(name=user.name, created_at=user.created_at, **values))


def test_sessions_go_with_their_user(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
        begin(s, user.user_id, idle_seconds=60, most_seconds=600)
        s.execute(delete(UserRow))
        assert s.scalar(select(func.count()).select_from(UserSessionRow)) == 0
