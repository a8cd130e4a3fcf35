"""What a report is built from."""

from dataclasses import dataclass, field
from datetime import datetime

from pydicom.dataset import Dataset

from screening.card import ModelCard
from screening.findings import Outcome
from screening.images import Radiograph
from screening.reports import FORMS, ObjectKind
from screening.types import Eligible, require_uid


@dataclass(frozen=True, kw_only=True, slots=True)
class Predecessor:
    """An earlier document that a new one replaces (PS3.3 C.17.2.2, Predecessor Documents Sequence)."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str

    def __post_init__(self) -> None:
        for name in ("study_instance_uid", "series_instance_uid", "sop_instance_uid", "sop_class_uid"):
            require_uid(name, getattr(self, name))


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportRequest:
    """One outcome with all that its report needs; the same request always gives the same bytes.

    sources: the header of every instance that the model looked at, as read (no pixel data needed). They may be as
    bad as real headers are: `dicom_node.reports.normalise` mends or refuses them.
    picture: the image for the overlay; None gives a report without one.
    inferred_at: aware; its UTC offset should be the site's, because viewers print times without one.
    run: counts forced repetitions over the same input, which need new UIDs.
    predecessors: earlier documents, structured reports or reports in words, each replaced by the new one of its kind.
    forms: further forms that are wanted; they change nothing in the other objects.

    Raises
    ------
    ValueError
        If `inferred_at` is naive, `run` is negative, there are no sources, or `forms` names what is always made.
    """

    card: ModelCard
    outcome: Outcome
    chosen: Eligible
    sources: tuple[Dataset, ...] = field(repr=False)
    picture: Radiograph | None = field(default=None, repr=False)
    input_digest: str  #: SHA-256 over the sorted (SOP Instance UID, file digest) pairs
    config_digest: str  #: SHA-256 over what changes numbers: weights, calibration, thresholds
    inferred_at: datetime
    software_version: str  #: of this node
    run: int = 0
    predecessors: tuple[Predecessor, ...] = ()
    forms: tuple[ObjectKind, ...] = ()

    def __post_init__(self) -> None:
        if self.inferred_at.utcoffset() is None:
            raise ValueError(f"inferred_at must have a time zone, got {self.inferred_at.isoformat()}")
        if self.run < 0:
            raise ValueError(f"run must not be negative, got {self.run}")
        if not self.sources:
            raise ValueError("sources must name at least one instance")
        if not set(self.forms) <= set(FORMS):
            raise ValueError(f"forms must be of {', '.join(FORMS)}, got {', '.join(self.forms)}")
