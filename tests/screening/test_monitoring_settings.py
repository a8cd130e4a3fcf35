"""The settings of metrics and notices."""

import pytest
from pydantic import ValidationError

from screening.errors import ConfigurationError
from screening.monitoring_settings import Metrics, Notify
from screening.settings import Settings, load

MAIL = {"email_to": ["a@hospital.example"], "email_from": "o@hospital.example", "smtp_host": "mail"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"email_to": ["a@b"]}, "smtp_host and email_from must be set"),
        ({**MAIL, "email_from": "nobody"}, "smtp_host and email_from must be set"),
        ({**MAIL, "email_to": ["a@b\r\nBcc: c@d"]}, "must be e-mail addresses"),
        ({**MAIL, "smtp_password": "x"}, "smtp_user must be set beside smtp_password"),
        ({**MAIL, "smtp_user": "x", "smtp_security": "none"}, "needs smtp_security = starttls or tls"),
        ({"webhook": "ftp://x/y"}, "must begin with https"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Notify.model_validate(values)


def test_nobody_is_told_and_nothing_listens_unless_asked() -> None:
    assert not Notify().enabled
    assert not Metrics().enabled
    assert Metrics().bind == "127.0.0.1"
    assert Notify.model_validate(MAIL).enabled
    assert Notify.model_validate({"webhook": "https://chat/x"}).enabled


def test_secrets_are_shown_nowhere() -> None:
    values = {**MAIL, "smtp_user": "u", "smtp_password": "hunter2", "webhook": "https://chat/hooks/token17"}
    settings = Settings(notify=Notify.model_validate(values))
    shown = f"{settings!r} {settings.model_dump(mode='json')}"
    assert "hunter2" not in shown
    assert "token17" not in shown


def test_a_wrong_secret_is_not_shown_either() -> None:
    with pytest.raises(ConfigurationError, match=r"notify\.webhook") as failed:
        load({"OPPORTUNE_NOTIFY__WEBHOOK": "token17"})
    assert "token17" not in str(failed.value)
