"""What a page is asked."""

from pathlib import Path

import pytest

from dashboard.ask import Ask, go_to, page
from screening.users import Role
from tests.dashboard.site import make_site


def _ask(folder: Path) -> Ask:
    return Ask(
        parts=make_site(folder, users=False).parts, path="/", values={}, query={}, form={}, cookies={}, client="a",
        fragment=False, signed=None,
    )  # fmt: skip


def test_nobody_may_nothing_and_has_no_name(tmp_path: Path) -> None:
    ask = _ask(tmp_path)
    assert not any(ask.may(role) for role in Role)
    assert not ask.sees_names
    with pytest.raises(PermissionError):
        _ = ask.user


def test_a_page_is_escaped(tmp_path: Path) -> None:
    answer = page(_ask(tmp_path), "refused.html", status=418, why="<script>")
    assert answer.status_code == 418
    assert b"&lt;script&gt;" in answer.body
    assert b"<script>" not in answer.body


def test_an_address_leaves_out_what_is_empty() -> None:
    assert go_to("/studies", state="ready", model="", page=None).headers["location"] == "/studies?state=ready"
    assert go_to("/studies").headers["location"] == "/studies"
