"""What programs that had no part in writing a report have against its objects."""

import re
import subprocess
from pathlib import Path

from screening.findings import Outcome
from screening.reports import ObjectKind, Report
from tests.conftest import require_program
from tests.dicom_node.reports.dcmqi import check_with_dcmqi
from tests.dicom_node.reports.factories import CARD

TOLERATED = (
    "Unrecognized defined term = <99OPPORTUNE>",  # our private coding scheme
    "DeviceUID(0018,1002)> - Attribute is not present in standard DICOM IOD",  # PS3.3 table C.12-1 has it, type 3
)
OF_THE_SOURCE = (
    "Retired Person Name form",  # a name without ^, copied as the source has it
    "Unrecognized defined term = <OD REL>",  # a vendor's Rescale Type, copied so that the state fits its image
    "Missing attribute or value that would be needed to build DICOMDIR",  # type 2 and unknown: never invented
)


def validate(report: Report, outcome: Outcome, folder: Path) -> None:
    """Write every object and have it checked; the structured report says what the outcome does."""
    for item in report.objects:
        path = folder / f"{item.role}.dcm"
        path.write_bytes(item.encoded)
        check_with_dciodvfy(path)
        if item.kind is ObjectKind.SR:
            check_with_dcmtk(path)
            check_with_dcmqi(path, outcome)
        elif item.kind in (ObjectKind.TEXT_SR, ObjectKind.KOS):
            check_document(path, CARD.banner)
        elif item.kind is ObjectKind.GSPS:
            check_presentation(path)


def check_with_dciodvfy(path: Path) -> None:
    """No error, and no warning but those that are told above."""
    require_program("dciodvfy")
    done = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    said = [line for line in lines if re.match(r"(Error|Warning)", line)]
    assert len(said) >= 2, f"dciodvfy did not look at the object: {lines}"
    unexpected = [line for line in said if not any(text in line for text in (*TOLERATED, *OF_THE_SOURCE))]
    assert unexpected == []
    assert done.returncode == 0


def check_with_dcmtk(path: Path) -> None:
    """DCMTK reads the tree of the structured report and writes it as a page with the banner."""
    require_program("dsrdump", "dsr2html")
    dumped = subprocess.run(["dsrdump", str(path)], capture_output=True, check=False)
    assert dumped.returncode == 0, dumped.stderr
    assert b"Measurement Group" in dumped.stdout
    page = path.with_suffix(".html")
    made = subprocess.run(["dsr2html", str(path), str(page)], capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    assert CARD.banner in page.read_text(encoding="utf-8")


def check_document(path: Path, *words: str) -> None:
    """DCMTK reads the tree and writes it as a page with these words."""
    require_program("dsrdump", "dsr2html")
    dumped = subprocess.run(["dsrdump", str(path)], capture_output=True, text=True, check=False)
    assert dumped.returncode == 0, dumped.stderr
    assert [line for line in dumped.stderr.splitlines() if line.startswith("E:")] == []
    page = path.with_suffix(".html")
    made = subprocess.run(["dsr2html", str(path), str(page)], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    text = page.read_text(encoding="utf-8")
    assert [word for word in words if word not in text] == []


def check_presentation(path: Path) -> None:
    """DCMTK's check of presentation states, but for text beyond ASCII (it reads no UTF-8) and a name that is not known.

    The name is of type 2 (PS3.3 C.7.1.1): it may be empty.
    """
    require_program("dcmpschk")
    done = subprocess.run(["dcmpschk", str(path)], capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    assert done.returncode == 0, said
    assert any("Test passed" in line or "Test failed" in line for line in said), said
    wrong = [said[number + 2] for number, line in enumerate(said) if line.startswith("E: Error")]  # their values
    assert [value for value in wrong if "Attribute value" not in value or value.isascii()] == [], said
    lesser = ("Testing: ", "Test passed", "Test failed", "patientName absent or empty", "Dubious date")
    assert [line for line in said if line.startswith("W: ") and not any(word in line for word in lesser)] == []
