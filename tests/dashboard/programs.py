"""A program that uses the JSON API."""

from httpx2 import Response
from starlette.testclient import TestClient

from dashboard.app import make_app
from db import api_tokens
from screening.users import Role
from tests.dashboard.site import ADDRESS, Site


class Program:
    """One with a token of this role, issued to the user who has it; None: it has none."""

    def __init__(self, site: Site, role: Role | None) -> None:
        self.token = ""
        if role is not None:
            with site.transaction() as s:
                self.token = api_tokens.issue(s, role.value, label="test", role=role, valid_seconds=60, who="root")
        self._http = TestClient(make_app(site.parts), base_url=ADDRESS, raise_server_exceptions=False)

    def send(self, path: str, body: bytes) -> Response:
        return self._http.post(path, headers={"Authorization": f"Bearer {self.token}"}, content=body)

    def ask(self, method: str, path: str, **body: str) -> Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self._http.request(method, path, headers=headers, json=body or None)
