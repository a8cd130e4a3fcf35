"""The settings of log and audit messages."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from screening.log_settings import Audit
from screening.settings import Settings


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"syslog": "tls"}, "host must be set beside syslog"),
        ({"key": "a.key"}, "certificate must be set beside key"),
        ({"syslog": "http", "host": "x"}, "'udp', 'tcp' or 'tls'"),
        ({"files": 1}, "greater than or equal to 2"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Audit.model_validate(values)


def test_messages_are_filed_in_home_unless_told_otherwise() -> None:
    assert Settings(home=Path("h")).audit_file == Path("h/audit/messages.xml")
    assert Settings(audit=Audit(file=Path("x.xml"))).audit_file == Path("x.xml")
