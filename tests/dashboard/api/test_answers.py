"""How the API answers."""

import json
from datetime import UTC, datetime

from dashboard.api.answers import answer, refuse


def test_json_with_moments() -> None:
    found = answer({"at": datetime(2026, 3, 2, tzinfo=UTC)})
    assert json.loads(bytes(found.body)) == {"at": "2026-03-02 00:00:00+00:00"}
    assert found.headers["content-type"] == "application/json"


def test_why_not() -> None:
    found = refuse(404, "there is no such job")
    assert (found.status_code, json.loads(bytes(found.body))) == (404, {"error": "there is no such job"})
