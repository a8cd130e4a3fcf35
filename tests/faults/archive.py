"""Rows 23 to 26: the PACS is away, slow, refuses, or says what is not so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from pydicom.uid import generate_uid
from sqlalchemy import func, select

from db.node_tables import AuditRow
from db.tables import DeliveryRow
from dicom_node.commitment import Reference
from dicom_node.standin_pacs import Script
from tests.acceptance.node import free_port, wait_for
from tests.acceptance.sending import as_destination
from tests.faults.bench import EMBEDDED, PATIENCE, PRODUCTION, Bench
from tests.faults.matrix import Case, Row, Watch
from tests.faults.proxy import Mode, Proxy

WAITS = "the queue grows, then drains"
DELIVERED = "delivered, warning kept"
TRIED_AGAIN = "tried again until it is taken"
FOR_GOOD = "not tried again; on the operator's list"


def tried(made: Bench, times: int = 1) -> bool:
    """Whether some delivery was tried so often."""
    with made.node.session() as session:
        most = session.scalar(select(func.max(DeliveryRow.attempt)).where(DeliveryRow.detail.is_not(None)))
    return (most or 0) >= times


def connection_fault(mode: Mode, case: Case) -> None:
    """The way to the PACS is broken for a while."""
    with case.bench(proxied=True) as made:
        assert made.proxy is not None
        made.proxy.mode = mode
        made.send_until_stored(*(made.study() for _ in range(3)))
        if mode != "slow":
            wait_for("a vain try", lambda: tried(made), PATIENCE)
        made.proxy.mode = "pass"
        made.proxy.drop_connections()
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)


def pacs_down(case: Case) -> None:
    """Nobody listens on the PACS's port."""
    with case.bench() as made:
        made.pacs.pause()
        made.send_until_stored(*(made.study() for _ in range(3)))
        wait_for("a vain try", lambda: tried(made), PATIENCE)
        made.pacs.resume()
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)


def refused_for_now(status: int, case: Case) -> None:
    """Every C-STORE is answered with this status, then no more."""
    with case.common() as made, answering(made, status):
        made.send_until_stored(made.study())
        wait_for("a second try", lambda: tried(made, 2), PATIENCE)
        made.pacs.always = None
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)


def taken_with_warning(case: Case) -> None:
    """0xB000: coerced, and stored."""
    with case.common() as made, answering(made, 0xB000):
        made.send_until_stored(made.study())
        made.await_settled()
        case.count(made)
        with made.node.session() as session:
            warned = session.scalar(select(func.count()).select_from(DeliveryRow).where(DeliveryRow.status == 0xB000))
        assert warned, "no warning was kept"


def refused_for_good(status: int, case: Case) -> None:
    """Every C-STORE is answered with this status; an operator sends again."""
    with case.bench(commitment="c-find") as made:
        made.pacs.always = status
        path = made.study()
        made.send_until_stored(path)
        wait_for("given up", lambda: made.node.counts()["deliveries"].get("pacs", {}).get("failed", 0) == 3, PATIENCE)
        assert len(made.pacs.asked) == 3, f"asked {len(made.pacs.asked)} times for 3 objects"
        case.count(made, all_done=False)
        made.pacs.always = None
        (study,) = made.node.studies()
        done = made.node.run("study", "retry", study["study_instance_uid"])
        assert done.returncode == 0, done.stderr
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)


@contextmanager
def answering(made: Bench, status: int) -> Iterator[None]:
    """The PACS answers so, until the end."""
    made.pacs.always = status
    try:
        yield
    finally:
        made.pacs.always = None


def rejected(rejection: tuple[int, int, int], case: Case) -> None:
    """Every association is rejected, then no more."""
    with case.bench() as made:
        usual = made.pacs.script
        made.pacs.follow(Script(rejection=rejection))
        made.send_until_stored(made.study())
        wait_for("a vain try", lambda: tried(made), PATIENCE)
        made.pacs.follow(usual)
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)


def commitment(change: Callable[[Bench], None], case: Case) -> None:
    """The PACS reports storage commitment in an unusual way."""
    with case.bench(commitment="storage-commitment") as made:
        change(made)
        made.send_until_stored(made.study(), made.study())
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)
        thread = made.pacs.reporting
        if thread is not None:
            thread.join(PATIENCE)
        case.count(made, watch.seconds)


def _never(made: Bench) -> None:
    made.pacs.follow(Script())


def _late(made: Bench) -> None:
    made.pacs.report_after_seconds = 15


def _twice(made: Bench) -> None:
    made.pacs.report_twice = True


def _partial(made: Bench) -> None:
    made.pacs.lose_next = 1


def _within(made: Bench) -> None:
    made.pacs.follow(Script(report_within=True))


def _refused(made: Bench) -> None:
    made.pacs.follow(Script(commitment_status=0x0122))


