"""Senders for acceptance tests: every status that a listener gave is kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pynetdicom import AE, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from dicom_node import scu
from dicom_node.identity import Timeouts
from screening.settings import Destination
from tests.acceptance.node import NodeUnderTest


def as_destination(node: NodeUnderTest) -> Destination:
    """The node as seen by a sender."""
    return Destination(name="node", ae_title=node.ae_title, address="127.0.0.1", port=node.port)


def send(node: NodeUnderTest, paths: Iterable[Path]) -> list[scu.FileResult]:
    """Send files as AE title SENDER."""
    return list(scu.send_files(sorted(paths), as_destination(node), "SENDER", Timeouts()))


def answers_echo(node: NodeUnderTest) -> bool:
    """Whether a C-ECHO is answered with Success. Compared by type: a rejected association is no status."""
    ae = AE("SENDER")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
    association = ae.associate("127.0.0.1", node.port, [build_context(Verification)], ae_title=node.ae_title)
    if not association.is_established:
        return False
    try:
        status = association.send_c_echo().get("Status")
    finally:
        association.release()
    return type(status) is int and status == 0


@dataclass
class EchoWatch:
    """C-ECHO answers counted over a test."""

    asked: int = 0
    answered: int = 0
    node: NodeUnderTest = field(kw_only=True)

    def ask(self) -> None:
        """Ask once more."""
        self.asked += 1
        self.answered += answers_echo(self.node)
