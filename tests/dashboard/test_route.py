"""A row of the table."""

import pytest
from starlette.responses import Response

from dashboard.ask import Ask
from dashboard.route import Open, Route
from screening.users import Role


def _nothing(_ask: Ask) -> Response:
    return Response()


@pytest.mark.parametrize(
    ("least", "allowed"),
    [
        (Open.ANYBODY, [None, *Role]),
        (Open.USER, [*Role]),
        (Role.VIEWER, [*Role]),
        (Role.OPERATOR, [Role.OPERATOR, Role.ADMIN]),
        (Role.ADMIN, [Role.ADMIN]),
    ],
)
def test_who_is_allowed(least: Role | Open, allowed: list[Role | None]) -> None:
    route = Route(method="GET", path="/", handler=_nothing, least=least)
    assert [role for role in (None, *Role) if route.allows(role)] == allowed


def test_what_changes_is_sent_as_a_form() -> None:
    assert Route(method="POST", path="/", handler=_nothing, least=Role.ADMIN).changes
    with pytest.raises(ValueError, match="GET or POST"):
        Route(method="DELETE", path="/", handler=_nothing, least=Role.ADMIN)


@pytest.mark.parametrize(("method", "least"), [("GET", Role.ADMIN), ("POST", Open.ANYBODY)])
def test_files_are_sent_by_somebody(method: str, least: Role | Open) -> None:
    with pytest.raises(ValueError, match="files"):
        Route(method=method, path="/", handler=_nothing, least=least, files=True)


@pytest.mark.parametrize(("method", "path"), [("POST", "/a"), ("GET", "/a/{b}")])
def test_the_menu_leads_to_pages(method: str, path: str) -> None:
    with pytest.raises(ValueError, match="menu"):
        Route(method=method, path=path, handler=_nothing, least=Role.VIEWER, menu="A")
