"""Tables for people, JSON for programs, failures on stderr."""

import json
from datetime import UTC, datetime

import pytest

from worker.cli.output import fail, print_json, print_table, progress


def test_json_keeps_letters_and_writes_moments_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"at": datetime(2026, 1, 2, tzinfo=UTC), "name": "K\u00f6ln"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"at": "2026-01-02 00:00:00+00:00", "name": "K\u00f6ln"}
    assert "K\u00f6ln" in out


def test_a_table_shows_every_row_and_nothing_for_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Jobs", ("job", "reason"), [(1, None), (2, "cut off")])
    out = capsys.readouterr().out
    assert "Jobs" in out
    assert "cut off" in out
    assert "None" not in out


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Jobs", ("job",), [])
    assert capsys.readouterr().out == "Jobs: none\n"


def test_what_rows_hold_is_never_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Why", ("reason",), [("[red]ORIGINAL[/red]",), ("['DERIVED', 'PRIMARY']",), ("[/]",)])
    out = capsys.readouterr().out
    for text in ("[red]ORIGINAL[/red]", "['DERIVED', 'PRIMARY']", "[/]"):
        assert text in out


def test_a_failure_is_said_on_stderr_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail("no [bold] move", status=2).exit_code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip() == "opportune: no [bold] move"


def test_progress_is_silent_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as bar:
        bar.advance(bar.add_task("sending", total=1))
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


HOSTILE = "a\x1b[2J\x9b1m\u202e\udc80\r\nb\x00"


def test_nothing_reaches_a_terminal_that_it_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HOSTILE, ("text",), [(HOSTILE,)])
    print_table(HOSTILE, ("text",), [])
    fail(HOSTILE)
    print_json({HOSTILE: [HOSTILE]})
    captured = capsys.readouterr()
    shown = (captured.out + captured.err).replace("\n", "")
    assert shown.isprintable()
    assert captured.out.count(r"a\x1b[2J\x9b1m\u202e\udc80\r\nb\x00") == 3
    assert json.loads(captured.out[captured.out.index("{") :]) == {HOSTILE: [HOSTILE]}
