"""Headers of every answer, names that the dashboard goes by, requests from elsewhere, nothing inline in any page."""

import re
from pathlib import Path

import pytest

from dashboard.routes import ROUTES
from dashboard.security import HEADERS
from screening.dashboard_settings import Dashboard
from screening.users import Role
from tests.dashboard.site import Browser, Site, make_site
from tests.db.factories import finished

TEMPLATES = sorted((Path(__file__).resolve().parents[2] / "dashboard" / "templates").glob("*.html"))


@pytest.mark.parametrize("path", ["/", "/sign-in", "/static/pico.min.css", "/nowhere", "/healthz", "/studies/99"])
def test_every_answer_has_the_headers(viewer: Browser, path: str) -> None:
    headers = viewer.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )


def test_browsers_say_where_our_own_forms_come_from() -> None:
    """With no-referrer they send "Origin: null", which is refused."""
    assert HEADERS["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_and_assets_are(viewer: Browser) -> None:
    for path in ("/", "/studies", "/password"):
        assert viewer.get(path).headers["cache-control"] == "no-store"
    assert "immutable" in viewer.get("/static/pico.min.css?v=1").headers["cache-control"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_inline_script_or_style_and_name_no_other_host(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(
        r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son[a-z]+=|javascript:|https?://|\bhx-on|\|\s*safe", text
    )


def test_each_form_that_changes_something_carries_the_token() -> None:
    for template in TEMPLATES:
        for form in re.findall(r'<form method="post".*?</form>', template.read_text(encoding="utf-8"), re.DOTALL):
            assert "csrf" in form, f"{template.name}: {form[:80]}"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.nip.io", "[::2]"])
def test_another_name_is_refused(site: Site, host: str) -> None:
    assert site.browser().get("/sign-in", Host=host).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8380", "127.0.0.1:1", "[::1]:8380", "localhost."])
def test_its_own_names_are_answered(site: Site, host: str) -> None:
    assert site.browser().get("/sign-in", Host=host).status_code == 200


def test_a_name_of_the_settings_is_answered(tmp_path: Path) -> None:
    site = make_site(tmp_path, dashboard=Dashboard(hosts=("node.hospital",)))
    assert site.browser().get("/sign-in", Host="node.hospital").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(viewer: Browser, headers: dict[str, str]) -> None:
    assert viewer.post("/studies", headers=headers).status_code == 400


def test_a_form_of_its_own_is_taken(viewer: Browser) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert viewer.post("/studies", headers=headers).status_code == 200


def test_by_tls_cookies_are_bound_to_the_host(tmp_path: Path) -> None:
    site = make_site(tmp_path, dashboard=Dashboard(proxies=("10.0.0.1",)))
    browser = site.browser()
    answer = browser.get("/sign-in")
    assert "max-age" in answer.headers["strict-transport-security"]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-opportune-sign-in=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


def test_no_page_tells_a_viewer_who_the_patient_is(site: Site) -> None:
    with site.transaction() as s:
        finished(s)
    viewer = site.signed_in(Role.VIEWER)
    for route in ROUTES:
        if (
            not route.changes
            and route.allows(Role.VIEWER)
            and "{name}" not in route.path
            and "picture" not in route.path
        ):
            text = viewer.get(re.sub(r"\{.*?\}", "1", route.path)).text
            assert not re.search(r"\bP1\b", text), route.path
