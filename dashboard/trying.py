"""Which models would run on given files, and why the others would not: from headers, by the selection that intake uses.

Nothing is kept and nothing of a file is logged. Time and memory are bounded whatever the files hold.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from db.instances import ANOTHER_PATIENT
from dicom_node.header import is_own_output, read_beginning
from models import decision, registry
from models.decision import Decision
from screening.card import ModelCard
from screening.errors import BadHeader
from screening.grouping import studies_of
from screening.settings import Settings
from screening.types import ClinicalContext, Instance, Study

MOST_STUDIES = 50
MOST_REASONS = 100  # rows of one model in one study
_SECONDS = 20.0  # for reading headers; an honest one takes a millisecond
_MOST_VALUES = 1_000_000  # of all headers together; an honest one has some hundred
_LONGEST_TEXT = 100  # characters of a description


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """A file that takes no part, and why."""

    number: int  #: of the file, from 0, in the order in which they were given
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesTried:
    """A series as far as files of it were given."""

    name: str  #: e.g. "3", or "without number"; unlike that of every other series of the study
    description: str
    modality: str
    images: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Why a model does not look at a series, or at some of its images."""

    series: str  #: its name
    images: int | None  #: how many of it; None: the series as a whole
    code: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelTried:
    """What a model would do with a study."""

    model: str
    title: str
    enabled: bool
    decision: str  #: as `models.decision`, or "conflict"
    reason: str
    series: str | None  #: name of the series that it would look at
    images: int  #: how many of its images
    refused: tuple[Refused, ...]
    more: int  #: refusals that are left out


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyTried:
    """A study as far as files of it were given."""

    accession_number: str
    date: str  #: YYYY-MM-DD; empty where Study Date is none
    description: str
    series: tuple[SeriesTried, ...]
    models: tuple[ModelTried, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """The answer."""

    files: int
    studies: tuple[StudyTried, ...]
    unread: tuple[Unread, ...]
    cut: int  #: files whose header is longer than what was given of it
    more_studies: int  #: that are left out


def try_files(settings: Settings, beginnings: Sequence[bytes], clock: Callable[[], float] = time.monotonic) -> Tried:
    """What would become of these files if they came to the node, each given as its first bytes.

    Raises
    ------
    WeightsMismatch
        If the card of a model cannot be read.
    """
    instances, unread, cut = _read(beginnings, clock)
    studies = studies_of(instances)
    cards = {name: registry.card(name, settings.of_model(name)) for name in registry.names()}
    return Tried(
        files=len(beginnings),
        studies=tuple(_study(study, settings, cards) for study in studies[:MOST_STUDIES]),
        unread=tuple(unread),
        cut=cut,
        more_studies=max(0, len(studies) - MOST_STUDIES),
    )


def _read(beginnings: Sequence[bytes], clock: Callable[[], float]) -> tuple[Iterable[Instance], list[Unread], int]:
    """Every image once, the files that are none, and how many headers were cut."""
    end, values, cut = clock() + _SECONDS, 0, 0
    found: dict[str, Instance] = {}
    unread: list[Unread] = []
    for number, beginning in enumerate(beginnings):
        why = None
        if clock() > end:
            why = f"not looked at: reading the others took more than {_SECONDS:.0f} s"
        elif values > _MOST_VALUES:
            why = "not looked at: the headers of the others hold too many values"
        else:
            try:
                instance, truncated = read_beginning(beginning, location="given")
            except BadHeader as exc:
                why = str(exc)
            else:
                cut += truncated
                values += sum(len(value) if isinstance(value, list) else 1 for value in instance.header.values())
                why = is_own_output(instance.header)
                if why is None and found.setdefault(instance.sop_instance_uid, instance).digest != instance.digest:
                    why = "another file has this SOP Instance UID and other bytes"
        if why is not None:
            unread.append(Unread(number=number, reason=why))
    return found.values(), unread, cut


def _study(study: Study, settings: Settings, cards: dict[str, ModelCard]) -> StudyTried:
    first = study.series[0].header
    names = _names(study)
    series = tuple(
        SeriesTried(
            name=names[one.series_instance_uid],
            description=one.header.text("SeriesDescription")[:_LONGEST_TEXT],
            modality=one.modality[:16],
            images=len(one.instances),
        )
        for one in study.series
    )
    tried = [_model(name, card, study, settings, names) for name, card in cards.items()]
    return StudyTried(
        accession_number=first.text("AccessionNumber")[:_LONGEST_TEXT],
        date=_date(first.text("StudyDate")),
        description=first.text("StudyDescription")[:_LONGEST_TEXT],
        series=series,
        models=tuple(sorted(tried, key=lambda one: not one.enabled)),
    )


def _date(text: str) -> str:
    """A date of DICOM (VR DA, PS3.5 6.2) as people write it."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if re.fullmatch("[0-9]{8}", text) else ""


def _names(study: Study) -> dict[str, str]:
    """A short name of each series by its UID: its number, told apart where two have the same."""
    numbers = [one.header.text("SeriesNumber")[:12] or "without number" for one in study.series]
    again = Counter(numbers)
    seen: Counter[str] = Counter()
    names: dict[str, str] = {}
    for one, number in zip(study.series, numbers, strict=True):
        seen[number] += 1
        names[one.series_instance_uid] = number if again[number] == 1 else f"{number} ({seen[number]})"
    return names


def _model(name: str, card: ModelCard, study: Study, settings: Settings, names: dict[str, str]) -> ModelTried:
    found = _decide(name, study, settings)
    chosen = found.selection.chosen
    rows: Counter[tuple[str, bool, str, str]] = Counter(
        (names.get(item.series_instance_uid, "?"), item.sop_instance_uid is not None, item.code, item.reason)
        for item in found.selection.rejected
    )
    refused = [
        Refused(series=series, images=count if single else None, code=code, reason=reason)
        for (series, single, code, reason), count in rows.items()
    ]
    return ModelTried(
        model=name,
        title=card.title,
        enabled=settings.of_model(name).enabled,
        decision=found.decision,
        reason=found.reason[:1000],
        series=None if chosen is None else names[chosen.series_instance_uid],
        images=0 if chosen is None else len(chosen.sop_instance_uids),
        refused=tuple(refused[:MOST_REASONS]),
        more=max(0, len(refused) - MOST_REASONS),
    )


def _decide(name: str, study: Study, settings: Settings) -> Decision:
    """As intake decides; it knows the clinical context too, which is not looked up for files that anybody may make."""
    patients = {(i.header.text("PatientID"), i.header.text("IssuerOfPatientID")) for i in study.instances}
    if len(patients) > 1:
        rejected = decision.reject_all(study, "patient-conflict", ANOTHER_PATIENT)
        return Decision(rejected, "conflict", ANOTHER_PATIENT)
    found = decision.select(name, study)
    return decision.narrow(name, settings.of_model(name), study, ClinicalContext(), found)
