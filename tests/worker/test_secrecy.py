"""Passwords and UIDs do not reach a log."""

import stat
from pathlib import Path

import pytest

from screening.errors import SpoolUnavailable
from screening.settings import Settings
from worker.secrecy import Secrecy, log_key, secrets_of

KEY = bytes(32)
UID = "1.2.826.0.1.3680043.8.498.1234567890"


def test_a_uid_gets_a_name_that_only_the_key_leads_to() -> None:
    hidden = Secrecy(KEY).hide(f"study {UID}: late; {UID}.")
    name = Secrecy(KEY).name(UID)
    assert hidden == f"study {name}: late; {name}."
    assert len(name) == len("uid-") + 16
    assert Secrecy(b"x" * 32).name(UID) != name


@pytest.mark.parametrize(
    "text",
    ["10.1.2.3 and 192.168.100.200:11112", "2026-03-02T10:00:00.123Z", "pydicom 3.0.2.1", "v1.2.3.4.5.6x", "job 17"],
)
def test_what_is_no_uid_stays(text: str) -> None:
    assert Secrecy(KEY).hide(text) == text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql://me:pa-ss@db:5432/x", "postgresql://me:***@db:5432/x"),
        ("redis://:pa-ss@queue:6379/0", "redis://:***@queue:6379/0"),
        ("cannot log in with s3cret%21 or s3cret!", "cannot log in with *** or ***"),
        ("see https://example.org/a:b and mail me@example.org", "see https://example.org/a:b and mail me@example.org"),
    ],
)
def test_passwords_are_hidden(text: str, hidden: str) -> None:
    settings = Settings.model_validate({"database_url": "postgresql://me:s3cret%21@db/x"})
    assert Secrecy(KEY, secrets_of(settings)).hide(text) == hidden


def test_what_notices_are_sent_with_is_hidden() -> None:
    notify = {
        "email_to": ["a@hospital.example"], "email_from": "o@hospital.example", "smtp_host": "mail", "smtp_user": "o",
        "smtp_password": "s3cret!", "webhook": "https://chat.hospital.example/hooks/token17",
    }  # fmt: skip
    secrecy = Secrecy(KEY, secrets_of(Settings.model_validate({"notify": notify})))
    assert secrecy.hide("s3cret! for https://chat.hospital.example/hooks/token17") == "*** for ***"


def test_settings_without_passwords_hold_no_secrets() -> None:
    urls = {"database_url": "sqlite:///x", "broker_url": "redis://[broken"}
    assert secrets_of(Settings.model_validate(urls)) == []
    assert secrets_of(Settings()) == []


def test_a_node_has_one_key_that_nobody_else_reads(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    key = log_key(settings)
    assert len(key) == 32
    assert log_key(settings) == key
    (file,) = settings.home.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert log_key(Settings(home=tmp_path / "other")) != key


def test_a_key_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "log-key").write_bytes(b"short")
    with pytest.raises(SpoolUnavailable, match="log-key, does not hold 32 bytes: remove it"):
        log_key(Settings(home=tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(SpoolUnavailable, match="cannot be read or made"):
        log_key(Settings(home=tmp_path / "file" / "home"))
