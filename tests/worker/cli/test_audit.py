"""`opportune audit`."""

from sqlalchemy import text

from db import audit
from db.engine import transaction
from tests.worker.cli.command import opportune
from worker.audit_head import remember
from worker.ports import Ports


def _say(node: Ports, *details: str) -> str:
    """Add lines; the last one's digest."""
    with transaction(node.sessions) as session:
        for detail in details:
            audit.record(session, actor="admin", action="retry", subject="job 1", detail=detail)
        head = audit.head(session)
    assert head is not None
    return head.digest


def _tamper(node: Ports, statement: str) -> None:
    with node.sessions.begin() as session:
        session.execute(text("DROP TRIGGER audit_no_update"))
        session.execute(text("DROP TRIGGER audit_no_delete"))
        session.execute(text(statement))


def test_it_lists_the_newest_lines(node: Ports) -> None:
    digest = _say(node, "a", "b", "c [not markup]")
    lines = opportune("audit", "list", "--limit", 2, "--json").json
    assert [(line["sequence"], line["detail"]) for line in lines] == [(3, "c [not markup]"), (2, "b")]
    assert lines[0] | {"at": ""} == {
        "sequence": 3, "at": "", "actor": "admin", "action": "retry", "subject": "job 1", "detail": "c [not markup]",
        "digest": digest,
    }  # fmt: skip
    assert lines[0]["at"].endswith("+00:00")
    assert "c [not markup]" in opportune("audit", "list").out


def test_it_is_narrowed(node: Ports) -> None:
    _say(node, "a", "b")
    with transaction(node.sessions) as session:
        audit.record(session, actor="joe", action="view", subject="study 1.2.3", detail="")
    for options, numbers in (
        (("--actor", "joe"), [3]), (("--action", "retry"), [2, 1]), (("--subject", "1.2.3"), [3]),
        (("--actor", "joe", "--action", "retry"), []),
    ):  # fmt: skip
        assert [line["sequence"] for line in opportune("audit", "list", *options, "--json").json] == numbers


def test_a_sound_trail(node: Ports) -> None:
    assert opportune("audit", "verify").out == "0 lines are sound; no head is remembered yet\n"
    _say(node, "a", "b")
    assert opportune("audit", "verify").out == "2 lines are sound; no head is remembered yet\n"
    remember(node)
    ended = opportune("audit", "verify", "--head", opportune("audit", "head").out)
    assert (ended.status, ended.out) == (0, "2 lines are sound; compared with 2 remembered heads\n")


def test_a_changed_line_is_named(node: Ports) -> None:
    _say(node, "a", "b", "c")
    _tamper(node, "UPDATE audit SET detail = 'x' WHERE sequence = 2")
    ended = opportune("audit", "verify")
    assert ended.status == 1
    assert ended.words.startswith("opportune: the audit trail is broken at line 2: line 2 was changed")
    found = opportune("audit", "verify", "--json")
    assert found.status == 1
    assert (found.json["sound"], found.json["lines"], found.json["broken"]) == (False, 1, 2)


def test_lines_cut_off_are_found_by_the_file_and_by_a_head_kept_elsewhere(node: Ports) -> None:
    _say(node, "a", "b", "c")
    kept = opportune("audit", "head").out.strip()
    _tamper(node, "DELETE FROM audit WHERE sequence = 3")
    assert opportune("audit", "verify").status == 0
    ended = opportune("audit", "verify", "--head", kept)
    assert ended.status == 1
    assert "broken at line 3: lines 3 to 3 are cut off" in ended.words
    remember(node)  # the head in the file is line 2
    _tamper_again(node)
    assert "broken at line 2: lines 2 to 2 are cut off" in opportune("audit", "verify").words


def _tamper_again(node: Ports) -> None:
    with node.sessions.begin() as session:
        session.execute(text("DELETE FROM audit WHERE sequence = 2"))


def test_what_is_no_head_is_refused(node: Ports) -> None:
    ended = opportune("audit", "verify", "--head", "3")
    assert ended.status == 2
    assert "--head '3' is no head" in ended.words


def test_an_empty_trail_has_no_head(node: Ports) -> None:
    assert opportune("audit", "head").words == "opportune: the audit trail is empty"


def test_the_head_for_programs(node: Ports) -> None:
    digest = _say(node, "a")
    assert opportune("audit", "head", "--json").json == {"sequence": 1, "digest": digest}
