"""Rows 27 to 29: a full disk, a broken one, and a clock that jumps."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from dicom_node.reception import OUT_OF_RESOURCES
from tests.acceptance.node import wait_for
from tests.faults.bench import EMBEDDED, PATIENCE, Bench
from tests.faults.matrix import BOTH, Case, Row, Watch

BACK_SECONDS = 30

Volume = Literal["spool", "home", "tmp", "log"]


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own; only root may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill a disk to so many bytes; the file that does it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65536)
        except OSError as exc:
            if exc.errno != errno.ENOSPC:
                raise
    if leave:
        with ballast.open("r+b") as file:
            file.truncate(ballast.stat().st_size - leave)
    return ballast


def full_disk(volume: Volume, case: Case) -> None:
    """A volume fills up while studies come, and is emptied again."""
    with case.bench(start=False) as made:
        home = made.node.folder / "opportune-data"
        home.mkdir(mode=0o700)
        folder = {
            "spool": home / "spool", "home": home, "tmp": made.node.folder / "tmp", "log": made.node.folder / "log",
        }[volume]  # fmt: skip
        with small_disk(folder, 20):
            if volume == "tmp":
                made.node.variables["TMPDIR"] = str(folder)
            if volume == "log":
                made.node.logs_in = folder
            made.node.start()
            try:
                _fill_and_empty(made, case, folder, refuses=volume in ("spool", "home"))
            finally:
                made.node.stop()


def _fill_and_empty(made: Bench, case: Case, folder: Path, *, refuses: bool) -> None:
    made.send_until_stored(made.study())
    ballast = fill(folder)
    path = made.study()
    for _ in range(3):
        during = made.send(path)
        if refuses:
            assert [result.status for result in during] in ([], [OUT_OF_RESOURCES]), f"answered {during}"
    ballast.unlink()
    watch = Watch()
    made.send_until_stored(path)
    back = watch.seconds
    made.await_settled()
    case.count(made, back)
    case.held_to(BACK_SECONDS)


def watermark(case: Case) -> None:
    """Less is free than the node keeps free: refused before the disk is full, and what is in hand goes on."""
    with case.bench(start=False) as made:
        spool = made.node.folder / "opportune-data" / "spool"
        spool.parent.mkdir(mode=0o700)
        with small_disk(spool, 20):
            made.node.start()
            try:
                made.send_until_stored(*(made.study() for _ in range(3)))
                ballast = fill(spool, leave=900_000)  # the bench keeps 1 MB
                path = made.study()
                (during,) = made.send(path)
                assert during.status == OUT_OF_RESOURCES, f"answered {during}"
                made.await_settled()
                told = made.node.json("status")["disk"]
                assert told["accepting"] is False, f"status says {told}"
                ballast.unlink()
                watch = Watch()
                made.send_until_stored(path)
                back = watch.seconds
                assert made.node.json("status")["disk"]["accepting"] is True
                made.await_settled()
                case.count(made, back)
                case.held_to(BACK_SECONDS)
            finally:
                made.node.stop()


def broken_disk(case: Case) -> None:
    """fsync answers EIO once: the object is not stored, and nothing is until somebody has looked."""
    with case.bench() as made:
        role = made.node.process_of("listener.fsync")
        made.send_until_stored(made.study())
        made.inject("listener.fsync:eio")
        path = made.study()
        (during,) = made.send(path)
        assert during.status == OUT_OF_RESOURCES, f"answered {during}"
        made.end_fault()
        (after,) = made.send(path)
        assert after.status == OUT_OF_RESOURCES, f"taken again after a failed fsync: {after}"
        log = (made.node.folder / f"{role}.log").read_text(encoding="utf-8")
        assert "CRITICAL" in log, "nobody was told"
        assert made.node.json("status")["disk"]["failed"], "status does not tell"
        made.node.kill(role)
        watch = Watch()
        made.node.start(role)
        made.send_until_stored(path)
        made.await_settled()
        case.count(made, watch.seconds)


def clock_jump(seconds: float, case: Case) -> None:
    """The clock jumps while a job is at work."""
    with case.bench() as made:
        made.inject("worker.mid-inference:sleep=6")
        made.send_until_stored(made.study())
        wait_for("a job at work", lambda: made.node.counts()["jobs"]["claimed"] == 1, PATIENCE)
        wait_for("the fault", lambda: not made.node.fault_file.exists(), PATIENCE)
        made.node.clock_file.write_text(str(seconds), encoding="utf-8")
        watch = Watch()
        made.await_settled()
        case.count(made, watch.seconds)
        (study,) = made.node.studies()
        attempts = [event["detail"] for event in study["jobs"][0]["events"] if event["to"] == "claimed"]
        assert len(attempts) == 1, f"claimed {len(attempts)} times"


ROWS = (
    Row(
        number="27a", fault="spool's disk full", expected="0xA700, back within 30 s of space", modes=BOTH,
        run=partial(full_disk, "spool"),
    ),
    Row(
        number="27b", fault="disk of spool and database full", expected="0xA700, back within 30 s of space",
        modes=(EMBEDDED,), run=partial(full_disk, "home"),
    ),
    Row(number="27c", fault="disk of TMPDIR full", expected="nothing", modes=BOTH, run=partial(full_disk, "tmp")),
    Row(number="27d", fault="disk of the log full", expected="nothing", modes=BOTH, run=partial(full_disk, "log")),
    Row(
        number="27e", fault="spool's disk below its watermark", expected="0xA700, work in hand done", modes=BOTH,
        run=watermark,
    ),
    Row(
        number="28", fault="fsync answers EIO", expected="0xA700 until the listener is started again, alert",
        modes=BOTH, run=broken_disk,
    ),
    Row(
        number="29a", fault="clock one day on, in mid-job", expected="no lease taken back", modes=BOTH,
        run=partial(clock_jump, 86400),
    ),
    Row(
        number="29b", fault="clock one hour back, in mid-job", expected="no lease taken back", modes=BOTH,
        run=partial(clock_jump, -3600),
    ),
)  # fmt: skip
