"""Who gets in: every combination of what a requestor shows, over the network.

Only where everything is right is there an association. Every refusal is a line of the audit trail and an audit message.
A dimension is one line of `DIMENSIONS`: first what is right, then what is wrong.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from db import audit, audit_messages
from db.audit_messages import Way
from db.engine import Sessions, make_engine, make_sessions, migrate, transaction
from dicom_node.audit.events import Reporter
from dicom_node.ledger import DatabaseLedger
from tests.dicom_node.audit.schema import complaints
from tests.dicom_node.network import Running, rejection, requesting, running_listener, wait_until

PEERS = (("CT1", "127.0.0.1"), ("CT2", "127.0.0.2"))

DIMENSIONS = {
    "calling": ("CT1", "CT2", "STRANGER"),
    "called": ("OPPORTUNE", "ELSEWHERE"),
    "address": ("127.0.0.1", "127.0.0.2", "127.0.0.3"),  # of this peer, of another one, of nobody
}

RIGHT = {name: values[0] for name, values in DIMENSIONS.items()}
OTHER_PEER = RIGHT | {"calling": "CT2", "address": "127.0.0.2"}
CASES = [dict(zip(DIMENSIONS, values, strict=True)) for values in itertools.product(*DIMENSIONS.values())]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Sessions]]:
    """A listener, and what opens sessions on its database."""
    folder: Path = tmp_path_factory.mktemp("node")
    engine = make_engine(f"sqlite:///{folder / 'node.sqlite'}")
    migrate(engine)
    sessions = make_sessions(engine)
    ledger = DatabaseLedger(sessions, Reporter(ae_title="OPPORTUNE"))
    with running_listener(folder / "spool", ledger, PEERS) as running:
        yield running, sessions
    engine.dispose()


def _told(sessions: Sessions) -> tuple[list[audit.Entry], list[str]]:
    """The audit trail and the audit messages, newest first."""
    with transaction(sessions, read_only=True) as s:
        return audit.newest(s, 1000), [item.message for item in audit_messages.waiting(s, Way.FILE)][::-1]


def _gets_in(port: int, case: dict[str, str]) -> bool:
    if case in (RIGHT, OTHER_PEER):
        with requesting(port, [build_context(Verification)], **case) as association:
            status = association.send_c_echo().get("Status") if association.is_established else None
            return type(status) is int and status == 0
    return rejection(port, **case) not in {None, (1, 1, 3), (1, 1, 7)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case.values()))
def test_only_who_is_right_in_everything_gets_in(node: tuple[Running, Sessions], case: dict[str, str]) -> None:
    running, sessions = node
    before = len(_told(sessions)[0])
    assert _gets_in(running.port, case) == (case in (RIGHT, OTHER_PEER))
    if case in (RIGHT, OTHER_PEER):
        assert len(_told(sessions)[0]) == before
        return
    wait_until(lambda: len(_told(sessions)[0]) == before + 1)
    trail, messages = _told(sessions)
    assert len(messages) == len(trail)
    assert (trail[0].action, trail[0].subject) == ("association refused", case["address"])
    assert complaints(messages[0]) == []
    assert '"110113"' in messages[0]
    assert f'ParticipantObjectID="{case["address"]}"' in messages[0]
    if case["address"] != "127.0.0.3":  # from there nobody is listened to, so nobody has a name
        assert trail[0].actor == case["calling"]
        assert case["called"] in trail[0].detail
        assert f'UserID="{case["calling"]}"' in messages[0]


def test_the_matrix_is_whole() -> None:
    assert len(CASES) == len(list(itertools.product(*DIMENSIONS.values()))) == 18
    assert len([case for case in CASES if case in (RIGHT, OTHER_PEER)]) == 2
