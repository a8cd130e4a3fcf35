"""Roles stand in an order; names are kept in one spelling."""

import pytest

from screening.users import Role, user_name


def test_each_role_covers_itself_and_those_before_it() -> None:
    covered = {role: [least for least in Role if role.covers(least)] for role in Role}
    assert covered == {
        Role.VIEWER: [Role.VIEWER],
        Role.OPERATOR: [Role.VIEWER, Role.OPERATOR],
        Role.ADMIN: [Role.VIEWER, Role.OPERATOR, Role.ADMIN],
    }


@pytest.mark.parametrize(
    ("text", "name"), [("Jane", "jane"), (" j.doe-2 ", "j.doe-2"), ("A@clinic.org", "a@clinic.org")]
)
def test_a_name_is_kept_in_small_letters(text: str, name: str) -> None:
    assert user_name(text) == name


@pytest.mark.parametrize("text", ["", " ", "-x", "a b", "a/b", "<script>", "x" * 64, "\u0131", "a\nb"])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 63"):
        user_name(text)
