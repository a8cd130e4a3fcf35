"""Texts that attack: stored as they are, shown escaped, and never more than one line of a log."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import DataElement, Dataset, config, dcmread
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from pydicom.valuerep import PersonName
from pynetdicom import build_context
from pynetdicom.association import Association
from sqlalchemy import select

from db import audit, audit_messages
from db.audit_messages import Way
from db.engine import transaction
from db.tables import InstanceRow, StudyRow
from dicom_node.association_log import Party
from dicom_node.audit.events import Reporter
from dicom_node.ledger import DatabaseLedger
from tests.dicom_node.audit.schema import complaints
from tests.dicom_node.network import make_dataset, requesting, running_listener, set_uid, wait_until
from tests.worker.cli.command import opportune
from tests.worker.ports import make_ports
from worker.indexing import index_received
from worker.log_format import JsonLine, PlainLine
from worker.ports import Ports
from worker.secrecy import Secrecy

CR = build_context(ComputedRadiographyImageStorage, ExplicitVRLittleEndian)

HOSTILE = {
    "path": "../../../etc/passwd",
    "sql": "Robert'); DROP TABLE studies;--",
    "html": "<script>alert('x')</script>&amp;",
    "lines": "DOE^JANE\r\n2026-01-01 INFO all is well",
    "terminal": "DOE\x1b[2J\x1b]0;title\x07^JANE\x9b31m",
    "nul": "DOE^JANE\x00hidden",
    "template": "%s%n{0}$(reboot)`reboot`",
    "long": "X" * 65_534,
}
ISO_2022 = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B="


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ports:
    monkeypatch.chdir(tmp_path)
    return make_ports(tmp_path / "opportune-data")


@pytest.fixture
def association(node: Ports) -> Iterator[Association]:
    """With a listener whose spool and database are the node's."""
    ledger = DatabaseLedger(node.sessions, Reporter(ae_title="OPPORTUNE"))
    with (
        running_listener(node.settings.spool, ledger, spool=node.spool) as running,
        requesting(running.port, [CR]) as made,
    ):
        yield made


def _texts(ds: Dataset, text: str) -> Dataset:
    """The text as every text of the patient and the study, whatever its VR allows."""
    for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyDescription", "InstitutionName"):
        set_text(ds, keyword, text)
    return ds


def set_text(ds: Dataset, keyword: str, text: str | bytes) -> None:
    """Write what pydicom itself would not take."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    vr = dictionary_VR(tag)
    value = PersonName(text) if vr == "PN" else text
    ds[keyword] = DataElement(tag, vr, value, validation_mode=config.IGNORE)


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.filterwarnings("ignore:.*:UserWarning:pydicom")
def test_hostile_names_are_stored_and_hurt_nobody(node: Ports, association: Association, tmp_path: Path) -> None:
    before = _files(tmp_path)
    sent = {kind: _texts(make_dataset(), text) for kind, text in HOSTILE.items()}
    japanese = make_dataset(SpecificCharacterSet=["", "ISO 2022 IR 87"])
    set_text(japanese, "PatientName", ISO_2022)
    sent["iso 2022"] = japanese
    for ds in sent.values():
        assert association.send_c_store(ds).Status == 0
    assert index_received(node) == len(sent)
    with transaction(node.sessions, read_only=True) as session:
        studies = {row.study_instance_uid: row.accession_number for row in session.scalars(select(StudyRow))}
        spooled = {row.sop_instance_uid: row.spool_name for row in session.scalars(select(InstanceRow))}
    assert set(studies) == {str(ds.StudyInstanceUID) for ds in sent.values()}
    stored = dcmread(node.spool.path(spooled[str(japanese.SOPInstanceUID)]), force=True)
    assert stored.get_item("PatientName").value.rstrip() == ISO_2022
    assert studies[str(sent["sql"].StudyInstanceUID)].startswith("Robert');")
    outside = [path for path in _files(tmp_path) - before if path.parts[:2] != ("opportune-data", "spool")]
    assert all(path.name.startswith("opportune.sqlite") for path in outside), outside
    for kind in ("terminal", "lines"):
        shown = opportune("study", "show", studies[str(sent[kind].StudyInstanceUID)])
        assert shown.status == 0, shown.err
        assert shown.out.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_uid_is_refused_with_a_reason_on_one_line(node: Ports, association: Association, text: str) -> None:
    ds = set_uid(make_dataset(), "StudyInstanceUID", text[:60])
    assert association.send_c_store(ds).Status == 0
    index_received(node)
    with transaction(node.sessions, read_only=True) as session:
        row = session.scalars(select(InstanceRow)).one()
    assert row.state == "unreadable"
    assert "StudyInstanceUID" in (row.reason or "") or "Study Instance UID" in (row.reason or "")
    line = PlainLine(Secrecy(bytes(32)), "reconciler").format(_record("unreadable: %s", row.reason))
    assert line.isprintable()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_ae_title_is_kept_and_shown_escaped(node: Ports, text: str) -> None:
    party = Party(calling_ae_title=text, called_ae_title=text, address="10.9.9.9", certificate=text)
    DatabaseLedger(node.sessions, Reporter(ae_title="OPPORTUNE")).refuse_association(
        calling_ae_title=party.calling_ae_title, called_ae_title=party.called_ae_title, address=party.address,
        certificate=party.certificate, reason=f"calling AE title {text!r} is nobody's",
    )  # fmt: skip
    with transaction(node.sessions, read_only=True) as session:
        (entry,) = audit.newest(session)
        (message,) = audit_messages.waiting(session, Way.FILE)
    assert entry.actor == text.replace("\x00", "\ufffd")
    assert complaints(message.message) == []
    for command in (("audit", "list"), ("audit", "list", "--json")):
        shown = opportune(*command)
        assert shown.status == 0, shown.err
        assert shown.out.replace("\n", "").isprintable()
    for formatter in (JsonLine(Secrecy(bytes(32)), "listener"), PlainLine(Secrecy(bytes(32)), "listener")):
        line = formatter.format(_record("refused: %s", text))
        assert line.isprintable()
        assert len(line.splitlines()) == 1


def _record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("dicom_node.handlers", logging.WARNING, "x.py", 1, message, args, None)


def test_uids_of_the_network_name_no_file(node: Ports, association: Association, tmp_path: Path) -> None:
    ds = set_uid(make_dataset(), "SOPInstanceUID", "../../outside")
    before = _files(tmp_path)
    status = association.send_c_store(ds).Status
    assert status != 0
    wait_until(lambda: not [path for path in _files(tmp_path) - before if "outside" in path.name])
    assert association.send_c_store(make_dataset()).Status == 0