def unknown_transaction(case: Case) -> None:
    """A report on a transaction that nobody asked for."""
    with case.bench(commitment="storage-commitment") as made:
        made.send_until_stored(made.study())
        made.await_settled()
        here = [Reference(sop_class_uid="1.2.840.10008.5.1.4.1.1.7", sop_instance_uid=uid) for uid in made.pacs.taken]
        made.pacs.report(as_destination(made.node), str(generate_uid(prefix=None)), here)
        assert made.pacs.reported[-1] != 0, "the report was taken"
        with made.node.session() as session:
            actions = session.scalars(select(AuditRow.action)).all()
        assert "storage commitment report refused" in actions, f"audit: {actions}"
        case.count(made)


def lost_after_success(case: Case) -> None:
    """0x0000, and the object is not there."""
    with case.bench(commitment="c-find") as made:
        made.pacs.lose_next = 2
        made.send_until_stored(made.study())
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)


def one_of_two_dead(case: Case) -> None:
    """A second destination swallows every connection; the first one must not wait for it."""
    swallower = Proxy(free_port())
    swallower.mode = "blackhole"
    dead = f"""
[[destinations]]
name = "dead"
ae_title = "DEAD"
address = "127.0.0.1"
port = {swallower.port}
accept_evidence = ["simulation"]
"""
    with case.bench(more=dead) as made:
        for _ in range(5):
            watch = Watch()
            made.send_until_stored(made.study())
            wait_for("delivery to the other", partial(_waiting_for_pacs, made), 2 * PATIENCE)
            case.count(made, watch.seconds)
        assert made.node.counts()["deliveries"]["dead"]["failed"] == 0
    swallower.close()


def _waiting_for_pacs(made: Bench) -> bool:
    """Whether everything is at the living destination."""
    counts = made.node.counts()
    committed = int(counts["deliveries"].get("pacs", {}).get("committed", 0))
    return committed == 3 * len(made.acknowledged)


_WAYS: tuple[tuple[str, str, Mode], ...] = (
    ("23b", "PACS closes every connection", "refuse"),
    ("23c", "PACS slow: 0.2 s for each 4 kB", "slow"),
    ("23d", "PACS takes connections and says nothing", "blackhole"),
    ("23e", "PACS stalls in mid-object (half-open)", "stall"),
    ("23f", "RST in mid-PDU", "reset"),
    ("23g", "half-close in mid-PDU", "half-close"),
)

_COMMITMENTS: tuple[tuple[str, str, str, Callable[[Bench], None]], ...] = (
    ("25a", "commitment report never comes", "C-FIND instead", _never),
    ("25b", "commitment report comes after C-FIND", "no effect", _late),
    ("25c", "commitment report comes twice", "no effect", _twice),
    ("25d", "commitment fails for one object", "that one sent again", _partial),
    ("25e", "commitment report in the same association", "taken", _within),
    ("25f", "N-ACTION refused", "C-FIND instead", _refused),
)

ROWS = (
    Row(number="23a", fault="PACS down", expected=WAITS, run=pacs_down, modes=(EMBEDDED, PRODUCTION)),
    *(
        Row(number=number, fault=fault, expected=WAITS, run=partial(connection_fault, mode), modes=(EMBEDDED,))
        for number, fault, mode in _WAYS
    ),
    *(
        Row(
            number=f"24{letter}", fault=f"PACS answers 0x{status:04X}", expected=TRIED_AGAIN,
            run=partial(refused_for_now, status), modes=(EMBEDDED,),
        )
        for letter, status in zip("ab", (0xA700, 0x0110), strict=True)
    ),
    Row(
        number="24c", fault="PACS answers 0xB000", expected=DELIVERED, run=taken_with_warning, modes=(EMBEDDED,)
    ),
    *(
        Row(
            number=f"24{letter}", fault=f"PACS answers 0x{status:04X}", expected=FOR_GOOD,
            run=partial(refused_for_good, status), modes=(EMBEDDED,),
        )
        for letter, status in zip("def", (0xA900, 0xC000, 0x0122), strict=True)
    ),
    Row(
        number="24g", fault="association rejected, transient", expected=TRIED_AGAIN,
        run=partial(rejected, (2, 3, 2)), modes=(EMBEDDED,),
    ),
    Row(
        number="24h", fault="association rejected, permanent", expected=TRIED_AGAIN,
        run=partial(rejected, (1, 1, 7)), modes=(EMBEDDED,),
    ),
    *(
        Row(number=number, fault=fault, expected=expected, run=partial(commitment, change), modes=(EMBEDDED,))
        for number, fault, expected, change in _COMMITMENTS
    ),
    Row(
        number="25g", fault="commitment report on an unknown transaction", expected="refused, audited",
        run=unknown_transaction, modes=(EMBEDDED,),
    ),
    Row(
        number="26", fault="PACS answers 0x0000 and loses the object", expected="found missing, sent again",
        run=lost_after_success, modes=(EMBEDDED,),
    ),
    Row(
        number="23h", fault="one of two destinations dead", expected="the other one is served", run=one_of_two_dead,
        modes=(EMBEDDED,),
    ),
)  # fmt: skip
