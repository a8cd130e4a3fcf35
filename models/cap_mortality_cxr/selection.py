"""Which image of a study is the adult frontal chest radiograph that this model reads. Headers only; no torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from screening.header import Header
from screening.patient import patient_of
from screening.types import Eligible, Ineligible, Instance, Selection, Series, Study

ADULT_YEARS = 19.0  # the cohort of the paper is adult; the limit is our assumption
COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"  # PS3.4 B.5
DIGITAL_X_RAY_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
DIGITAL_X_RAY_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame kin, .7.1 to .7.4
CHEST_WORDS = ("chest", "thorax", "thoraces", "lung", "cxr")
LATERAL_WORDS = ("lateral", "lat", "seitlich", "seit", "profil", "profile", "ll", "rl")
DESCRIPTIONS = ("SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription", "StudyDescription")
FRONTAL_VIEWS = {"PA": 0, "AP": 1}  # PS3.3 C.8.1.1, C.8.11.5; lower is preferred


@dataclass(frozen=True)
class _Candidate:
    """An image that could be read, and how it ranks."""

    instance: Instance
    view: str

    @property
    def criteria(self) -> tuple[tuple[str, int | str], ...]:
        """What decides, most important first; the smaller value is preferred."""
        header = self.instance.header
        kind = header.texts("ImageType")
        moment = (header.text("AcquisitionDate") or header.text("StudyDate")) + header.text("AcquisitionTime")
        return (
            ("PA is preferred to AP, and a stated view to none", FRONTAL_VIEWS.get(self.view, 2)),
            ("an original image is preferred to a derived one", int("DERIVED" in [t.upper() for t in kind])),
            ("the earlier acquisition is preferred", moment or "9"),
            ("equal in every respect; the lower UID is taken", self.instance.sop_instance_uid),
        )


def select(study: Study) -> Selection:
    """Choose the frontal chest radiograph; reject every other series, or image, with its reason."""
    candidates: list[_Candidate] = []
    refused: list[Ineligible] = []
    for series in study.series:
        for instance in series.instances:
            answer = _judge(series, instance)
            if isinstance(answer, Ineligible):
                refused.append(answer)
            else:
                candidates.append(answer)
    if not candidates:
        return Selection(chosen=None, rejected=_merged(study, refused))
    best = min(candidates, key=lambda c: [value for _, value in c.criteria])
    refused += [_second(best, other) for other in candidates if other is not best]
    view = f"ViewPosition {best.view}" if best.view else "view not stated, left to the pixel check"
    chosen = Eligible(
        series_instance_uid=best.instance.series_instance_uid,
        sop_instance_uids=(best.instance.sop_instance_uid,),
        reason=f"frontal chest radiograph: {view}",
    )
    return Selection(chosen=chosen, rejected=_merged(study, refused))


def _judge(series: Series, instance: Instance) -> "_Candidate | Ineligible":
    """An image on its own."""
    for code, reason in _objections(instance):
        return Ineligible(
            series_instance_uid=series.series_instance_uid,
            code=code,
            reason=reason,
            sop_instance_uid=instance.sop_instance_uid,
        )
    return _Candidate(instance, _view(instance.header))


def _objections(instance: Instance) -> Iterator[tuple[str, str]]:
    """What speaks against an image, most basic first."""
    header, sop_class = instance.header, instance.sop_class_uid
    modality = header.text("Modality").upper()
    if sop_class == SECONDARY_CAPTURE or sop_class.startswith(SECONDARY_CAPTURE + "."):
        yield (
            "secondary-capture",
            "a Secondary Capture image is no radiograph with known grey scale; CR or DX is needed",
        )
    if modality not in ("CR", "DX"):
        yield "wrong-modality", f"Modality is {modality or 'not stated'}; CR or DX is needed"
    if sop_class == DIGITAL_X_RAY_PROCESSING or header.text("PresentationIntentType").upper() == "FOR PROCESSING":
        yield "for-processing", "raw image FOR PROCESSING; its FOR PRESENTATION version is needed"
    if sop_class not in (COMPUTED_RADIOGRAPHY, DIGITAL_X_RAY_PRESENTATION, DIGITAL_X_RAY_PROCESSING):
        yield "wrong-sop-class", f"SOP Class {sop_class} is neither CR Image Storage nor Digital X-Ray Image Storage"
    yield from _anatomy_objections(header)
    age = patient_of(header).age_years
    if age is not None and age < ADULT_YEARS:
        yield "not-adult", f"age is {int(age)} years; the model is for adults of {int(ADULT_YEARS)} years and over"


def _anatomy_objections(header: Header) -> Iterator[tuple[str, str]]:
    part = header.text("BodyPartExamined").upper()
    said = _said(header)
    if part and not any(word.upper() in part for word in CHEST_WORDS):
        yield "wrong-body-part", f"BodyPartExamined is {part}; CHEST is needed"
    if not part and not any(word in said for word in CHEST_WORDS):
        yield "body-part-unknown", "neither BodyPartExamined nor a description says that this is a chest"
    view = _view(header)
    if view and view not in FRONTAL_VIEWS:
        yield "wrong-view", f"view is {view}; a frontal view (PA or AP) is needed"


def _view(header: Header) -> str:
    """PA, AP, another view as the header names it, or an empty string when it names none."""
    stated = header.text("ViewPosition").upper()
    if stated:
        return stated
    orientation = header.texts("PatientOrientation")
    if orientation and orientation[0][:1].upper() in ("A", "P"):  # rows run front to back: PS3.3 C.7.6.1.1.1
        return "LATERAL"
    words = set(_words(header.text("SeriesDescription") + " " + header.text("ProtocolName")))
    if words & set(LATERAL_WORDS) and not words & {"pa", "ap"}:
        return "LATERAL"
    return next((view for view in FRONTAL_VIEWS if view.lower() in words), "")


def _said(header: Header) -> str:
    """The descriptions and the coded anatomy, lower case."""
    region = header.get("AnatomicRegionSequence")
    items = region if isinstance(region, list) else []
    coded = [str(item.get("CodeMeaning", "")) for item in items if isinstance(item, dict)]
    return " ".join([header.text(keyword) for keyword in DESCRIPTIONS] + coded).lower()


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def _second(best: _Candidate, other: _Candidate) -> Ineligible:
    """Why an image that could be read is not the one."""
    pairs = zip(best.criteria, other.criteria, strict=True)
    reason = next(reason for (reason, mine), (_, theirs) in pairs if mine != theirs)
    return Ineligible(
        series_instance_uid=other.instance.series_instance_uid,
        code="not-preferred",
        reason=f"another frontal chest radiograph of the study was taken: {reason}",
        sop_instance_uid=other.instance.sop_instance_uid,
    )


def _merged(study: Study, refused: list[Ineligible]) -> tuple[Ineligible, ...]:
    """One row for a series whose images were all refused for the same reason, else one for each image."""
    size = {series.series_instance_uid: len(series.instances) for series in study.series}
    order = {series.series_instance_uid: i for i, series in enumerate(study.series)}
    rows: list[Ineligible] = []
    in_order = sorted(refused, key=lambda r: order[r.series_instance_uid])
    for uid, group in groupby(in_order, key=lambda r: r.series_instance_uid):
        members = list(group)
        if len(members) == size[uid] and len({(m.code, m.reason) for m in members}) == 1:
            rows.append(Ineligible(series_instance_uid=uid, code=members[0].code, reason=members[0].reason))
        else:
            rows.extend(members)
    return tuple(rows)
