"""Who gets in: every combination of what a requestor shows, over the network.

Only where everything is right is there an association. Every refusal is a line of the audit trail and an audit message.
A dimension is one line of `DIMENSIONS`: first what is right, then what is wrong.
"""

import itertools
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.attack_clients import read_pdu, request
from benchmarks.certificates import Authority
from db import audit, audit_messages
from db.audit_messages import Way
from db.engine import Sessions, make_engine, make_sessions, migrate, transaction
from dicom_node.audit.events import Reporter
from dicom_node.ledger import DatabaseLedger
from dicom_node.limits import Limits
from dicom_node.listener import Listener
from dicom_node.spool import Spool
from screening.settings import Node, Peer, Tls
from tests.conftest import require_program
from tests.dicom_node.audit.schema import complaints
from tests.dicom_node.network import QUICK, wait_until

DIMENSIONS = {
    "calling": ("CT1", "STRANGER"),
    "called": ("OPPORTUNE", "ELSEWHERE"),
    "address": ("127.0.0.1", "127.0.0.2"),  # the second is of another peer
    "certificate": ("ct1", "ct2", "of another authority", "none"),  # of this peer, of another one
}

RIGHT = {name: values[0] for name, values in DIMENSIONS.items()}
CASES = [dict(zip(DIMENSIONS, values, strict=True)) for values in itertools.product(*DIMENSIONS.values())]


@dataclass
class Matrix:
    """A listener, those who come to it, and what it writes down."""

    sessions: Sessions
    ports: tuple[int, int]  #: without and with TLS
    clients: dict[str, ssl.SSLContext | None]

    def told(self) -> tuple[list[audit.Entry], list[str]]:
        """The audit trail and the audit messages, newest first."""
        with transaction(self.sessions, read_only=True) as s:
            return audit.newest(s, 1000), [item.message for item in audit_messages.waiting(s, Way.FILE)][::-1]

    def gets_in(self, case: dict[str, str]) -> bool:
        """Whether an A-ASSOCIATE-AC answers; a connection that is closed does not count as one."""
        context = self.clients[case["certificate"]]
        plain, secure = self.ports
        try:
            with ExitStack() as stack:
                connection = stack.enter_context(
                    socket.create_connection(
                        ("127.0.0.1", plain if context is None else secure), 10, (case["address"], 0)
                    )
                )
                if context is not None:
                    connection = stack.enter_context(context.wrap_socket(connection))
                connection.sendall(request(case["calling"], case["called"]))
                return read_pdu(connection)[0] == 0x02
        except OSError:
            return False


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    require_program("openssl")
    folder: Path = tmp_path_factory.mktemp("node")
    ours, theirs = Authority(tmp_path_factory.mktemp("ours")), Authority(tmp_path_factory.mktemp("theirs"))
    shown = ours.certificate("opportune")
    engine = make_engine(f"sqlite:///{folder / 'node.sqlite'}")
    migrate(engine)
    sessions = make_sessions(engine)
    listener = Listener(
        Node(bind="127.0.0.1", port=0),
        [
            Peer(ae_title="CT1", address="127.0.0.1", certificates=(ours.certificate("ct1").fingerprint,)),
            Peer(ae_title="CT2", address="127.0.0.2", certificates=(ours.certificate("ct2").fingerprint,)),
        ],
        [],
        Spool(folder / "spool", minimum_free=0),
        DatabaseLedger(sessions, Reporter(ae_title="OPPORTUNE")),
        lambda: None,
        QUICK,
        Limits(handshake_seconds=5, connections=100, associations_per_address=100),
        Tls(port=0, certificate=shown.path, key=shown.key, ca=ours.path),
    )
    clients: dict[str, ssl.SSLContext | None] = {"none": None}
    for name, authority, who in (("ct1", ours, "ct1"), ("ct2", ours, "ct2"), ("of another authority", theirs, "ct1")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(ours.path)
        context.check_hostname = False
        context.load_cert_chain(authority.certificate(who).path, authority.certificate(who).key)
        clients[name] = context
    port = listener.start()
    assert listener.tls_port is not None
    yield Matrix(sessions, (port, listener.tls_port), clients)
    listener.stop()
    engine.dispose()


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case.values()))
def test_only_who_is_right_in_everything_gets_in(matrix: Matrix, case: dict[str, str]) -> None:
    before = len(matrix.told()[0])
    assert matrix.gets_in(case) == (case == RIGHT)
    if case == RIGHT:
        assert len(matrix.told()[0]) == before
        return
    wait_until(lambda: len(matrix.told()[0]) == before + 1)
    trail, messages = matrix.told()
    assert len(messages) == len(trail)
    assert (trail[0].action, trail[0].subject) == ("association refused", case["address"])
    assert complaints(messages[0]) == []
    assert '"110113"' in messages[0]
    assert f'ParticipantObjectID="{case["address"]}"' in messages[0]
    if case["certificate"] == "of another authority":  # refused before a name is given
        return
    assert trail[0].actor == case["calling"]
    assert case["called"] in trail[0].detail
    assert f'UserID="{case["calling"]}"' in messages[0]
    shown = "no certificate" if case["certificate"] == "none" else f"CN={case['certificate']}"
    assert shown in trail[0].detail
    assert ('type="Certificate"' in messages[0]) == (case["certificate"] != "none")


def test_an_address_of_nobody_is_not_listened_to(matrix: Matrix) -> None:
    before = len(matrix.told()[0])
    assert not matrix.gets_in(RIGHT | {"address": "127.0.0.3"})
    wait_until(lambda: len(matrix.told()[0]) == before + 1)
    trail, messages = matrix.told()
    assert (trail[0].actor, trail[0].subject) == ("", "127.0.0.3")
    assert 'ParticipantObjectID="127.0.0.3"' in messages[0]


def test_the_matrix_is_whole() -> None:
    assert len(CASES) == 32
    assert [case for case in CASES if case == RIGHT] == [CASES[0]]
