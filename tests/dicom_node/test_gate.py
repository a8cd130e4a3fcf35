"""The gate before the spool."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from pynetdicom import build_context

from dicom_node import listener
from dicom_node.contexts import verification_context
from dicom_node.gate import Gate
from dicom_node.spool import Spool
from screening.errors import DatabaseUnavailable, IntakePaused, SpoolUnavailable
from tests.dicom_node.network import FakeLedger, Running, make_dataset, requesting, running_listener, wait_until

CONTEXTS = [verification_context(), build_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)]


def test_it_is_closed_when_it_was_looked_up_and_not_before(tmp_path: Path) -> None:
    paused = [True]
    gate = Gate(Spool(tmp_path, minimum_free=0), lambda: paused[0])
    gate.begin().drop()
    gate.look()
    with pytest.raises(IntakePaused):
        gate.begin()
    paused[0] = False
    with pytest.raises(IntakePaused):
        gate.begin()
    gate.look()
    gate.begin().drop()


def test_an_open_gate_hides_nothing_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnavailable, match="bytes free"):
        Gate(Spool(tmp_path, minimum_free=2**62), lambda: False).begin()


def test_while_the_database_is_down_it_stays_as_it_is(tmp_path: Path) -> None:
    answers: Iterator[bool | Exception] = iter([True, DatabaseUnavailable("down"), False])
    rounds = iter([False, False, True])

    def ask() -> bool:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    gate = Gate(Spool(tmp_path, minimum_free=0), ask)
    gate.keep_looking(lambda _: next(rounds), 1.0)
    with pytest.raises(IntakePaused):
        gate.begin()
    gate.look()
    gate.begin().drop()


def test_who_is_not_told_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        Gate(Spool(tmp_path, minimum_free=0), lambda: FakeLedger(down=True).intake_paused()).look()


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> FakeLedger:
    monkeypatch.setattr(listener, "GATE_SECONDS", 0.05)
    return FakeLedger(paused=True)


def _store(node: Running) -> tuple[int, str]:
    with requesting(node.port, CONTEXTS) as association:
        assert association.send_c_echo().Status == 0
        answer = association.send_c_store(make_dataset())
        return int(answer.Status), str(answer.get("ErrorComment", ""))


def test_a_listener_that_starts_while_intake_is_paused_takes_nothing(tmp_path: Path, ledger: FakeLedger) -> None:
    with running_listener(tmp_path / "spool", ledger) as node:
        assert _store(node) == (0xA700, "intake paused")
        assert (node.files(), ledger.registered) == ([], [])
        assert [(row["status"], row["reason"]) for row in ledger.refusals] == [(0xA700, "intake paused")]
        ledger.paused = False
        wait_until(lambda: _store(node) == (0x0000, ""))
        ledger.paused = True
        wait_until(lambda: _store(node)[0] == 0xA700)
    assert len(ledger.registered) == len(node.files())
