"""Sessions end by disuse, by age and by their user, and the database cannot give one away."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db import user_sessions
from db.engine import Sessions, database_now, transaction
from db.user_tables import UserSessionRow
from tests.db.people import add_user


def test_a_session_is_found_by_its_token_alone(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
        begun = user_sessions.begin(s, user.user_id, idle_seconds=600, most_seconds=6000)
        found = user_sessions.find(s, begun.token, idle_seconds=600)
        assert found is not None
        assert (found.user, found.csrf, found.touch) == (user, begun.csrf, False)
        kept = s.scalars(select(UserSessionRow.token_digest)).one()
        assert begun.token not in kept
        assert user_sessions.find(s, kept, idle_seconds=600) is None
        assert user_sessions.find(s, "", idle_seconds=600) is None


@pytest.mark.parametrize("column", ["idle_at", "ends_at"])
def test_a_session_that_is_over_is_not_found_and_is_forgotten(sessions: Sessions, column: str) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
        begun = user_sessions.begin(s, user.user_id, idle_seconds=600, most_seconds=6000)
        s.execute(update(UserSessionRow).values(**{column: database_now(s) - timedelta(seconds=1)}))
        assert user_sessions.find(s, begun.token, idle_seconds=600) is None
        user_sessions.begin(s, user.user_id, idle_seconds=600, most_seconds=6000)
        assert len(s.scalars(select(UserSessionRow.id)).all()) == 1


def test_use_puts_the_end_off_but_is_written_seldom(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        begun = user_sessions.begin(s, add_user(s).user_id, idle_seconds=600, most_seconds=6000)
        s.execute(update(UserSessionRow).values(idle_at=database_now(s) + timedelta(seconds=500)))
        found = user_sessions.find(s, begun.token, idle_seconds=600)
        assert found is not None
        assert found.touch
        user_sessions.touch(s, found.session_id, idle_seconds=600)
        found = user_sessions.find(s, begun.token, idle_seconds=600)
        assert found is not None
        assert not found.touch


def test_a_session_is_ended(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        begun = user_sessions.begin(s, add_user(s).user_id, idle_seconds=600, most_seconds=6000)
        found = user_sessions.find(s, begun.token, idle_seconds=600)
        assert found is not None
        user_sessions.end(s, found.session_id)
        user_sessions.end(s, found.session_id)
        assert user_sessions.find(s, begun.token, idle_seconds=600) is None
