"""Which series of a study is the adult chest CT that this model reads. Headers only; no torch."""

from collections.abc import Iterator

from models.ct_selection import Needs, Objection, choose
from screening.settings import Indication
from screening.types import Selection, Series, Study

ADULT_YEARS = 18.0  # the cohort of the paper is adult; the limit is our assumption
THICKEST = 3.0  # mm (specification)
SHORTEST = 200.0  # mm from base to apex (specification)
FEWEST = 60  # slices: fewer than 20 cm at 3 mm has; assumption
CHEST = ("CHEST", "THORAX", "LUNG")
BODY_PARTS = (*CHEST, "TRUNK", "BODY", "ABD")  # a scan that is named after the abdomen may hold both
EXPIRED = ("expiration", "expiratory", "exp", "exspiration", "exspiratorisch", "expir")

INDICATION = Indication(
    codes=("ICD10:M34.81", "I10C:M34.81"),  # ICD-10-CM: systemic sclerosis with lung involvement
    words=(
        "SSc-ILD", "SSc ILD", "systemic sclerosis with interstitial lung disease", "scleroderma lung disease",
        "systemic sclerosis with lung involvement", "interstitial lung disease in systemic sclerosis",
    ),
)  # fmt: skip
"""Patients that the model is for, unless a site's settings say otherwise: both diseases, stated together."""


def select(study: Study) -> Selection:
    """Choose the thinnest axial chest CT; reject every other series, or image, with its reason."""
    return choose(study, _NEEDS)


def _further(series: Series) -> Iterator[Objection]:
    said = " ".join(series.header.text(key) for key in ("SeriesDescription", "ProtocolName")).lower()
    words = "".join(c if c.isalnum() else " " for c in said).split()
    found = next((word for word in words if word in EXPIRED), None)
    if found is not None:
        yield "expiratory", f"its description says {found!r}; a scan in inspiration is needed"


_NEEDS = Needs(
    what="chest CT",
    thickest=THICKEST,
    shortest=SHORTEST,
    fewest=FEWEST,
    body_parts=BODY_PARTS,
    names=CHEST,
    adult_years=ADULT_YEARS,
    further=_further,
)
