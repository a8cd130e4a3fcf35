"""Users: one-time passwords, lock-out, roles, and the admin who must stay."""

from datetime import timedelta

import pytest

from db import audit, user_sessions, users
from db.engine import Sessions, database_now, transaction
from screening.errors import LastAdmin
from screening.users import Role
from tests.db.people import add_user, set_moment


def test_a_new_user_has_a_one_time_password_and_is_audited(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        assert users.is_empty(s)
        user = users.add(s, "Jane", Role.OPERATOR, "hash", valid_seconds=60, who="root")
        assert user is not None
        assert (user.name, user.role, user.must_change) == ("jane", Role.OPERATOR, True)
        assert user.password_until is not None
        assert timedelta(0) < user.password_until - database_now(s) <= timedelta(seconds=60)
        assert users.add(s, "JANE", Role.ADMIN, "other", valid_seconds=60, who="root") is None
        assert not users.is_empty(s)
        assert users.known(s) == [users.get(s, "jane")]
        (line,) = audit.newest(s)
    assert (line.actor, line.action, line.subject, line.detail) == ("root", "user added", "user jane", "role operator")


def test_a_one_time_password_gets_too_old_and_a_chosen_one_does_not(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        users.add(s, "jane", Role.ADMIN, "hash", valid_seconds=60, who="root")
        found = users.credentials(s, "jane")
        assert found is not None
        assert (found.password_hash, found.barred) == ("hash", False)
        set_moment(s, "jane", password_until=-1)
        found = users.credentials(s, "jane")
        assert found is not None
        assert found.barred
        users.change_password(s, "jane", "chosen")
        found = users.credentials(s, "jane")
        assert found is not None
        assert (found.password_hash, found.barred, found.user.must_change) == ("chosen", False, False)


@pytest.mark.parametrize("name", ["nobody", "", "no such name", "\x00"])
def test_nobody_has_no_credentials(sessions: Sessions, name: str) -> None:
    with transaction(sessions, read_only=True) as s:
        assert users.credentials(s, name) is None
        with pytest.raises(KeyError):
            users.get(s, name)


def test_wrong_passwords_lock_an_account_for_a_while(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        add_user(s)
        locked = [users.refused(s, "jane", most=3, lock_seconds=60, where="10.0.0.9") for _ in range(3)]
        assert locked == [False, False, True]
        found = users.credentials(s, "jane")
        assert found is not None
        assert found.barred
        line = audit.newest(s)[0]
        assert (line.action, line.subject) == ("sign-in refused", "user jane")
        assert line.detail == "from 10.0.0.9, 3 in a row; locked for 60 s"
        set_moment(s, "jane", locked_until=-1)
        found = users.credentials(s, "jane")
        assert found is not None
        assert not found.barred
        again = [users.refused(s, "jane", most=3, lock_seconds=60, where="10.0.0.9") for _ in range(3)]
        assert again == [False, False, True]


def test_the_right_password_ends_the_count(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        add_user(s)
        users.refused(s, "jane", most=2, lock_seconds=60, where="a")
        users.signed_in(s, "jane", where="10.0.0.9", password_hash="stronger")
        assert users.refused(s, "jane", most=2, lock_seconds=60, where="a") is False
        found = users.credentials(s, "jane")
        assert found is not None
        assert found.password_hash == "stronger"
        assert found.user.signed_in_at is not None
        assert audit.newest(s)[1].detail == "from 10.0.0.9"


def test_a_reset_unlocks_and_ends_sessions(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
        users.refused(s, "jane", most=1, lock_seconds=600, where="a")
        begun = user_sessions.begin(s, user.user_id, idle_seconds=60, most_seconds=600)
        users.reset(s, "jane", "fresh", valid_seconds=60, who="root")
        found = users.credentials(s, "jane")
        assert found is not None
        assert (found.barred, found.user.must_change, found.password_hash) == (False, True, "fresh")
        assert user_sessions.find(s, begun.token, idle_seconds=60) is None


def test_an_unlocked_user_signs_in_with_the_same_password(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
        begun = user_sessions.begin(s, user.user_id, idle_seconds=60, most_seconds=600)
        users.refused(s, "jane", most=1, lock_seconds=600, where="a")
        users.unlock(s, "jane", who="root")
        found = users.credentials(s, "jane")
        assert found is not None
        assert (found.barred, found.user.must_change, found.password_hash) == (False, False, "hash")
        assert user_sessions.find(s, begun.token, idle_seconds=60) is not None
        assert users.refused(s, "jane", most=2, lock_seconds=600, where="a") is False
        line = audit.newest(s)[1]
    assert (line.actor, line.action, line.subject) == ("root", "user unlocked", "user jane")


def test_a_change_of_password_ends_sessions(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
        begun = user_sessions.begin(s, user.user_id, idle_seconds=60, most_seconds=600)
        users.change_password(s, "jane", "other")
        assert user_sessions.find(s, begun.token, idle_seconds=60) is None


def test_the_last_admin_stays(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        add_user(s)
        add_user(s, "joe", Role.OPERATOR)
    with pytest.raises(LastAdmin), transaction(sessions) as s:
        users.give_role(s, "jane", Role.VIEWER, who="root")
    with pytest.raises(LastAdmin), transaction(sessions) as s:
        users.remove(s, "jane", who="root")
    with transaction(sessions) as s:
        assert users.get(s, "jane").role is Role.ADMIN
        users.give_role(s, "joe", Role.ADMIN, who="root")
        assert audit.newest(s)[0].detail == "operator to admin"
        users.remove(s, "jane", who="root")
        assert [user.name for user in users.known(s)] == ["joe"]
        assert audit.newest(s)[0].action == "user removed"
