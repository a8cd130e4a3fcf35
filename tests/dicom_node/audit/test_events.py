"""Each event that the node reports is valid, and says what its table of PS3.15 A.5.3 asks for."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from dicom_node import scu
from dicom_node.audit.events import Entity, Reporter, Transfer
from dicom_node.audit.message import Message, Outcome
from tests.dicom_node.audit.schema import complaints

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
US = Reporter(ae_title="OPPORTUNE", site="Main")
CT1 = Entity(ae_title="CT1", address="10.1.2.3")
TRANSFER = Transfer(
    sender=CT1,
    receiver=Entity(ae_title="OPPORTUNE", address="node"),
    study_instance_uid="1.2.3",
    patient_id="P1",
    accession_number="A1",
    sop_classes={"1.2.840.10008.5.1.4.1.1.2": 40},
)
QUESTION = scu.encoded_query(study_instance_uid="1.2.3", series_instance_uid="1.2.3.1", sop_instance_uid="1.2.3.1.1")

EVENTS = {
    "start": (US.activity(AT, "listener", started=True), "110100", "110120", "E", "0", ["110151"]),
    "stop": (US.activity(AT, "listener", started=False), "110100", "110121", "E", "0", ["110151"]),
    "log used": (US.log_used(AT, "opportune://node/audit"), "110101", None, "R", "0", []),
    "begin": (US.begin_transferring(AT, TRANSFER), "110102", None, "E", "0", ["110153"]),
    "new": (US.transferred(AT, TRANSFER, new=True), "110104", None, "C", "0", ["110153"]),
    "known": (US.transferred(AT, TRANSFER, new=False), "110104", None, "R", "0", ["110153"]),
    "failed": (
        US.transferred(AT, TRANSFER, new=True, failure="disk full", outcome=Outcome.SERIOUS_FAILURE),
        "110104", None, "C", "8", ["110153"],
    ),
    "query": (US.query(AT, CT1, *QUESTION), "110112", None, "E", "0", ["110153"]),
    "refused": (US.association_refused(AT, CT1, "US", "CN=CT1", "wrong address"), "110113", "110126", "E", "4", []),
}  # fmt: skip


@pytest.mark.parametrize(("message", "event", "kind", "action", "outcome", "roles"), EVENTS.values(), ids=EVENTS)
def test_codes(  # noqa: PLR0917
    message: Message, event: str, kind: str | None, action: str, outcome: str, roles: list[str]
) -> None:
    said = message.to_xml()
    assert complaints(said) == []
    root = _parsed(message)
    identification = root.find("EventIdentification")
    assert identification is not None
    assert (identification.get("EventActionCode"), identification.get("EventOutcomeIndicator")) == (action, outcome)
    assert [one.get("csd-code") for one in root.iter("EventID")] == [event]
    assert [one.get("csd-code") for one in root.iter("EventTypeCode")] == ([] if kind is None else [kind])
    (requestor,) = [one for one in root.iter("ActiveParticipant") if one.get("UserIsRequestor") == "true"]
    assert [one.get("csd-code") for one in requestor.iter("RoleIDCode")] == roles
    source = root.find("AuditSourceIdentification")
    assert source is not None
    assert (source.get("AuditSourceID"), source.get("AuditEnterpriseSiteID")) == ("OPPORTUNE", "Main")


def _parsed(message: Message) -> ET.Element:
    return ET.fromstring(message.to_xml())  # noqa: S314


def _objects(message: Message) -> list[tuple[str | None, str | None]]:
    """Kind and id of each participant object."""
    found = []
    for one in _parsed(message).iter("ParticipantObjectIdentification"):
        kind = one.find("ParticipantObjectIDTypeCode")
        assert kind is not None
        found.append((kind.get("csd-code"), one.get("ParticipantObjectID")))
    return found


def test_a_transfer_names_study_and_patient() -> None:
    assert _objects(EVENTS["new"][0]) == [("110180", "1.2.3"), ("2", "P1")]


def test_what_nobody_could_read_has_no_study_and_no_patient() -> None:
    nothing = Transfer(
        sender=CT1, receiver=CT1, study_instance_uid="", patient_id="", accession_number="", sop_classes={"1.2": 1},
        sop_instance_uids=["1.2.9"],
    )  # fmt: skip
    message = US.transferred(AT, nothing, new=True, failure="x", outcome=Outcome.SERIOUS_FAILURE)
    assert complaints(message.to_xml()) == []
    assert _objects(message) == [("110180", "<unknown>"), ("2", "<none>")]
    assert [one.get("UID") for one in _parsed(message).iter("Instance")] == ["1.2.9"]


def test_a_refusal_names_who_it_was() -> None:
    message = EVENTS["refused"][0]
    assert _objects(message) == [("110182", "10.1.2.3")]
    (requestor,) = [one for one in _parsed(message).iter("ActiveParticipant") if one.get("UserIsRequestor") == "true"]
    assert (requestor.get("UserID"), requestor.get("NetworkAccessPointID")) == ("CT1", "10.1.2.3")
    details = [one.get("type") for one in _parsed(message).iter("ParticipantObjectDetail")]
    assert details == ["Alert Description", "Called AE Title", "Certificate"]


def test_a_stranger_who_gave_no_name_is_an_address() -> None:
    message = US.association_refused(AT, Entity(ae_title="", address="10.9.9.9"), "", "", "unknown address")
    assert complaints(message.to_xml()) == []
    assert [one.get("UserID") for one in _parsed(message).iter("ActiveParticipant")] == ["OPPORTUNE", "10.9.9.9"]
