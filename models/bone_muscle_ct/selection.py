"""Which series of a study is the abdominal CT that this model reads. Headers only; no torch."""

from collections.abc import Iterator

from models.ct_selection import DESCRIPTIONS, Needs, Objection, choose
from screening.types import Selection, Series, Study

ADULT_YEARS = 18.0  # younger bones still grow; that the risk holds from 50 to 80 years is seen to in findings.py
THICKEST = 5.0  # mm (specification)
SHORTEST = 150.0  # mm: L1-L4 and enough of the sacrum to count from take 160 to 200; assumption
FEWEST = 30  # slices: fewer than 15 cm at 5 mm has
NARROWEST = 200.0  # mm of the field of view: narrower is a spine without its muscles; assumption
ABDOMEN = ("ABD", "PELV")
BODY_PARTS = (*ABDOMEN, "TRUNK", "BODY", "LSPINE", "LUMBAR", "KIDNEY", "LIVER", "URO", "AORTA")
"""A CT that is named a chest and nothing else is left alone: it hardly ever shows L1-L4."""
ELSEWHERE = ("CHEST", "THORAX", "LUNG", "HEAD", "SKULL", "BRAIN", "NECK", "CERVIC", "CARDIAC", "HEART", "KNEE")
"""Words of a description that names another part, where BodyPartExamined names none; assumption."""


def select(study: Study) -> Selection:
    """Choose the thinnest axial abdominal CT; reject every other series, or image, with its reason."""
    return choose(study, _NEEDS)


def _further(series: Series) -> Iterator[Objection]:
    header = series.header
    said = " ".join(header.text(keyword) for keyword in DESCRIPTIONS).upper()
    other = next((word for word in ELSEWHERE if word in said), None)
    if other is not None and not any(word in said for word in BODY_PARTS):
        yield "wrong-body-part", f"its description says {other}; an abdominal CT is needed"
    columns, spacing = header.number("Columns"), header.numbers("PixelSpacing")
    if columns is not None and len(spacing) == 2 and columns * spacing[1] < NARROWEST:
        width = columns * spacing[1]
        yield "field-of-view-narrow", f"the field of view is {width:.0f} mm wide; {NARROWEST:.0f} mm or more is needed"


_NEEDS = Needs(
    what="abdominal CT",
    thickest=THICKEST,
    shortest=SHORTEST,
    fewest=FEWEST,
    body_parts=BODY_PARTS,
    names=ABDOMEN,
    adult_years=ADULT_YEARS,
    further=_further,
)
