"""The page of the settings."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from screening.users import Role
from tests.dashboard.site import Browser, make_site, text_of


def test_sections_with_values_and_meaning(admin: Browser) -> None:
    answer = admin.get("/configuration")
    text = text_of(answer)
    assert answer.status_code == 200
    for words in ("node Who we are, on the network", "port 11112 default", "lease_seconds"):
        assert words in text, words


def test_no_secret_is_shown(tmp_path: Path) -> None:
    site = make_site(tmp_path, broker_url=SecretStr("redis://:s3cret@broker:6379/0"))
    answer = site.signed_in(Role.ADMIN).get("/configuration")
    assert "s3cret" not in answer.text
    shown = text_of(answer)
    assert 'broker_url "**********"' in shown, shown[:600]


def test_what_is_wrong_with_the_file_by_now_is_told(
    admin: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.toml"
    monkeypatch.setenv("OPPORTUNE_CONFIG", str(path))
    path.write_text("[node]\nport = 11119\n", encoding="utf-8")
    text = text_of(admin.get("/configuration"))
    assert "a restart would take it" in text
    assert "other after a restart" in text
    path.write_text("[node", encoding="utf-8")
    assert "the node would not start again" in text_of(admin.get("/configuration"))
