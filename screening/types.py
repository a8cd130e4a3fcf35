"""What travels between the floors: frozen values that check themselves.

The life of a study: Instance -> Series -> Study -> Selection (Eligible | Ineligible) -> Job -> Radiograph | Volume
-> Findings | NotEvaluable -> Report -> Delivery. Images are in `screening.images`, findings in `screening.findings`,
reports and deliveries in `screening.reports`, jobs in `screening.jobs`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from screening.codes import CodedName
from screening.header import Header

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def is_uid(text: str) -> bool:
    """Whether the text can stand for a UID: digits and single dots, at most 64 characters (PS3.5 9.1).

    PS3.5 also forbids leading zeros in a component. Devices send them all the same, and such an image is better kept
    under the name that it has everywhere else than refused.
    """
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def require_uid(name: str, value: str) -> None:
    """Raise ValueError, naming the argument, if the value is no UID."""
    if not is_uid(value):
        raise ValueError(f"{name} must be a DICOM UID (PS3.5 9.1), got {value!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One SOP Instance as indexed: its identity, where its bytes lie and what its header says."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    transfer_syntax_uid: str
    digest: str  #: SHA-256 of transfer syntax and encoded data set, 64 hexadecimal digits
    location: str  #: spool name, or a path for work without a spool
    header: Header = field(repr=False)

    def __post_init__(self) -> None:
        for name in (
            "sop_class_uid", "sop_instance_uid", "series_instance_uid", "study_instance_uid", "transfer_syntax_uid"
        ):  # fmt: skip
            require_uid(name, getattr(self, name))
        if not re.fullmatch(r"[0-9a-f]{64}", self.digest):
            raise ValueError(f"digest must be a SHA-256 in hexadecimal, got {self.digest!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """The instances of one series, in the order of their Instance Number and SOP Instance UID."""

    series_instance_uid: str
    instances: tuple[Instance, ...]

    def __post_init__(self) -> None:
        if not self.instances:
            raise ValueError(f"series {self.series_instance_uid} must have an instance")

    @property
    def header(self) -> Header:
        """The header of the first instance, which stands for the series."""
        return self.instances[0].header

    @property
    def modality(self) -> str:
        """Modality (0008,0060), upper case, or an empty string."""
        return self.header.text("Modality").upper()


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """A study that is quiet: nothing arrived for the quiet period."""

    study_instance_uid: str
    series: tuple[Series, ...]

    @property
    def instances(self) -> tuple[Instance, ...]:
        """Every instance of every series."""
        return tuple(instance for series in self.series for instance in series.instances)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """What a model may know of a patient."""

    age_years: float | None  #: at the examination; None when neither birth date nor Patient's Age tells
    sex: str | None  #: "M", "F", "O" or None

    def __post_init__(self) -> None:
        if self.age_years is not None and not 0 <= self.age_years <= 150:
            raise ValueError(f"age_years must lie in 0..150, got {self.age_years}")
        if self.sex not in ("M", "F", "O", None):
            raise ValueError(f"sex must be M, F, O or None, got {self.sex!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClinicalContext:
    """What a site told about a patient besides the image. An absent item is unknown, never a default."""

    diagnoses: tuple[CodedName, ...] = ()
    items: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))  #: e.g. {"urea_mmol_per_l": 8.1}

    def only(self, *names: str) -> "ClinicalContext":
        """These items, as far as they are known, and no diagnosis."""
        return ClinicalContext(items=MappingProxyType({name: self.items[name] for name in names if name in self.items}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Eligible:
    """A series, and the instances in it, that a model will look at."""

    series_instance_uid: str
    sop_instance_uids: tuple[str, ...]
    reason: str  #: why this one, e.g. "frontal view by ViewPosition PA"

    def __post_init__(self) -> None:
        if not self.sop_instance_uids:
            raise ValueError("an eligible series must name at least one SOP Instance UID")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ineligible:
    """A series (or one image of it) that a model will not look at, and why."""

    series_instance_uid: str
    code: str  #: machine-readable, e.g. "wrong-view"
    reason: str  #: for an admin: what was found and what is needed
    sop_instance_uid: str | None = None  #: one image; None for the whole series

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.code):
            raise ValueError(f"code must be lower-case words joined by '-', got {self.code!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """A model's answer to a study: at most one series chosen, every other one rejected with a reason."""

    chosen: Eligible | None
    rejected: tuple[Ineligible, ...]
