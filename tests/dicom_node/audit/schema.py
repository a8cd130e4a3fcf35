"""The schema of PS3.15 A.5.1 as tables: which attributes and children each element has, how often, and what they hold.

The children of an element come in the order of its table; attributes have none. `complaints` says where a message
differs; an empty list means that it is valid.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree as ET

Check = Callable[[str], bool]


def _token(text: str) -> bool:
    return True  # xsd:token: what is between its blanks does not matter to a reader


def _one_of(*values: str) -> Check:
    return lambda text: text in values


def _number_up_to(last: int) -> Check:
    return _one_of(*(str(number) for number in range(1, last + 1)))


def _base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _date_time(text: str) -> bool:
    found = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    return found is not None and datetime.fromisoformat(text).tzinfo is not None


@dataclass(frozen=True)
class Element:
    """What an element must and may have; children as (name, least, most) in order, most None for any number."""

    required: dict[str, Check] = field(default_factory=dict)
    optional: dict[str, Check] = field(default_factory=dict)
    children: tuple[tuple[str, int, int | None], ...] = ()
    text: Check | None = None
    one_child_of: tuple[str, ...] = ()  # of these, which have least 0, exactly one


_CODE = Element(
    required={"csd-code": _token, "codeSystemName": _token, "originalText": _token}, optional={"displayName": _token}
)

SCHEMA: dict[str, Element] = {
    "AuditMessage": Element(
        children=(
            ("EventIdentification", 1, 1), ("ActiveParticipant", 1, None), ("AuditSourceIdentification", 1, 1),
            ("ParticipantObjectIdentification", 0, None),
        ),
    ),
    "EventIdentification": Element(
        required={"EventDateTime": _date_time, "EventOutcomeIndicator": _one_of("0", "4", "8", "12")},
        optional={"EventActionCode": _one_of("C", "R", "U", "D", "E")},
        children=(("EventID", 1, 1), ("EventTypeCode", 0, None), ("EventOutcomeDescription", 0, 1)),
    ),
    "EventID": _CODE,
    "EventTypeCode": _CODE,
    "EventOutcomeDescription": Element(text=_token),
    "ActiveParticipant": Element(
        required={"UserID": _token, "UserIsRequestor": _one_of("true", "false", "1", "0")},
        optional={
            "AlternativeUserID": _token, "UserName": _token, "NetworkAccessPointID": _token,
            "NetworkAccessPointTypeCode": _number_up_to(5),
        },
        children=(("RoleIDCode", 0, None), ("MediaIdentifier", 0, 1)),
    ),
    "RoleIDCode": _CODE,
    "AuditSourceIdentification": Element(
        required={"AuditSourceID": _token}, optional={"AuditEnterpriseSiteID": _token},
        children=(("AuditSourceTypeCode", 0, None),),
    ),
    "AuditSourceTypeCode": Element(required={"csd-code": _number_up_to(9)}),
    "ParticipantObjectIdentification": Element(
        required={"ParticipantObjectID": _token},
        optional={
            "ParticipantObjectTypeCode": _number_up_to(4), "ParticipantObjectTypeCodeRole": _number_up_to(26),
            "ParticipantObjectDataLifeCycle": _number_up_to(15), "ParticipantObjectSensitivity": _token,
        },
        children=(
            ("ParticipantObjectIDTypeCode", 1, 1), ("ParticipantObjectName", 0, 1), ("ParticipantObjectQuery", 0, 1),
            ("ParticipantObjectDetail", 0, None), ("ParticipantObjectDescription", 0, None),
        ),
        one_child_of=("ParticipantObjectName", "ParticipantObjectQuery"),
    ),
    "ParticipantObjectIDTypeCode": _CODE,
    "ParticipantObjectName": Element(text=_token),
    "ParticipantObjectQuery": Element(text=_base64),
    "ParticipantObjectDetail": Element(required={"type": _token, "value": _base64}),
    "ParticipantObjectDescription": Element(
        children=(
            ("MPPS", 0, None), ("Accession", 0, None), ("SOPClass", 0, None), ("ParticipantObjectContainsStudy", 0, 1),
            ("Encrypted", 0, 1), ("Anonymized", 0, 1),
        ),
    ),
    "Accession": Element(required={"Number": _token}),
    "SOPClass": Element(
        required={"NumberOfInstances": lambda text: re.fullmatch(r"[+-]?\d+", text) is not None},
        optional={"UID": _token}, children=(("Instance", 0, None),),
    ),
    "Instance": Element(required={"UID": _token}),
}  # fmt: skip


def complaints(message: str) -> list[str]:
    """What is wrong with a message."""
    root = ET.fromstring(message)  # noqa: S314 (made by us a moment ago)
    if root.tag != "AuditMessage":
        return [f"the root is {root.tag}"]
    return list(_element(root, root.tag))


def _element(element: ET.Element, path: str) -> Iterator[str]:
    rule = SCHEMA.get(element.tag)
    if rule is None:
        yield f"{path}: there is no such element"
        return
    for name in rule.required:
        if name not in element.attrib:
            yield f"{path}: {name} is missing"
    for name, value in element.attrib.items():
        check = rule.required.get(name) or rule.optional.get(name)
        if check is None:
            yield f"{path}: there is no attribute {name}"
        elif not check(value):
            yield f"{path}: {name} = {value!r}"
    if rule.text is None and (element.text or "").strip():
        yield f"{path}: it has text"
    if rule.text is not None and not rule.text(element.text or ""):
        yield f"{path}: its text is {element.text!r}"
    yield from _children(element, rule, path)


def _children(element: ET.Element, rule: Element, path: str) -> Iterator[str]:
    order = [name for name, _, _ in rule.children]
    found = [child.tag for child in element]
    if found != sorted(found, key=lambda name: order.index(name) if name in order else -1):
        yield f"{path}: its children are {found}"
    for name, least, most in rule.children:
        if not least <= found.count(name) <= (len(found) if most is None else most):
            yield f"{path}: it has {found.count(name)} {name}"
    if rule.one_child_of and sum(found.count(name) for name in rule.one_child_of) != 1:
        yield f"{path}: it has not exactly one of {rule.one_child_of}"
    for child in element:
        if child.tag in order:
            yield from _element(child, f"{path}/{child.tag}")
        else:
            yield f"{path}: {child.tag} is no child of it"
