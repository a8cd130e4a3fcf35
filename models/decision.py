"""Whether a model looks at a study, and why not: what intake decides, and what the page "Rules" tells. No torch."""

import logging
from typing import NamedTuple

from models import indication, registry
from screening.errors import ScreeningError
from screening.faults import describe
from screening.settings import ModelSettings
from screening.types import ClinicalContext, Ineligible, Selection, Study

_log = logging.getLogger(__name__)


class Decision(NamedTuple):
    """What was decided."""

    selection: Selection
    decision: str  #: eligible, ineligible, not-indicated, manual or failed; conflict, by who knows of one
    reason: str


def select(name: str, study: Study) -> Decision:
    """What a model selects, whether or not it shall run: "eligible", "ineligible" or "failed", and why."""
    try:
        selection = registry.selector(name)(study)
    except ScreeningError as exc:
        return Decision(reject_all(study, "selection-failed", str(exc)), "failed", str(exc))
    except Exception as exc:  # noqa: BLE001 (one study with a header nobody foresaw must not stop the others)
        reason = f"the selection of {name} failed: {describe(exc)}; please report this"
        _log.error(reason)
        return Decision(reject_all(study, "selection-failed", reason), "failed", reason)
    if selection.chosen is None:
        return Decision(selection, "ineligible", _summary(selection))
    return Decision(selection, "eligible", selection.chosen.reason)


def narrow(name: str, settings: ModelSettings, study: Study, known: ClinicalContext, found: Decision) -> Decision:
    """The same, but "manual" for a model that runs by command only; "not-indicated" where no indication is shown."""
    if found.decision != "eligible":
        return found
    when, wanted = indication.rule(name, settings)
    if when == "manual":
        return found._replace(decision="manual", reason=f"{name} runs by command only (models.{name}.when = manual)")
    if when == "indication":
        shown = indication.match(study, known, wanted)
        if shown is None:
            return found._replace(
                decision="not-indicated", reason="no diagnosis or request shows the indication of this model"
            )
        return found._replace(reason=f"{found.reason}; indication {shown}")
    return found


def reject_all(study: Study, code: str, reason: str) -> Selection:
    """No series of the study, each for the same reason."""
    rejected = tuple(
        Ineligible(series_instance_uid=series.series_instance_uid, code=code, reason=reason) for series in study.series
    )
    return Selection(chosen=None, rejected=rejected)


def _summary(selection: Selection) -> str:
    """The reasons of all rejected series, each once."""
    reasons = dict.fromkeys(item.reason for item in selection.rejected)
    return "; ".join(reasons) or "the study holds no series"
