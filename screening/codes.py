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

# PS3.16 CID 7151 / SNOMED CT
CHEST = CodedName(value="816094009", scheme="SCT", meaning="Chest")
PNEUMONIA = CodedName(value="233604007", scheme="SCT", meaning="Pneumonia")
CLASS_ACTIVATION = CodedName(value="130402", scheme="DCM", meaning="Class activation")  # CID 7180

RISK_STRATUM = CodedName(
    value="RISKSTRATUM", scheme=PRIVATE_SCHEME, meaning="Risk stratum (site-configured thresholds)"
)
HEATMAP_FRACTION = CodedName(
    value="HEATFRAC", scheme=PRIVATE_SCHEME, meaning="Fraction of total heatmap activation in region"
)

# Risk stratum values, CID 3118
RISK_LOW = CodedName(value="75976002", scheme="SCT", meaning="Low")
RISK_MODERATE = CodedName(value="25594002", scheme="SCT", meaning="Moderate")
RISK_HIGH = CodedName(value="15508007", scheme="SCT", meaning="High")
