"""Coded names (PS3.16) that more than one floor uses."""

from dataclasses import dataclass

PRIVATE_SCHEME = "99OPPORTUNE"
"""Our private coding scheme designator (PS3.3 8.2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodedName:
    """A code: its value, the scheme that defines it and what a person reads.

    Raises
    ------
    ValueError
        If value or scheme exceeds 16 characters (VR SH) or meaning 64 (VR LO), or one of them is empty.
    """

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        for name, limit in (("value", 16), ("scheme", 16), ("meaning", 64)):
            text = getattr(self, name)
            if not text or len(text) > limit:
                raise ValueError(f"{name} of a code must have 1 to {limit} characters, got {text!r}")


def ucum(value: str, meaning: str | None = None) -> CodedName:
    """A unit of measurement (UCUM), e.g. ``ucum("%", "percent")``."""
    return CodedName(value=value, scheme="UCUM", meaning=meaning or value)


PERCENT = ucum("%", "percent")
NO_UNITS = ucum("1", "no units")
MONTH = ucum("mo", "month")
MILLILITRE = ucum("mL", "milliliter")
HOUNSFIELD = ucum("[hnsf'U]", "Hounsfield unit")
SQUARE_CENTIMETRE = ucum("cm2", "square centimeter")

# PS3.16 CID 7151 / SNOMED CT
CHEST = CodedName(value="816094009", scheme="SCT", meaning="Chest")
LUNG = CodedName(value="39607008", scheme="SCT", meaning="Lung")
PNEUMONIA = CodedName(value="233604007", scheme="SCT", meaning="Pneumonia")
INTERSTITIAL_LUNG_DISEASE = CodedName(value="233703007", scheme="SCT", meaning="Interstitial lung disease")
SPINE = CodedName(value="421060004", scheme="SCT", meaning="Spine")
SKELETAL_MUSCLE = CodedName(value="127954009", scheme="SCT", meaning="Skeletal muscle")
COMPRESSION_FRACTURE = CodedName(value="42942008", scheme="SCT", meaning="Compression fracture of vertebral column")
VERTEBRAE = {  # CID 7602
    level: CodedName(value=value, scheme="SCT", meaning=f"{level} vertebra")
    for level, value in (
        ("T11", "12989004"), ("T12", "23215003"), ("L1", "66794005"), ("L2", "14293000"), ("L3", "36470004"),
        ("L4", "11994002"), ("L5", "49668003"),
    )
}  # fmt: skip
ANATOMICAL_STRUCTURE = CodedName(value="91723000", scheme="SCT", meaning="Anatomical Structure")  # CID 7150
TISSUE = CodedName(value="85756007", scheme="SCT", meaning="Tissue")
# CID 6141: mean and spread by names of their own, for viewers show a name and not the derivation beside it
MEAN_ATTENUATION = CodedName(value="112181", scheme="DCM", meaning="Mean Attenuation Coefficient")
ATTENUATION_SD = CodedName(value="112183", scheme="DCM", meaning="Standard Deviation of Attenuation Coefficient")
STATISTICS = frozenset({MEAN_ATTENUATION, ATTENUATION_SD})
"""Names that say how one value was made of many."""
ATTENUATION = CodedName(value="112031", scheme="DCM", meaning="Attenuation Coefficient")  # CID 218
AREA = CodedName(value="42798000", scheme="SCT", meaning="Area")
MEAN = CodedName(value="373098007", scheme="SCT", meaning="Mean")  # CID 7464
STANDARD_DEVIATION = CodedName(value="386136009", scheme="SCT", meaning="Standard Deviation")
CLASS_ACTIVATION = CodedName(value="130402", scheme="DCM", meaning="Class activation")  # CID 7180

RISK_STRATUM = CodedName(
    value="RISKSTRATUM", scheme=PRIVATE_SCHEME, meaning="Risk stratum (site-configured thresholds)"
)
HEATMAP_FRACTION = CodedName(
    value="HEATFRAC", scheme=PRIVATE_SCHEME, meaning="Fraction of total heatmap activation in region"
)
AGE_DIFFERENCE = CodedName(value="AGEDIFF", scheme=PRIVATE_SCHEME, meaning="Estimated minus chronological age")
AGE_DIFFERENCE_Z = CodedName(
    value="AGEDIFFZ", scheme=PRIVATE_SCHEME, meaning="Age difference z-score (estimated minus chronological)"
)

# Risk stratum values, CID 3118
RISK_LOW = CodedName(value="75976002", scheme="SCT", meaning="Low")
RISK_MODERATE = CodedName(value="25594002", scheme="SCT", meaning="Moderate")
RISK_HIGH = CodedName(value="15508007", scheme="SCT", meaning="High")
