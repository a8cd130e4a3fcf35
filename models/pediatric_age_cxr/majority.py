"""Whether somebody wants to know if a patient is of age: a question that this model never answers. No torch.

An estimate of age strays by years from the age in the calendar, and a wrong answer takes a child's rights away. So a
study whose request or description speaks of telling an age is not read at all. The words are an assumption, and on the
careful side: a study refused in vain costs little. A request that says nothing cannot be recognised by them.
"""

import re
import unicodedata
from collections.abc import Iterable

from screening.header import Header
from screening.types import ClinicalContext

OF_AGE_YEARS = 18.0
_SLACK = 2 / 365.2425  # years: an age counted in days may fall short of the birthday

KEYWORDS = (
    "AdmittingDiagnosesDescription", "AdmittingDiagnosesCodeSequence", "AdditionalPatientHistory", "ReasonForVisit",
    "ReasonForVisitCodeSequence", "ReasonForStudy", "ReasonForTheRequestedProcedure",
    "ReasonForRequestedProcedureCodeSequence", "RequestedProcedureDescription", "RequestedProcedureCodeSequence",
    "ScheduledProcedureStepDescription", "ScheduledProtocolCodeSequence", "ProcedureCodeSequence",
    "PerformedProcedureStepDescription", "PerformedProtocolCodeSequence", "StudyDescription", "SeriesDescription",
    "ProtocolName", "AcquisitionProtocolDescription", "ImageComments",
)  # fmt: skip
"""Where a request, a protocol or a description may say so."""

_TELL = r"(assess|estimat|determin|verif|evaluat|establish)\w*"
_PATTERNS = (
    rf"(?<!gestational )\bage {_TELL}",
    rf"\b{_TELL} (of )?((a|the|his|her|their|patient|child|s|chronological|legal|biological|skeletal|bone) )*age\b",
    r"\balters?(schae?tz|bestimm|feststell|einschae?tz|beurteil|ermittl|gutachten|begutacht|diagnos|nachweis|pruef)",
    r"\b(bestimmung|feststellung|schae?tzung|beurteilung|ermittlung) (des )?(lebens|skelett|knochen)?alters?\b",
    r"\b(determin|estim|evalu|stim|valut)\w* (de|di|del|della|dell)( la| l)? (age|edad|eta)\b",
    r"\bmajority\b|\bvolljae?hrig|\bmajorite\b|\bmayoria de edad\b|\bmaggiore eta\b",
    r"\b(legal|full) age\b|\bforensi|\brechtsmedizin|\bmedico ?legal|\bunaccompanied\b|\bunbegleitet",
    r"\b(over|above|older than|ue?ber) (18|eighteen)\b(?! (d|w|mo|k|c|m)\w*)",
    r"\b(18|eighteen)( years)? or (over|older)\b",
)  # of text as `_plain` writes it


def of_age(age_years: float) -> bool:
    """Whether an age known from elsewhere is 18 years or over."""
    return age_years >= OF_AGE_YEARS - _SLACK


def asked_by(header: Header) -> bool:
    """Whether a header says that an age is to be told."""
    return asks(text for keyword in KEYWORDS for text in header.texts(keyword))


def asked_by_context(context: ClinicalContext) -> bool:
    """Whether what a site told about the patient says so."""
    return asks(code.meaning for code in context.diagnoses)


def asks(texts: Iterable[str]) -> bool:
    """Whether one of the texts speaks of telling an age, or of being of age."""
    return any(re.search(pattern, _plain(text)) for text in texts for pattern in _PATTERNS)


def _plain(text: str) -> str:
    """Lower case without accents (an umlaut loses its dots), words parted by one blank."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())
