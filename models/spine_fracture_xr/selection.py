"""Which image of a study is the lateral lumbar radiograph in neutral position. Headers only; no torch."""

from collections.abc import Iterator

from models.radiograph_selection import Sought, said, select_radiograph, words_of
from models.spine_fracture_xr.clinical import CONTEXT_ITEMS
from screening.header import Header
from screening.patient import patient_of
from screening.types import ClinicalContext, Selection, Study

# The paper's eligibility (Kong et al. 2022): 50 to 75 completed years
YOUNGEST, OLDEST = 50, 75

LUMBAR_PARTS = ("LSPINE", "LSSPINE", "LUMB", "LOMB", "LENDENW", "LWS", "L SPINE", "LS SPINE")
ANY_SPINE = ("SPINE", "WIRBELS", "VERTEBRA", "RACHIS", "COLUMNA", "COLONNA")
OTHER_SPINE = ("CSPINE", "TSPINE", "SSPINE", "CERV", "THORA", "DORSAL", "SACR", "COCC", "SKULL", "HWS", "BWS")
# In a description, as a part of a word; a hyphen is read as a space
LUMBAR_WORDS = ("lumb", "lomb", "lendenw", "lws", "lspine", "l spine", "lsspine", "ls spine")
OTHER_WORDS = (
    "hip", "pelvi", "knee", "tibia", "femur", "femor", "chest", "thora", "dorsal", "cerv", "sacrum", "cocc", "abdom",
    "hand", "wrist", "foot", "ankle", "shoulder", "skull", "hueft", "becken", "thorax", "hws", "bws",
)  # fmt: skip

LATERAL_VIEWS = {"LL": 0, "RL": 0, "LATERAL": 0, "LAT": 0}  # PS3.3 C.8.11.5; sites send the words too
LATERAL_WORDS = {
    "lateral", "lat", "latero", "laterolateral", "seitlich", "seitl", "seit", "profil", "profile", "ll", "rl",
}  # fmt: skip
FRONTAL_WORDS = {"ap", "pa", "frontal", "face", "antero", "postero", "anteroposterior", "posteroanterior"}
OBLIQUE_WORDS = {"oblique", "obl", "schraeg", "schr\u00e4g", "oblicua", "obliqua", "lao", "rao", "lpo", "rpo"}
# Beginnings of words that speak of a spine that is bent on purpose
BENT = (
    "flex", "flx", "anteflex", "retroflex", "hyperflex", "lateroflex", "exten", "hyperext", "bending", "inklin",
    "reklin", "inclin", "funktion", "dynami",
)  # fmt: skip
BENT_WORDS = {"ext", "bend"}
SPOT_WORDS = {"spot", "coned", "cone", "conedown", "l5s1", "junction"}  # of the last disc alone
MOTION = ("AcquisitionProtocolDescription", "ImageComments", "ViewCodeSequence")


def select(study: Study) -> Selection:
    """Choose the lateral lumbar radiograph; reject every other series, or image, with its reason."""
    return select_radiograph(study, LATERAL_LUMBAR, _objections)


def relevant(context: ClinicalContext) -> ClinicalContext:
    """Items of the referral; nothing else of the clinical context reaches the model."""
    return context.only(*CONTEXT_ITEMS)


def age_objection(age_years: float | None) -> tuple[str, str] | None:
    """What speaks against an age, if it is known: outside of the ages that the model was made for."""
    if age_years is None or YOUNGEST <= age_years < OLDEST + 1:
        return None
    reason = f"age is {int(age_years)} years; the model is validated for none but {YOUNGEST} to {OLDEST} years"
    return "age-not-validated", reason


def _objections(header: Header) -> Iterator[tuple[str, str]]:
    words = words_of(header, *MOTION)
    bent = sorted(word for word in words if word in BENT_WORDS or word.startswith(BENT))
    if bent:
        yield "not-neutral", f"the description says {bent[0]!r}; a view in neutral position is needed"
    near = words_of(header)
    spot = sorted(near & SPOT_WORDS) or (["l5 s1"] if {"l5", "s1"} <= near and "l1" not in near else [])
    if spot:
        yield "spot-view", f"the description says {spot[0]!r}; the whole of L1 to L5 is needed"
    age = age_objection(patient_of(header).age_years)
    if age is not None:
        yield age


def _is_lumbar(header: Header) -> bool | None:
    """Body Part Examined decides; "SPINE" alone and an empty one leave it to the descriptions."""
    part = header.text("BodyPartExamined").upper().replace("-", " ")
    if any(word in part for word in LUMBAR_PARTS):
        return True
    spine = any(word in part for word in ANY_SPINE) and not any(word in part for word in OTHER_SPINE)
    if part and not spine:
        return False
    series = said(header, ("SeriesDescription", "ProtocolName")).replace("-", " ")
    if any(word in series for word in LUMBAR_WORDS):
        return True
    if any(word in series for word in OTHER_WORDS):
        return False
    study = said(header, ("StudyDescription", "RequestedProcedureDescription")).replace("-", " ")
    return True if spine or any(word in study for word in LUMBAR_WORDS) else None


def _view(header: Header) -> str:
    """LL, RL, LATERAL, another view as the header names it, or an empty string when it names none."""
    stated = header.text("ViewPosition").upper()
    if stated:
        return stated
    rows = (header.texts("PatientOrientation") or ("",))[0][:1].upper()
    if rows:
        return "LATERAL" if rows in ("A", "P") else "FRONTAL"  # where rows run to: PS3.3 C.7.6.1.1.1
    words = words_of(header, "ViewCodeSequence")
    if words & OBLIQUE_WORDS:
        return "OBLIQUE"
    lateral, frontal = bool(words & LATERAL_WORDS), bool(words & FRONTAL_WORDS)
    if lateral == frontal:  # neither, or both: a series of two views
        return ""
    return "LATERAL" if lateral else "FRONTAL"


LATERAL_LUMBAR = Sought(
    what="lateral lumbar radiograph",
    part="LSPINE",
    is_part=_is_lumbar,
    view_of=_view,
    views=LATERAL_VIEWS,
    view_needed="a lateral view (LL or RL)",
    preference="a stated view is preferred to none",
)
