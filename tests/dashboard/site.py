"""A dashboard over a database of its own, with a user of each role, asked as a browser asks."""

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from httpx2 import Response
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from dashboard.app import make_app, make_parts
from dashboard.ask import Parts
from dashboard.passwords import Passwords
from db.engine import transaction
from screening.users import Role
from tests.db.people import add_user
from tests.worker.ports import make_ports

PASSWORD = "several words are easy"
ADDRESS = "http://localhost"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True)
class Browser:
    """One browser."""

    http: TestClient

    def get(self, path: str, **headers: str) -> Response:
        return self.http.get(path, headers=headers, follow_redirects=False)

    def token(self, path: str = "/password") -> str:
        """What a form of this page carries."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found is not None, self.get(path).text
        return found[1]

    def post(
        self, path: str, *, csrf: str | None = None, headers: dict[str, str] | None = None, **fields: str
    ) -> Response:
        """Send a form with the page's own token, or another."""
        token = self.token() if csrf is None else csrf
        data = {"csrf": token, **fields}
        return self.http.post(path, data=data, headers=headers, follow_redirects=False)

    def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> Response:
        form = {"csrf": self.token("/sign-in"), "name": name, "password": password, **fields}
        return self.http.post("/sign-in", data=form, follow_redirects=False)


@dataclass(frozen=True)
class Site:
    """The dashboard."""

    parts: Parts

    def browser(self, client: str = "10.0.0.9") -> Browser:
        """Nobody's browser."""
        app = make_app(self.parts)
        return Browser(TestClient(app, base_url=ADDRESS, client=(client, 50000), raise_server_exceptions=False))

    def signed_in(self, role: Role) -> Browser:
        """The browser of the user who has this role."""
        browser = self.browser()
        answer = browser.sign_in(role.value)
        assert answer.status_code == 303, answer.text
        return browser

    def transaction(self) -> Any:
        return transaction(self.parts.sessions)


def make_site(folder: Path, *, users: bool = True, **settings: Any) -> Site:
    """A site in a folder; with users named as their roles."""
    ports = make_ports(folder, **settings)
    parts = make_parts(ports.settings, ports.sessions, Passwords(QUICK))
    if users:
        with transaction(ports.sessions) as s:
            add_users(s)
    return Site(parts)


def add_users(s: Session) -> None:
    hashed = QUICK.hash(PASSWORD)
    for role in Role:
        add_user(s, role.value, role, password_hash=hashed)


def text_of(response: Response) -> str:
    """What a reader sees of a page: without tags, blanks folded."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
