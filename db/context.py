"""Clinical context: what a site told about a patient besides the images."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import database_now
from db.tables import ClinicalContextRow
from db.upsert import insert_or_update
from screening.codes import CodedName
from screening.types import ClinicalContext


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextItem:
    """One item ({"urea_mmol_per_l": 8.1}) or one diagnosis of one patient: exactly one of value and diagnosis."""

    patient_id: str = field(repr=False)
    issuer_of_patient_id: str = field(default="", repr=False)
    name: str = ""  #: of the item; empty for a diagnosis
    value: float | None = None
    diagnosis: CodedName | None = None

    def __post_init__(self) -> None:
        if not self.patient_id:
            raise ValueError("patient_id must not be empty")
        is_item = bool(self.name) and self.value is not None and isfinite(self.value)
        if is_item == (self.diagnosis is not None):
            raise ValueError(f"either name and a finite value, or a diagnosis must be given, got name {self.name!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What an import did."""

    count: int  #: items there were
    changed: frozenset[tuple[str, str]] = field(repr=False)  #: (PatientID, issuer) of whom something new is known


def import_items(s: Session, rows: Iterable[ContextItem]) -> Imported:
    """Keep what a site told; a newer value of the same item replaces the older."""
    now, items = database_now(s), list(rows)
    before = {patient: for_patient(s, *patient) for patient in {(i.patient_id, i.issuer_of_patient_id) for i in items}}
    for item in items:
        code = item.diagnosis
        insert_or_update(
            s,
            ClinicalContextRow,
            ["patient_id", "issuer_of_patient_id", "kind", "name"],
            {
                "patient_id": item.patient_id,
                "issuer_of_patient_id": item.issuer_of_patient_id,
                "kind": "item" if code is None else "diagnosis",
                "name": item.name if code is None else f"{code.scheme}:{code.value}",
                "value": item.value,
                "meaning": None if code is None else code.meaning,
                "imported_at": now,
            },
        )
    changed = frozenset(patient for patient, known in before.items() if for_patient(s, *patient) != known)
    return Imported(count=len(items), changed=changed)


def for_patient(s: Session, patient_id: str, issuer: str) -> ClinicalContext:
    """What is known of the patient with this PatientID and IssuerOfPatientID, both compared exactly.

    An empty Patient ID is nobody's: the context is empty then.
    """
    table = ClinicalContextRow
    rows = s.execute(  # columns, not objects: an object may be as it was before an upsert
        select(table.kind, table.name, table.value, table.meaning)
        .where(table.patient_id == patient_id, table.issuer_of_patient_id == issuer, table.patient_id != "")
        .order_by(table.name)
    ).all()
    diagnoses = []
    for row in rows:
        if row.kind == "diagnosis":
            scheme, _, value = row.name.partition(":")
            diagnoses.append(CodedName(value=value, scheme=scheme, meaning=row.meaning or value))
    items = {row.name: row.value for row in rows if row.kind == "item" and row.value is not None}
    return ClinicalContext(diagnoses=tuple(diagnoses), items=MappingProxyType(items))
