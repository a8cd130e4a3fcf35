"""What is made from other files: docs/settings.md, the tables of CONFORMANCE.md, the hashes of the shipped bundles.

Run by `make docs`.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

import dicom_node.reports
from dicom_node.contexts import (
    RECEIVED_TRANSFER_SYNTAXES,
    SCREENED_SOP_CLASSES,
    SECONDARY_CAPTURE_SOP_CLASSES,
)
from dicom_node.identity import IMPLEMENTATION_VERSION_NAME
from dicom_node.reports.key_objects import PLACE as KEY_OBJECTS
from dicom_node.reports.presentation_state import PLACE as PRESENTATION_STATE
from dicom_node.reports.segmentation import PLACE as SEGMENTATION
from dicom_node.reports.text_report import PLACE as TEXT_REPORT
from dicom_node.reports.uids import IMPLEMENTATION_CLASS_UID
from dicom_node.sr_fallback import FALLBACKS
from models import registry
from screening import codes, settings_file
from screening.codes import PRIVATE_SCHEME, CodedName

_BLOCK = re.compile(r"(<!-- made from code: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def conformance_tables() -> dict[str, str]:
    """The tables of the conformance statement, by name."""
    received = [(uid, "screened") for uid in SCREENED_SOP_CLASSES]
    received += [(uid, "taken to recognise our own objects; never screened") for uid in SECONDARY_CAPTURE_SOP_CLASSES]
    return {
        "implementation": _table(
            ("Implementation Class UID", "Implementation Version Name"),
            [(f"`{IMPLEMENTATION_CLASS_UID}`", f"`{IMPLEMENTATION_VERSION_NAME}`")],
        ),
        "received-sop-classes": _table(
            ("SOP Class", "SOP Class UID", "what becomes of it"),
            ((UID(uid).name, f"`{uid}`", what) for uid, what in received),
        ),
        "received-transfer-syntaxes": _table(
            ("Transfer Syntax", "Transfer Syntax UID"),
            ((UID(uid).name, f"`{uid}`") for uid in RECEIVED_TRANSFER_SYNTAXES),
        ),
        "sent-sop-classes": _table(
            ("SOP Class", "SOP Class UID", "Transfer Syntax", "when"),
            (
                (UID(uid).name, f"`{uid}`", f"{ExplicitVRLittleEndian.name} (`{ExplicitVRLittleEndian}`)", when)
                for uid, when in _sent()
            ),
        ),
        "private-codes": _table(
            ("Code Value", "Code Meaning"), ((f"`{code.value}`", code.meaning) for code in private_codes())
        ),
    }


def private_codes() -> list[CodedName]:
    """Every code of our private scheme that a module of the product defines, by value."""
    found = {
        code.value: code
        for module in (codes, *_reporting_modules())
        for code in vars(module).values()
        if isinstance(code, CodedName) and code.scheme == PRIVATE_SCHEME
    }
    return [found[value] for value in sorted(found)]


def fill(page: str, tables: Mapping[str, str]) -> str:
    """The page with each block replaced by the table that it names.

    Raises
    ------
    ValueError
        If the page and the tables do not name the same blocks.
    """
    names = [match[2] for match in _BLOCK.finditer(page)]
    if sorted(names) != sorted(tables):
        raise ValueError(f"the page has the blocks {sorted(names)}, the tables are {sorted(tables)}")
    return _BLOCK.sub(lambda match: f"{match[1]}{tables[match[2]]}\n{match[3]}", page)


def write(root: Path) -> None:
    """Bring the pages under the root of the repository up to date."""
    settings_file.write_reference(root / "docs" / "settings.md")
    (root / "models" / registry.PINNED.name).write_text(registry.pinned(), encoding="utf-8")
    page = root / "CONFORMANCE.md"
    page.write_text(fill(page.read_text(encoding="utf-8"), conformance_tables()), encoding="utf-8")


def _sent() -> Iterator[tuple[str, str]]:
    yield str(SecondaryCaptureImageStorage), "always"
    best = next(iter(FALLBACKS))
    yield best, "always"
    for uid in FALLBACKS[best]:
        yield uid, "in its place, when the destination does not accept a better one"
    yield SEGMENTATION.sop_class_uid, "when a model measured a volume that it outlines"
    for place in (TEXT_REPORT, PRESENTATION_STATE, KEY_OBJECTS):
        yield place.sop_class_uid, f"to a destination whose `objects` name `{place.kind}`"


def _reporting_modules() -> Iterator[object]:
    package = dicom_node.reports
    for module in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{module.name}")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    write(Path.cwd())
