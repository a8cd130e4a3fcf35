"""Every route, asked by every role and by nobody: who may not gets nothing, who may gets through to the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.routing import Route as StarletteRoute

from dashboard.app import make_app
from dashboard.route import Open, Route
from dashboard.routes import MENU, ROUTES
from screening.users import Role
from tests.dashboard.programs import Program
from tests.dashboard.site import Browser, Site, make_site
from tests.db.factories import finished
from tests.servers.postgres import PostgresServer

VALUES = {"{name}": "pico.min.css", "{study_id:int}": "1", "{object_id:int}": "1", "{job_id:int}": "1",
          "{delivery_id:int}": "1", "{name:path}": "pacs", "{part}": "intake",
          "{token_id:int}": "99", "{user}": "nobody"}  # fmt: skip
ASKERS = (None, *Role)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    changes: dict[str, Any] = {}
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        changes["database_url"] = server.database()
    found = make_site(folder, **changes)
    with found.transaction() as s:
        finished(s)
    yield found
    found.parts.sessions.kw["bind"].dispose()


@pytest.fixture(scope="module")
def browsers(site: Site) -> dict[Role | None, Browser]:
    return {asker: site.browser() if asker is None else site.signed_in(asker) for asker in ASKERS}


def _path(route: Route) -> str:
    path = route.path
    for name, value in VALUES.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in VALUES what stands for the value in {route.path}"
    return path


def _ask(browser: Browser, route: Route) -> Response:
    """With the right token, so that it is the role that decides."""
    if not route.changes:
        return browser.get(_path(route))
    token = browser.token() if browser.get("/password").status_code == 200 else "none"
    return _send(browser, route, token)


def _send(browser: Browser, route: Route, token: str) -> Response:
    if route.files:
        return browser.http.post(_path(route), headers={"X-CSRF-Token": token}, follow_redirects=False)
    return browser.post(_path(route), csrf=token)


def test_the_application_has_the_routes_of_the_table_and_no_other(site: Site) -> None:
    routes = [route for route in make_app(site.parts).routes if isinstance(route, StarletteRoute)]
    assert len(routes) == len(make_app(site.parts).routes)
    found = {(method, route.path) for route in routes for method in route.methods or () if method != "HEAD"}
    assert found == {(route.method, route.path) for route in ROUTES}
    assert len(found) == len(ROUTES)


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.path != "/sign-out" and not route.api],
    ids=lambda route: f"{route.method} {route.path}",
)
def test_who_may_gets_through_and_nobody_else(
    browsers: dict[Role | None, Browser], route: Route, asker: Role | None
) -> None:
    answer = _ask(browsers[asker], route)
    if route.allows(asker):
        assert answer.status_code in (200, 303, 404, 422, 403 if route.path == "/sign-in" else 200), answer.text
        assert answer.headers.get("location") != "/sign-in"
    elif asker is None:
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in")
    else:
        assert answer.status_code == 403
        assert "This needs the role" in answer.text


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.changes and not route.api], ids=lambda route: route.path
)
def test_nothing_changes_without_the_token_of_the_session(browsers: dict[Role | None, Browser], route: Route) -> None:
    for token in ("", "wrong"):
        answer = _send(browsers[Role.ADMIN], route, token)
        assert answer.status_code == 403
        assert "too old" in answer.text


def test_the_table_says_what_is_open_to_anybody() -> None:
    """Whoever opens another route to anybody says so here."""
    assert {(route.method, route.path) for route in ROUTES if route.least is Open.ANYBODY} == {
        ("GET", "/static/{name}"),
        ("GET", "/healthz"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
    }


def test_no_change_is_open_to_viewers() -> None:
    """A search is sent as a form, so that no address holds it."""
    changes = {route.path for route in ROUTES if route.changes and route.least is Role.VIEWER}
    assert changes == {"/studies", "/api/v1/studies/search"}


@pytest.mark.parametrize(("role", "pages"), [(Role.VIEWER, 8), (Role.OPERATOR, 9), (Role.ADMIN, 12)])
def test_the_menu_shows_what_a_role_may(browsers: dict[Role | None, Browser], role: Role, pages: int) -> None:
    text = browsers[role].get("/").text
    shown = [path for path, (_, name) in MENU.items() if f">{name}</a></li>" in text]
    assert len(shown) == pages
    assert all(browsers[role].get(path).status_code == 200 for path in shown)


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.api], ids=lambda route: f"{route.method} {route.path}"
)
def test_programs_get_what_their_token_may(site: Site, route: Route, asker: Role | None) -> None:
    program = Program(site, asker)
    answer = program.ask(route.method, _path(route))
    if route.allows(asker):
        assert answer.status_code in (200, 404, 422), answer.text
    else:
        assert answer.status_code in ((401, 429) if asker is None else (403,))
        assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.api], ids=lambda route: f"{route.method} {route.path}"
)
def test_a_browsers_session_opens_nothing_of_the_api(browsers: dict[Role | None, Browser], route: Route) -> None:
    answer = browsers[Role.ADMIN].http.request(route.method, _path(route))
    assert answer.status_code in (401, 429)


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.api], ids=lambda route: f"{route.method} {route.path}"
)
def test_the_page_of_the_api_describes_each_route(route: Route) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    path = route.path.replace(":int", "").replace(":path", "")
    assert f"| `{route.method} {path}` | {route.least.value} |" in page
