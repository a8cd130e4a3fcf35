"""Event handlers that no peer can reach over a socket; the others are tested in `test_listener`."""

from types import SimpleNamespace
from typing import Any

import pytest

from dicom_node.access import AccessList, Admitted, Refused
from dicom_node.arrival import Unfinished
from dicom_node.association_log import AssociationLog
from dicom_node.handlers import REJECTED_TRANSIENT, Handlers
from dicom_node.limits import Budget
from dicom_node.reception import Reception
from dicom_node.registrar import Registrar
from screening.settings import Peer
from tests.dicom_node.network import FakeLedger


class _Memory:
    def begin(self) -> Unfinished:
        raise AssertionError("nothing is sent")


class _Association:
    """As much of an association as a request has."""

    def __init__(self, calling: str = "CT1", address: str = "10.0.0.1") -> None:
        primitive = SimpleNamespace(calling_ae_title=calling, called_ae_title="OPPORTUNE")
        self.requestor = SimpleNamespace(primitive=primitive, address=address)
        self.acceptor = SimpleNamespace(supported_contexts=[])
        self.rejections: list[tuple[int, ...]] = []
        self.acse = SimpleNamespace(send_reject=lambda *rejection: self.rejections.append(rejection))
        self.killed = False

    def kill(self) -> None:
        self.killed = True


def _handlers(access: AccessList | None = None) -> Handlers:
    ledger = FakeLedger()
    registrar = Registrar(ledger.write)
    peers = [Peer(ae_title="CT1", address="10.0.0.1")]
    return Handlers(
        access or AccessList("OPPORTUNE", peers, ()),
        AssociationLog(ledger, registrar),
        Reception(_Memory(), ledger, registrar, lambda: None, Budget(0)),
        ledger,
    )


def _event(association: _Association) -> Any:
    return SimpleNamespace(assoc=association)


def test_an_admitted_association_gets_its_contexts() -> None:
    association = _Association()
    _handlers().on_requested(_event(association))
    assert association.rejections == []
    assert len(association.acceptor.supported_contexts) > 1


def test_a_refused_association_is_over_when_the_handler_returns() -> None:
    association = _Association(calling="WHO")
    _handlers().on_requested(_event(association))
    assert association.rejections == [(1, 1, 3)]
    assert association.killed
    assert association.acceptor.supported_contexts == []


def test_a_bug_refuses() -> None:
    """pynetdicom would go on and accept."""

    class Broken(AccessList):
        def decide(self, **_: Any) -> Admitted | Refused:
            raise RuntimeError("a bug")

    association = _Association()
    _handlers(Broken("OPPORTUNE", (), ())).on_requested(_event(association))
    assert association.rejections == [REJECTED_TRANSIENT]
    assert association.killed


def test_every_handler_is_bound_once() -> None:
    events = [bound[0].name for bound in _handlers().bound()]
    assert len(set(events)) == len(events)
    assert {"EVT_REQUESTED", "EVT_C_ECHO", "EVT_N_EVENT_REPORT"} <= set(events)


@pytest.mark.parametrize("primitive", [None, object()])
def test_other_primitives_end_nothing(primitive: object) -> None:
    _handlers().on_acse_received(SimpleNamespace(assoc=_Association(), primitive=primitive))  # type: ignore[arg-type]
