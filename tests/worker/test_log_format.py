"""A record becomes one line that names nobody."""

import json
import logging
import sys
from typing import Any

import pytest

from worker.log_format import LONGEST, JsonLine, PlainLine, about
from worker.secrecy import Secrecy

SECRECY = Secrecy(bytes(32))


def _record(message: str, *args: object, name: str = "worker.delivery", fault: bool = False) -> logging.LogRecord:
    exc_info = sys.exc_info() if fault else None
    record = logging.LogRecord(name, logging.WARNING, "file.py", 1, message, args, exc_info)
    record.created = 1772445600.25
    return record


def _json(record: logging.LogRecord) -> dict[str, Any]:
    line = JsonLine(SECRECY, "listener").format(record)
    assert line.isascii()
    assert line.isprintable()
    return dict(json.loads(line))


def test_a_line_of_json() -> None:
    found = _json(_record("destination %s: %d left", "pacs", 3))
    assert found.pop("pid") > 0
    assert found == {
        "at": "2026-03-02T10:00:00.250Z", "level": "WARNING", "logger": "worker.delivery", "role": "listener",
        "message": "destination pacs: 3 left",
    }  # fmt: skip


def test_a_plain_line() -> None:
    with about(job=17):
        line = PlainLine(SECRECY, "serve").format(_record("late"))
    assert line == "2026-03-02T10:00:00.250Z WARNING worker.delivery: job=17 late"


def test_fields_hold_for_the_block() -> None:
    with about(job=17):
        with about(delivery=4):
            inner = _json(_record("x"))
        outer = _json(_record("x"))
    assert (inner["job"], inner["delivery"]) == (17, 4)
    assert "delivery" not in outer
    assert "job" not in _json(_record("x"))


@pytest.mark.parametrize("name", ["a\r\nb", "\x1b[2J", "\u2028", "\x00", '"}', "\u5c71"])
def test_whatever_a_name_holds_a_line_stays_one_line(name: str) -> None:
    assert len(JsonLine(SECRECY, "x").format(_record("AE %s", name)).splitlines()) == 1
    plain = PlainLine(SECRECY, "x").format(_record("AE %s", name))
    assert len(plain.splitlines()) == 1
    assert plain.isprintable()


def test_a_long_message_is_cut() -> None:
    assert len(_json(_record("x" * 65536))["message"]) < LONGEST + 50


def test_a_fault_is_told_by_type_and_place_only() -> None:
    try:
        raise KeyError("DOE^JANE")
    except KeyError:
        ours, theirs = _record("a step failed", fault=True), _record("%s died", "DOE^JANE", name="celery", fault=True)
    for record, said in ((ours, "a step failed"), (theirs, "%s died")):
        found = _json(record)
        assert found["message"] == said
        assert found["exception"].startswith("KeyError in tests.worker.test_log_format:")
        assert found["trace"]
        assert "DOE" not in json.dumps(found)
        plain = PlainLine(SECRECY, "x").format(record)
        assert "DOE" not in plain
        assert "KeyError in tests.worker.test_log_format:" in plain


def test_uids_and_passwords_are_hidden() -> None:
    found = _json(_record("study 1.2.3.4.5.6.7 at redis://u:secret@host"))
    assert found["message"] == f"study {SECRECY.name('1.2.3.4.5.6.7')} at redis://u:***@host"


def test_a_template_that_does_not_fit_is_shown_itself() -> None:
    assert _json(_record("%d left", "x"))["message"] == "%d left"
