"""Parts of the node, stopped and let go on."""

import getpass

import pytest

from db import audit, pauses
from db.engine import transaction
from db.pauses import Part
from tests.worker.cli.command import opportune
from worker.cli.pauses import PartName
from worker.ports import Ports


def _known(node: Ports) -> dict[Part, str]:
    with transaction(node.sessions, read_only=True) as s:
        return {part: pause.why for part, pause in pauses.known(s).items()}


def test_the_parts_are_those_of_the_database() -> None:
    assert {part.value for part in PartName} == {part.value for part in Part}


@pytest.mark.parametrize("part", [part.value for part in Part])
def test_a_part_is_paused_and_goes_on(node: Ports, part: str) -> None:
    ended = opportune("pause", part, "--why", "the archive is updated")
    assert (ended.status, ended.out.split(":")[0]) == (0, f"{part} is paused")
    assert _known(node) == {Part(part): "the archive is updated"}
    told = opportune("status", "--json").json["pauses"]
    assert (told[part]["by"], told[part]["why"]) == (getpass.getuser(), "the archive is updated")
    assert "why the archive is updated" in opportune("status").out
    again = opportune("pause", part, "--why", "me too")
    assert again.status == 1
    assert f"{part} is paused already, by {getpass.getuser()} since" in again.words
    assert "the archive is updated" in again.words
    assert opportune("resume", part).out == f"{part} goes on\n"
    assert _known(node) == {}
    with transaction(node.sessions, read_only=True) as s:
        assert [line.action for line in audit.newest(s)] == ["resume", "pause"]


def test_what_runs_cannot_be_resumed(node: Ports) -> None:
    ended = opportune("resume", "intake")
    assert (ended.status, ended.words) == (1, "opportune: intake is not paused")


@pytest.mark.parametrize("arguments", [("intake",), ("intake", "--why", " "), ("listener", "--why", "x")])
def test_what_makes_no_sense_is_wrong_usage(node: Ports, arguments: tuple[str, ...]) -> None:
    assert opportune("pause", *arguments).status == 2
    assert _known(node) == {}
