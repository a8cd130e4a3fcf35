"""What the command line says when something goes wrong that nobody foresaw, and what it never says."""

import pytest

from tests.worker.cli.command import opportune
from worker import doctor

HIDDEN = "s3cret-Pa55"  # the password in the URLs below


def test_a_fault_is_told_by_type_and_place_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("DOE^JANE")

    monkeypatch.setattr(doctor, "examine", fail)
    ended = opportune("doctor")
    assert ended.status == 1
    assert ended.err.startswith(
        "opportune: a fault of the program, please report it: KeyError in tests.worker.cli.test_main:"
    )
    assert "worker.cli.node:" in ended.err
    assert "DOE" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (f"postgresql://me:{HIDDEN}@127.0.0.1:1/x", 1),  # nobody answers there
        (f"postgresql://me:{HIDDEN}@127.0.0.1:port/x", 1),
        (f"postgres://me:{HIDDEN}@127.0.0.1/x", 2),
        (f"[{HIDDEN}", 2),
    ],
)
def test_no_command_says_a_password(monkeypatch: pytest.MonkeyPatch, url: str, status: int) -> None:
    monkeypatch.setenv("OPPORTUNE_DATABASE_URL", url)
    ended = opportune("status")
    assert ended.status == status
    assert HIDDEN not in ended.out + ended.err
    shown = opportune("config", "check", "--json")
    assert HIDDEN not in shown.out + shown.err
