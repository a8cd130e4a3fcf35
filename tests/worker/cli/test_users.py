"""`opportune users`."""

import pytest
from argon2 import PasswordHasher

from dashboard import passwords
from db import api_tokens, audit, users
from db.engine import transaction
from tests.dashboard.site import QUICK
from tests.worker.cli.command import opportune
from worker.ports import Ports


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, node: Ports) -> None:
    def quick() -> PasswordHasher:
        return QUICK

    monkeypatch.setattr(passwords, "PasswordHasher", quick)


def _hash(node: Ports, name: str) -> str:
    with transaction(node.sessions, read_only=True) as s:
        found = users.credentials(s, name)
    assert found is not None
    return found.password_hash


def test_a_user_is_made_with_a_password_that_is_printed_once(node: Ports) -> None:
    ended = opportune("users", "add", "Jane", "--role", "operator")
    assert ended.status == 0, ended.err
    password = ended.out.strip()
    assert QUICK.verify(_hash(node, "jane"), password)
    assert password not in ended.err
    assert "good for 72 hours" in ended.words
    (row,) = opportune("users", "list", "--json").json
    assert (row["name"], row["role"], row["must_change_password"]) == ("jane", "operator", True)
    assert "jane" in opportune("users", "list").out
    assert opportune("users", "add", "jane").status == 1


def test_a_role_a_reset_and_a_removal(node: Ports) -> None:
    opportune("users", "add", "root", "--role", "admin")
    opportune("users", "add", "jane")
    assert opportune("users", "role", "jane", "admin").status == 0
    ended = opportune("users", "reset", "jane")
    assert QUICK.verify(_hash(node, "jane"), ended.out.strip())
    assert opportune("users", "remove", "root").status == 0
    assert [row["name"] for row in opportune("users", "list", "--json").json] == ["jane"]
    with transaction(node.sessions, read_only=True) as s:
        assert [line.action for line in audit.newest(s, 3)] == ["user removed", "password reset", "user role"]


def test_an_account_is_unlocked(node: Ports) -> None:
    opportune("users", "add", "jane")
    with transaction(node.sessions) as s:
        users.refused(s, "jane", most=1, lock_seconds=600, where="10.0.0.9")
    assert opportune("users", "list", "--json").json[0]["locked_until"] is not None
    assert opportune("users", "unlock", "jane").out.strip() == "user jane is unlocked"
    assert opportune("users", "list", "--json").json[0]["locked_until"] is None


def test_the_last_admin_stays(node: Ports) -> None:
    opportune("users", "add", "root", "--role", "admin")
    for command in (("remove", "root"), ("role", "root", "viewer")):
        ended = opportune("users", *command)
        assert ended.status == 1
        assert "nobody would be admin" in ended.words


@pytest.mark.parametrize(
    "command", [("role", "joe", "viewer"), ("reset", "joe"), ("unlock", "joe"), ("remove", "joe"), ("add", "a b")]
)
def test_who_is_not_there_is_told(node: Ports, command: tuple[str, ...]) -> None:
    ended = opportune("users", *command)
    assert ended.status == 1
    assert "no user of this name" in ended.words or "must be 1 to 63" in ended.words


def test_tokens_of_programs(node: Ports) -> None:
    opportune("users", "add", "jane", "--role", "operator")
    ended = opportune("users", "token", "jane", "--label", "worklist", "--role", "viewer", "--days", "1")
    with transaction(node.sessions, read_only=True) as s:
        assert api_tokens.find(s, ended.out.strip()) is not None
    (row,) = opportune("users", "tokens", "--json").json
    assert (row["user"], row["label"], row["role"]) == ("jane", "worklist", "viewer")
    assert ended.out.strip() not in opportune("users", "tokens").out
    assert opportune("users", "token", "jane", "--label", "x", "--role", "admin").status == 1
    assert opportune("users", "revoke", row["token_id"]).status == 0
    assert opportune("users", "revoke", row["token_id"]).status == 1
