"""An audit message as XML."""

from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from dicom_node.audit.message import Message, Object, Outcome, Participant, writable
from screening.codes import CodedName
from tests.dicom_node.audit.schema import complaints

CODE = CodedName(value="110113", scheme="DCM", meaning="Security Alert")
MESSAGE = Message(
    event=CODE,
    action="E",
    at=datetime(2026, 3, 2, 10, 0, 0, 250_000, tzinfo=UTC),
    outcome=Outcome.MINOR_FAILURE,
    source_id="OPPORTUNE",
    site="Main <Street>",
    participants=(
        Participant(user_id="CT1", requestor=True, address="10.1.2.3", roles=(CODE,), alternative_user_id="17"),
        Participant(user_id="", requestor=False, address="pacs.hospital"),
    ),
    event_type=CODE,
    outcome_description="wrong address",
    objects=(
        Object(object_id="1.2.3", id_type=CODE, type_code="2", role="3", sop_classes=(("1.2", 2), ("1.3", 1)),
               sop_instances=("1.2.9",), accession_number="A1", details=(("Alert Description", "x \u00e4"),)),
        Object(object_id="1.2.4", id_type=CODE, type_code="2", role="3", query=b"\x00\xff"),
    ),
)  # fmt: skip


def _parsed(message: Message) -> ET.Element:
    return ET.fromstring(message.to_xml())  # noqa: S314


def test_it_is_valid_and_on_one_line() -> None:
    said = MESSAGE.to_xml()
    assert complaints(said) == []
    assert len(said.splitlines()) == 1
    root = _parsed(MESSAGE)
    event = root.find("EventIdentification")
    assert event is not None
    assert event.attrib == {
        "EventActionCode": "E", "EventDateTime": "2026-03-02T10:00:00.250Z", "EventOutcomeIndicator": "4",
    }  # fmt: skip
    assert event.findtext("EventOutcomeDescription") == "wrong address"
    kinds = [one.get("NetworkAccessPointTypeCode") for one in root.iter("ActiveParticipant")]
    assert kinds == ["2", "1"]  # an IP address, a host name
    source = root.find("AuditSourceIdentification")
    assert source is not None
    assert source.get("AuditEnterpriseSiteID") == "Main <Street>"
    first, second = root.iter("ParticipantObjectIdentification")
    assert [one.attrib for one in first.iter("SOPClass")] == [
        {"UID": "1.2", "NumberOfInstances": "2"}, {"UID": "1.3", "NumberOfInstances": "1"},
    ]  # fmt: skip
    assert [one.get("UID") for one in first.iter("Instance")] == ["1.2.9"]
    assert [one.get("value") for one in first.iter("ParticipantObjectDetail")] == ["eCDDpA=="]
    assert second.findtext("ParticipantObjectQuery") == "AP8="


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('<script>"&', '<script>"&'),
        ("\x00\x1b[2J\x0b", "\ufffd\ufffd[2J\ufffd"),
        ("\ud800\ufffe", "\ufffd\ufffd"),
        ("x" * 65536, "x" * 1024),
        ("../../etc/passwd\r\n", "../../etc/passwd\r\n"),
    ],
)
def test_whatever_a_peer_calls_itself_the_message_is_valid(text: str, written: str) -> None:
    assert writable(text) == written
    message = replace(
        MESSAGE, participants=(Participant(user_id=text, requestor=True, address=text),), outcome_description=text,
        objects=(replace(MESSAGE.objects[0], object_id=text, name=text, details=((text, text),)),),
    )  # fmt: skip
    assert complaints(message.to_xml()) == []
    participant = _parsed(message).find("ActiveParticipant")
    assert participant is not None
    assert (participant.get("UserID") or "").split() == written.split()
    assert len(message.to_xml().splitlines()) <= 1 + 3 * text.count("\n")


def test_what_no_reader_could_take_for_an_event_is_refused() -> None:
    with pytest.raises(ValueError, match="must be aware"):
        replace(MESSAGE, at=datetime(2026, 3, 2))  # noqa: DTZ001
    with pytest.raises(ValueError, match="at most one of them is the requestor"):
        replace(MESSAGE, participants=(MESSAGE.participants[0],) * 2)
    with pytest.raises(ValueError, match="has participants"):
        replace(MESSAGE, participants=())


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("EventOutcomeIndicator=\"4\"", "EventOutcomeIndicator=\"5\"", "EventOutcomeIndicator = '5'"),
        ("UserIsRequestor=\"true\"", "", "UserIsRequestor is missing"),
        ("csd-code=\"4\"", "code=\"4\"", "there is no attribute code"),
        ("<ParticipantObjectQuery>AP8=", "<ParticipantObjectQuery>?", "its text is '?'"),
        ("T10:00:00.250Z", "T10:00:00.250", "EventDateTime"),
        ("<AuditSourceIdentification", "<Accession Number=\"1\"/><AuditSourceIdentification", "is no child of it"),
    ],
)  # fmt: skip
def test_the_schema_finds_what_is_wrong(right: str, wrong: str, said: str) -> None:
    broken = MESSAGE.to_xml().replace(right, wrong, 1)
    assert said in " ".join(complaints(broken))
