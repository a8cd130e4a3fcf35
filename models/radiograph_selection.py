"""Which image of a study is the radiograph that a model reads. Headers only; no torch.

What every model of radiographs asks for is here, with what is a frontal chest; what only one asks for (an adult, a
child, another part of the body) it says itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from screening.header import Header
from screening.types import Eligible, Ineligible, Instance, Selection, Series, Study

COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"  # PS3.4 B.5
DIGITAL_X_RAY_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
DIGITAL_X_RAY_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame kin, .7.1 to .7.4
CHEST_WORDS = ("chest", "thorax", "thoraces", "lung", "cxr")
LATERAL_WORDS = ("lateral", "lat", "seitlich", "seit", "profil", "profile", "ll", "rl")
DESCRIPTIONS = ("SeriesDescription", "ProtocolName", "AcquisitionDeviceProcessingDescription", "StudyDescription")
FRONTAL_VIEWS = {"PA": 0, "AP": 1}  # PS3.3 C.8.1.1, C.8.11.5; lower is preferred

Objections = Callable[[Header], Iterator[tuple[str, str]]]
"""What a model has against an image that is the radiograph it seeks: reason codes and reasons."""


@dataclass(frozen=True, kw_only=True)
class Sought:
    """A kind of radiograph: the part of the body and the views of it that can be read."""

    what: str  #: e.g. "frontal chest radiograph"
    part: str  #: Body Part Examined as a reason names it, e.g. "CHEST"
    is_part: Callable[[Header], bool | None]  #: whether a header says that this is the part; None: it says nothing
    view_of: Callable[[Header], str]  #: the view that a header names, or an empty string
    views: Mapping[str, int]  #: those that can be read; lower is preferred
    view_needed: str  #: e.g. "a frontal view (PA or AP)"
    preference: str  #: why one view goes before another


@dataclass(frozen=True)
class _Candidate:
    """An image that could be read, and how it ranks."""

    instance: Instance
    view: str
    sought: Sought

    @property
    def criteria(self) -> tuple[tuple[str, int | str], ...]:
        """What decides, most important first; the smaller value is preferred."""
        header = self.instance.header
        kind = header.texts("ImageType")
        moment = (header.text("AcquisitionDate") or header.text("StudyDate")) + header.text("AcquisitionTime")
        return (
            (self.sought.preference, self.sought.views.get(self.view, len(self.sought.views))),
            ("an original image is preferred to a derived one", int("DERIVED" in [t.upper() for t in kind])),
            ("the earlier acquisition is preferred", moment or "9"),
            ("equal in every respect; the lower UID is taken", self.instance.sop_instance_uid),
        )


def select_frontal_chest(study: Study, own: Objections) -> Selection:
    """Choose the frontal chest radiograph; reject every other series, or image, with its reason.

    own: what the model asks for besides; heard after everything else.
    """
    return select_radiograph(study, FRONTAL_CHEST, own)


def select_radiograph(study: Study, sought: Sought, own: Objections) -> Selection:
    """Choose the one radiograph that a model seeks; reject every other series, or image, with its reason.

    own: what the model asks for besides; heard after everything else.
    """
    candidates: list[_Candidate] = []
    refused: list[Ineligible] = []
    for series in study.series:
        for instance in series.instances:
            answer = _judge(series, instance, sought, own)
            if isinstance(answer, Ineligible):
                refused.append(answer)
            else:
                candidates.append(answer)
    if not candidates:
        return Selection(chosen=None, rejected=_merged(study, refused))
    best = min(candidates, key=lambda c: [value for _, value in c.criteria])
    refused += [_second(best, other) for other in candidates if other is not best]
    chosen = Eligible(
        series_instance_uid=best.instance.series_instance_uid,
        sop_instance_uids=(best.instance.sop_instance_uid,),
        reason=f"{sought.what}: {_told(best)}",
    )
    return Selection(chosen=chosen, rejected=_merged(study, refused))


def _told(chosen: _Candidate) -> str:
    if not chosen.view:
        return "view not stated, left to the pixel check"
    stated = bool(chosen.instance.header.text("ViewPosition"))
    return f"ViewPosition {chosen.view}" if stated else f"view {chosen.view} by orientation or description"


def _judge(series: Series, instance: Instance, sought: Sought, own: Objections) -> "_Candidate | Ineligible":
    """An image on its own."""
    for code, reason in chain(_objections(instance, sought), own(instance.header)):
        return Ineligible(
            series_instance_uid=series.series_instance_uid,
            code=code,
            reason=reason,
            sop_instance_uid=instance.sop_instance_uid,
        )
    return _Candidate(instance, sought.view_of(instance.header), sought)


def _objections(instance: Instance, sought: Sought) -> Iterator[tuple[str, str]]:
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
    yield from _anatomy_objections(header, sought)


def _anatomy_objections(header: Header, sought: Sought) -> Iterator[tuple[str, str]]:
    stated, is_part, view = header.text("BodyPartExamined").upper(), sought.is_part(header), sought.view_of(header)
    if is_part is False:
        found = f"BodyPartExamined is {stated}" if stated else "the description names another part of the body"
        yield "wrong-body-part", f"{found}; {sought.part} is needed"
    if is_part is None:
        yield "body-part-unknown", f"neither BodyPartExamined nor a description says that this is {sought.part}"
    if view and view not in sought.views:
        yield "wrong-view", f"view is {view}; {sought.view_needed} is needed"


def _is_chest(header: Header) -> bool | None:
    part = header.text("BodyPartExamined").lower()
    if part:
        return any(word in part for word in CHEST_WORDS)
    return True if any(word in said(header, DESCRIPTIONS) for word in CHEST_WORDS) else None


def _frontal_view(header: Header) -> str:
    """PA, AP, another view as the header names it, or an empty string when it names none."""
    stated = header.text("ViewPosition").upper()
    if stated:
        return stated
    orientation = header.texts("PatientOrientation")
    if orientation and orientation[0][:1].upper() in ("A", "P"):  # rows run front to back: PS3.3 C.7.6.1.1.1
        return "LATERAL"
    words = words_of(header)
    if words & set(LATERAL_WORDS) and not words & {"pa", "ap"}:
        return "LATERAL"
    return next((view for view in FRONTAL_VIEWS if view.lower() in words), "")


FRONTAL_CHEST = Sought(
    what="frontal chest radiograph",
    part="CHEST",
    is_part=_is_chest,
    view_of=_frontal_view,
    views=FRONTAL_VIEWS,
    view_needed="a frontal view (PA or AP)",
    preference="PA is preferred to AP, and a stated view to none",
)


def said(header: Header, keywords: Sequence[str]) -> str:
    """The descriptions and the coded anatomy, lower case."""
    return " ".join([*map(header.text, keywords), *header.texts("AnatomicRegionSequence")]).lower()


def words_of(header: Header, *more: str) -> set[str]:
    """The words of what describes the series, lower case; `more`: further keywords to read."""
    text = " ".join(part for keyword in ("SeriesDescription", "ProtocolName", *more) for part in header.texts(keyword))
    return set("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _second(best: _Candidate, other: _Candidate) -> Ineligible:
    """Why an image that could be read is not the one."""
    pairs = zip(best.criteria, other.criteria, strict=True)
    reason = next(reason for (reason, mine), (_, theirs) in pairs if mine != theirs)
    return Ineligible(
        series_instance_uid=other.instance.series_instance_uid,
        code="not-preferred",
        reason=f"another {other.sought.what} of the study was taken: {reason}",
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
