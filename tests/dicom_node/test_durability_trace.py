"""That an object is durable before it is acknowledged, as the kernel saw it: the order of the system calls."""

import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from pynetdicom import build_context

from tests.conftest import require_program
from tests.dicom_node.network import make_dataset, requesting

ROOT = Path(__file__).resolve().parents[2]
CALLS = "write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2,sendto,sendmsg"
LINE = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)")

# what is done to what, in the words of the steps below
STEPS = (
    ("write file", {"write", "writev"}, r"/spool/\w/\w/\w{32}>"),
    ("sync file", {"fsync", "fdatasync"}, r"/spool/\w/\w/\w{32}>"),
    ("sync folder", {"fsync"}, r"/spool/\w/\w>"),
    ("write row", {"pwrite64"}, r"/node\.sqlite-wal>"),
    ("sync row", {"fsync", "fdatasync"}, r"/node\.sqlite-wal>"),
    ("respond", {"sendto", "sendmsg", "write"}, r"<TCP.*\]>, \"\\4\\0"),
)
ORDERS = (("write file", "sync file", "sync folder", "respond"), ("write file", "write row", "sync row", "respond"))
"""Each step is done before the next one of its order begins. File and row are flushed at the same time."""


@dataclass(frozen=True, slots=True)
class Call:
    """A system call of one of the steps, by the lines of the trace in which it begins and ends."""

    step: str
    begins: int
    ends: int


def _read(trace: str) -> list[Call]:
    """The calls that belong to a step and succeeded, in the order of their begin."""
    calls: list[Call] = []
    unfinished: dict[str, tuple[str, str, int]] = {}
    for number, line in enumerate(trace.splitlines()):
        match = LINE.match(line)
        if match is None:
            continue
        call, rest, begins = match["call"], match["rest"], number
        if match["resumed"]:
            call, rest, begins = unfinished.pop(match["thread"], (match["resumed"], "", number))
        elif rest.endswith("<unfinished ...>"):
            unfinished[match["thread"]] = (call, rest, number)
            continue
        for step, names, what in STEPS:
            if call in names and re.search(what, rest) and " = -1 " not in line:
                calls.append(Call(step, begins, number))
    return sorted(calls, key=lambda found: found.begins)


def _violations(calls: list[Call]) -> list[str]:
    """Steps that began before the one that they need had ended. The steps are those of one object."""
    names = [step for step, _, _ in STEPS]
    last = {step: max((call.ends for call in calls if call.step == step), default=-1) for step in names}
    first = {step: min((call.begins for call in calls if call.step == step), default=-1) for step in names}
    found = [f"no {step}" for step in names if last[step] < 0]
    for order in ORDERS:
        found += [f"{after} before {step} was done" for step, after in pairwise(order) if first[after] < last[step]]
    return found


def test_the_trace_of_one_object(tmp_path: Path) -> None:
    """Write, flush of the file and of its folder; the row's write and flush; only when both are done, the response."""
    require_program("strace")
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-yy", "-qq", "-s", "8", "-e", f"trace={CALLS}", "-o", str(trace)]
    probe = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"strace may not trace here: {probe.stderr.strip()}")
    with subprocess.Popen(
        [*command, sys.executable, "-m", "tests.dicom_node.traced_listener", str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as listener:  # fmt: skip
        assert listener.stdout is not None
        port = int(listener.stdout.readline())
        context = build_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)
        with requesting(port, [context]) as association:
            assert association.send_c_store(make_dataset()).Status == 0
        listener.communicate("")
    calls = _read(trace.read_text(encoding="utf-8"))
    # opening the association is a row as well, and its end another
    began = next(call.begins for call in calls if call.step == "write file")
    answered = next(call.ends for call in calls if call.step == "respond" and call.begins > began)
    assert _violations([call for call in calls if began <= call.begins and call.ends <= answered]) == []


FILE, FOLDER = "/t/spool/a/b/" + "0" * 32, "/t/spool/a/b"
GOOD = (
    f'7 write(9<{FILE}>, "x", 1) = 1',
    f"7 fdatasync(9<{FILE}> <unfinished ...>",
    '8 pwrite64(4</t/node.sqlite-wal>, "x", 1, 0) = 1',
    "7 <... fdatasync resumed>) = 0",
    "8 nothing",
    "8 fdatasync(4</t/node.sqlite-wal>) = 0",
    f"7 fsync(9<{FOLDER}>) = 0",
    '7 sendto(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, "\\4\\0\\0", 3, 0, NULL, 0) = 3',
)


def test_a_right_order_is_recognised() -> None:
    assert _violations(_read("\n".join(GOOD))) == []


@pytest.mark.parametrize(
    ("line", "to", "violation"),
    [
        (0, 7, "sync file before write file was done"),
        (0, 2, "write row before write file was done"),
        (6, 1, "sync folder before sync file was done"),
        (5, 0, "sync row before write row was done"),
        (6, 7, "respond before sync folder was done"),
        (5, 7, "respond before sync row was done"),
    ],
)
def test_a_wrong_order_is_noticed(line: int, to: int, violation: str) -> None:
    lines = list(GOOD)
    lines.insert(to, lines.pop(line))
    assert violation in _violations(_read("\n".join(lines)))


@pytest.mark.parametrize("line", [0, 2, 5, 6, 7])
def test_a_missing_step_is_noticed(line: int) -> None:
    lines = list(GOOD)
    del lines[line]
    assert any(violation.startswith("no ") for violation in _violations(_read("\n".join(lines))))


def test_a_step_that_failed_is_none() -> None:
    failed = [
        line.replace(" = 0", " = -1 EIO (Input/output error)") if "fdatasync(4" in line else line for line in GOOD
    ]
    assert _violations(_read("\n".join(failed))) == ["no sync row", "sync row before write row was done"]


def test_an_overlap_is_noticed() -> None:
    """The response goes out while the file is still being flushed."""
    lines = list(GOOD)
    lines.insert(3, lines.pop())
    assert "respond before sync folder was done" in _violations(_read("\n".join(lines)))
