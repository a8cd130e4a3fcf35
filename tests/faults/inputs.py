"""Rows 30 to 34, 41, 45 and 46: what senders do, a stop in mid-work, and a long run."""

import random
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pydicom.uid import generate_uid

from tests.acceptance.node import wait_for
from tests.faults.bench import EMBEDDED, PATIENCE, Bench
from tests.faults.matrix import BOTH, Case, Row, Watch
from tests.worker.fake_model import picture


def of_one_study(made: Bench, count: int, **elements: Any) -> list[Path]:
    """Images of one study, written and not sent."""
    study = str(generate_uid(prefix=None))
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "PatientID": "P", "PatientName": "T^F"}
    return [
        made.write(picture(number, SOPInstanceUID=f"{study}.1.{number}", **(uids | elements)))
        for number in range(1, count + 1)
    ]


def twice_at_once(case: Case) -> None:
    """Four senders bring the same study at the same time."""
    with case.common() as made:
        paths = of_one_study(made, 3)
        before = made.node.counts()
        threads = [threading.Thread(target=made.send_until_stored, args=paths) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made.await_settled()
        case.count(made)
        after = made.node.counts()
        assert after["instances"]["indexed"] - before["instances"]["indexed"] == 3
        assert after["jobs"]["inferred"] - before["jobs"]["inferred"] == 1


def other_bytes(case: Case) -> None:
    """The same SOP Instance UID comes with other pixels."""
    with case.bench() as made:
        (path,) = of_one_study(made, 1)
        made.send_until_stored(path)
        made.await_settled()
        case.count(made)
        kept = dict(made.acknowledged)
        data = path.read_bytes()
        path.write_bytes(data[:-2] + b"\x01\x02")
        made.send_until_stored(path)
        made.await_settled()
        case.count(made)  # the other bytes are kept as well
        made.acknowledged = kept
        case.count(made)  # and the first ones were not written over
        assert made.node.counts()["instances"]["conflict"] == 1


def shuffled_and_late(case: Case) -> None:
    """Images in any order; one comes after the result."""
    with case.bench() as made:
        *paths, late = of_one_study(made, 6)
        random.Random(1).shuffle(paths)
        made.send_until_stored(*paths)
        made.await_settled()
        case.count(made)
        made.send_until_stored(late)
        made.await_settled()
        case.count(made)
        (study,) = made.node.studies()
        assert [job["state"] for job in study["jobs"]].count("inferred") == 1


def two_patients(case: Case) -> None:
    """Two patients under one Study Instance UID."""
    with case.bench() as made:
        first, second = of_one_study(made, 2)
        data = second.read_bytes().replace(b"LO\x02\x00P ", b"LO\x02\x00Q ")
        assert data != second.read_bytes()
        second.write_bytes(data)
        made.send_until_stored(first, second)
        wait_for("the decision", lambda: made.node.settled(received=2), PATIENCE)
        case.count(made)
        counts = made.node.counts()
        assert (counts["studies_in_conflict"], sum(counts["jobs"].values())) == (1, 0), f"{counts}"


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def _element(name: bytes, value: bytes, path: Path) -> None:
    """Another value of a US element, in explicit VR little endian."""
    data = path.read_bytes()
    at = data.index(name + b"US\x02\x00") + 8
    path.write_bytes(data[:at] + value + data[at + 2 :])


ROWS_TAG, COLUMNS_TAG, BITS_TAG = b"\x28\x00\x10\x00", b"\x28\x00\x11\x00", b"\x28\x00\x01\x01"

BAD: tuple[tuple[str, str, Callable[[Path], None]], ...] = (
    ("34a", "pixel data cut short", _truncated),
    ("34b", "Rows too large", partial(_element, ROWS_TAG, b"\xff\xff")),
    ("34c", "Columns 0", partial(_element, COLUMNS_TAG, b"\x00\x00")),
    ("34d", "Bits Stored larger than Bits Allocated", partial(_element, BITS_TAG, b"\x20\x00")),
)


def bad_image(spoil: Callable[[Path], None], case: Case) -> None:
    """An image that cannot be right: a reason, and the next study goes on."""
    with case.common() as made:
        (path,) = of_one_study(made, 1)
        spoil(path)
        made.send_until_stored(path)
        made.await_settled()
        case.count(made, all_done=False)
        refused = made.node.json("quarantine", "list")  # where not even a refusal's report can refer to the image
        assert all(job["reason"] for job in refused), f"quarantined without a reason: {refused}"
        for job in refused:
            made.node.run("quarantine", "dismiss", str(job["job_id"]), "--why", "a spoilt image")
        made.send_until_stored(made.study())
        made.await_settled()
        case.count(made)
        counts = made.node.counts()
        told = len(refused)
        told += sum(counts["not_evaluable_by_code"].values()) + counts["instances"]["unreadable"]
        told += sum(counts["ineligible_by_code"].values())
        assert told, "no reason was kept"


def hostile_identifiers(case: Case) -> None:
    """Identifiers that are paths: nothing is written outside the spool."""
    with case.bench(commitment="c-find") as made:
        folder = made.node.folder
        home = folder / "opportune-data"

        def outside() -> set[Path]:
            return {path for path in folder.rglob("*") if home not in path.parents and "sent" not in path.parts}

        before = outside()
        path = made.study(PatientID="../../../evil", AccessionNumber="/etc/passwd", StudyID="..\\..\\evil")
        made.send_until_stored(path)
        made.await_settled()
        case.count(made)
        new = {path for path in outside() - before if folder / "pacs" not in path.parents}
        assert not new, f"written: {sorted(str(path) for path in new)}"
        assert all(len(path.name) == 32 for path in made.kept_files())


def stopped_at_work(case: Case) -> None:
    """SIGTERM to every process in mid-work, as an upgrade does; then all start again."""
    with case.bench() as made:
        made.send_until_stored(*(made.study() for _ in range(3)))
        wait_for("a job at work", lambda: sum(made.node.counts()["jobs"].values()) > 0, PATIENCE)
        made.node.stop()
        watch = Watch()
        made.node.start()
        made.await_settled()
        case.count(made, watch.seconds)


def soak(case: Case) -> None:
    """Studies for a long time; what the processes hold is the same in the second half as in the first."""
    with case.bench() as made:
        end = time.monotonic() + 60 * case.effort.minutes
        held: list[tuple[int, int, int]] = []
        while time.monotonic() < end or len(held) < 6:
            made.send_until_stored(*(made.study() for _ in range(3)))
            made.await_settled(300)
            held.append(_held(made))
        case.count(made)
        half = len(held) // 2
        for name, first, second in zip(
            ("MB", "files", "threads"),
            map(max, zip(*held[1 : half + 1], strict=True)),
            map(max, zip(*held[half:], strict=True)),
            strict=True,
        ):
            assert second <= first * 1.2 + 8, f"{name}: {first} in the first half, {second} in the second"


def _held(made: Bench) -> tuple[int, int, int]:
    """Resident memory in MB, open files and threads of all processes."""
    memory = files = threads = 0
    for process in made.node.processes.values():
        folder = Path("/proc") / str(process.pid)
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        memory += int(status["VmRSS"].split()[0]) // 1024
        threads += int(status["Threads"])
        files += len(list((folder / "fd").iterdir()))
    return memory, files, threads


ROWS = (
    Row(
        number="30", fault="the same study from four senders at once", expected="each image once, one job",
        run=twice_at_once, modes=BOTH,
    ),
    Row(
        number="31", fault="the same SOP Instance UID with other bytes", expected="both kept, conflict",
        run=other_bytes, modes=(EMBEDDED,),
    ),
    Row(
        number="32", fault="images in any order, one after the result", expected="one result in force",
        run=shuffled_and_late, modes=(EMBEDDED,),
    ),
    Row(
        number="33", fault="two patients under one Study Instance UID", expected="conflict, no result",
        run=two_patients, modes=(EMBEDDED,),
    ),
    *(
        Row(number=number, fault=fault, expected="a reason, no crash", run=partial(bad_image, spoil), modes=(EMBEDDED,))
        for number, fault, spoil in BAD
    ),
    Row(
        number="41", fault="paths for identifiers", expected="nothing outside the spool", run=hostile_identifiers,
        modes=(EMBEDDED,),
    ),
    Row(
        number="45", fault="SIGTERM to all in mid-work", expected="nothing lost", run=stopped_at_work, modes=BOTH,
    ),
    Row(
        number="46", fault="long run under load", expected="memory, files and threads flat", run=soak, modes=BOTH,
    ),
)  # fmt: skip
