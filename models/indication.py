"""When a model runs, and whether a study's patient has the indication that it is for."""

import re
from collections.abc import Iterable

from models import registry
from screening.settings import Indication, ModelSettings
from screening.types import ClinicalContext, Study

_TEXTS = (
    "AdmittingDiagnosesDescription",
    "ReasonForTheRequestedProcedure",
    "ReasonForVisit",
    "ReasonForStudy",
    "RequestedProcedureDescription",
    "StudyDescription",
    "PerformedProcedureStepDescription",
)
_CODES = ("ReasonForRequestedProcedureCodeSequence", "AdmittingDiagnosesCodeSequence", "ReasonForVisitCodeSequence")

# A word after one of these, in the same clause, is asked for or ruled out: it is no diagnosis.
_DOUBT = r"(?:\bno\b|\bnot\b|\bwithout\b|\bexclude\b|\bexcluding\b|\brule[sd]?\s+out\b|\br/o\b|\bnegative\s+for\b|\?)"


def rule(name: str, settings: ModelSettings) -> tuple[str, Indication]:
    """When a model runs ("always", "indication" or "manual") and for whom: the site's word, else the model's own."""
    own = registry.indication(name)
    when = settings.when or ("always" if own is None else "indication")
    said = settings.indication
    return when, said if said.codes or said.words or own is None else own


def match(study: Study, context: ClinicalContext, indication: Indication) -> str | None:
    """What showed the indication, e.g. "SCT:233604007 (clinical context)", or None when nothing did."""
    wanted = {code.upper() for code in indication.codes}
    for code in context.diagnoses:
        if f"{code.scheme}:{code.value}".upper() in wanted:
            return f"{code.scheme}:{code.value} (clinical context)"
    for keyword in _CODES:
        for text in _values(study, keyword):
            coded = text.partition(" ")[0]  # "SCHEME:VALUE meaning", as headers are kept
            if coded.upper() in wanted:
                return f"{coded} ({keyword})"
    for keyword in _TEXTS:
        for text in _values(study, keyword):
            found = next((word for word in indication.words if _states(text, word)), None)
            if found is not None:
                return f"{found!r} in {keyword}"
    return None


def _values(study: Study, keyword: str) -> Iterable[str]:
    seen: dict[str, None] = {}
    for series in study.series:
        for text in series.header.texts(keyword):
            seen.setdefault(text)
    return seen


def _states(text: str, word: str) -> bool:
    """Whether the text states the word as a fact: no doubt or negation before it in its clause, no "?" after it."""
    for clause in re.split(r"[.;,\n]", text):
        position = re.search(rf"\b{re.escape(word)}\b", clause, re.IGNORECASE)
        if position is None:
            continue
        before, after = clause[: position.start()], clause[position.end() :]
        if re.search(_DOUBT, before, re.IGNORECASE) is None and not after.lstrip().startswith("?"):
            return True
    return False
