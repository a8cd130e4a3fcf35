"""An audit message: the element AuditMessage of the schema in PS3.15 A.5.1, as a value and as XML."""

import base64
import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal
from xml.etree import ElementTree as ET

from screening.codes import CodedName

# What XML 1.0 has no way to write (its production [2] Char); an attacker may put it into an AE title or a UID.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 1024  # characters of one value: what a peer sends may be much longer

Action = Literal["C", "R", "U", "D", "E"]  # create, read, update, delete, execute
Role = Literal["1", "2", "3", "13"]  # ParticipantObjectTypeCodeRole: patient, location, report, security resource


class Outcome(StrEnum):
    """EventOutcomeIndicator. Success and failure are never in one message."""

    SUCCESS = "0"
    MINOR_FAILURE = "4"  #: it may be tried again, or concerns what was asked for
    SERIOUS_FAILURE = "8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """ActiveParticipant: who took part."""

    user_id: str  #: AE title, name of a user, or of the program
    requestor: bool  #: whether the event began with it; at most one of a message
    roles: tuple[CodedName, ...] = ()
    alternative_user_id: str | None = None
    address: str | None = None  #: IP address or host name


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """ParticipantObjectIdentification: what it was about. Either a name or a query."""

    object_id: str
    id_type: CodedName
    type_code: Literal["1", "2"]  #: a person, a system object
    role: Role
    name: str = ""
    query: bytes | None = None
    details: tuple[tuple[str, str], ...] = ()  #: type and value
    sop_classes: tuple[tuple[str, int], ...] = ()  #: SOP Class UID and number of instances
    sop_instances: tuple[str, ...] = ()  #: named one by one; of the first SOP Class
    accession_number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One event."""

    event: CodedName
    action: Action
    at: datetime  #: aware
    outcome: Outcome
    source_id: str  #: AuditSourceID: which node reports
    participants: tuple[Participant, ...]
    event_type: CodedName | None = None
    outcome_description: str = ""
    objects: tuple[Object, ...] = ()
    site: str = ""  #: AuditEnterpriseSiteID

    def __post_init__(self) -> None:
        """Refuse what no reader could take for an event."""
        if self.at.tzinfo is None:
            raise ValueError("the moment of an event must be aware")
        if not self.participants or sum(one.requestor for one in self.participants) > 1:
            raise ValueError("an event has participants, and at most one of them is the requestor")

    def to_xml(self) -> str:
        """The message on one line, without an XML declaration."""
        root = ET.Element("AuditMessage")
        self._add_event(root)
        for participant in self.participants:
            _add_participant(root, participant)
        source = _add(root, "AuditSourceIdentification", AuditEnterpriseSiteID=self.site, AuditSourceID=self.source_id)
        ET.SubElement(source, "AuditSourceTypeCode", {"csd-code": "4"})  # application server process
        for item in self.objects:
            _add_object(root, item)
        return ET.tostring(root, encoding="unicode")

    def _add_event(self, root: ET.Element) -> None:
        at = self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = _add(
            root, "EventIdentification", EventActionCode=self.action, EventDateTime=at,
            EventOutcomeIndicator=self.outcome.value,
        )  # fmt: skip
        _add_code(event, "EventID", self.event)
        if self.event_type is not None:
            _add_code(event, "EventTypeCode", self.event_type)
        if self.outcome_description:
            _add(event, "EventOutcomeDescription").text = writable(self.outcome_description)


def writable(text: str) -> str:
    """The text with what XML cannot write replaced by U+FFFD, and not longer than a message bears."""
    return _UNWRITABLE.sub("\ufffd", text[:_LONGEST])


def _add(parent: ET.Element, tag: str, **attributes: str | None) -> ET.Element:
    """An element with the attributes that have a value."""
    return ET.SubElement(parent, tag, {key: writable(value) for key, value in attributes.items() if value})


def _add_code(parent: ET.Element, tag: str, code: CodedName) -> None:
    ET.SubElement(
        parent, tag, {"csd-code": code.value, "codeSystemName": code.scheme, "originalText": code.meaning}
    )  # fmt: skip


def _add_participant(root: ET.Element, participant: Participant) -> None:
    element = _add(root, "ActiveParticipant")
    element.set("UserID", writable(participant.user_id))
    if participant.alternative_user_id:
        element.set("AlternativeUserID", writable(participant.alternative_user_id))
    element.set("UserIsRequestor", "true" if participant.requestor else "false")
    if participant.address:
        element.set("NetworkAccessPointID", writable(participant.address))
        element.set("NetworkAccessPointTypeCode", "2" if _is_ip_address(participant.address) else "1")
    for role in participant.roles:
        _add_code(element, "RoleIDCode", role)


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _add_object(root: ET.Element, item: Object) -> None:
    element = _add(root, "ParticipantObjectIdentification")
    element.set("ParticipantObjectID", writable(item.object_id))
    element.set("ParticipantObjectTypeCode", item.type_code)
    element.set("ParticipantObjectTypeCodeRole", item.role)
    _add_code(element, "ParticipantObjectIDTypeCode", item.id_type)
    if item.query is not None:
        _add(element, "ParticipantObjectQuery").text = _base64(item.query)
    else:
        _add(element, "ParticipantObjectName").text = writable(item.name)
    for kind, value in item.details:
        _add(element, "ParticipantObjectDetail", type=kind, value=_base64(writable(value).encode()))
    if not (item.sop_classes or item.accession_number):
        return
    description = _add(element, "ParticipantObjectDescription")
    if item.accession_number:
        _add(description, "Accession", Number=item.accession_number)
    for position, (uid, count) in enumerate(item.sop_classes):
        sop_class = _add(description, "SOPClass", UID=uid, NumberOfInstances=str(count))
        for instance in item.sop_instances if position == 0 else ():
            _add(sop_class, "Instance", UID=instance)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
