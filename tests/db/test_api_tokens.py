"""Tokens do no more than their user, end by themselves, and are kept as digests."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db import api_tokens, audit, users
from db.engine import Sessions, database_now, transaction
from db.user_tables import ApiTokenRow
from screening.users import Role
from tests.db.people import add_user


def test_a_token_acts_for_its_user(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        user = add_user(s)
        token = api_tokens.issue(s, "jane", label=" PACS ", role=Role.VIEWER, valid_seconds=60, who="root")
        assert api_tokens.find(s, token) == (user, Role.VIEWER)
        assert token.startswith(api_tokens.PREFIX)
        assert s.scalars(select(ApiTokenRow.token_digest)).one() != token
        assert audit.newest(s)[0].detail == "token 1, role viewer: PACS"
        (listed,) = api_tokens.known(s)
        assert (listed.user, listed.label, listed.role) == ("jane", "PACS", Role.VIEWER)


def test_a_token_does_no_more_than_its_user(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        add_user(s)
        add_user(s, "joe", Role.OPERATOR)
        with pytest.raises(ValueError, match="joe is operator"):
            api_tokens.issue(s, "joe", label="x", role=Role.ADMIN, valid_seconds=60, who="root")
        token = api_tokens.issue(s, "joe", label="x", role=Role.OPERATOR, valid_seconds=60, who="root")
        users.give_role(s, "joe", Role.VIEWER, who="root")
        found = api_tokens.find(s, token)
        assert found is not None
        assert found[1] is Role.VIEWER


def test_a_token_ends(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        add_user(s)
        first, second = (
            api_tokens.issue(s, "jane", label=label, role=Role.ADMIN, valid_seconds=60, who="root") for label in "ab"
        )
        s.execute(update(ApiTokenRow).where(ApiTokenRow.id == 1).values(ends_at=database_now(s) - timedelta(seconds=1)))
        assert api_tokens.find(s, first) is None
        assert api_tokens.revoke(s, 2, who="root")
        assert api_tokens.find(s, second) is None
        assert not api_tokens.revoke(s, 2, who="root")
        assert audit.newest(s)[0].action == "token revoked"


def test_a_token_says_what_it_is_for(sessions: Sessions) -> None:
    with transaction(sessions) as s:
        add_user(s)
        with pytest.raises(ValueError, match="label"):
            api_tokens.issue(s, "jane", label=" ", role=Role.VIEWER, valid_seconds=60, who="root")
