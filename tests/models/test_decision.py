"""What is decided of a study, before anything is run."""

import pytest

from models import decision
from models.decision import Decision
from screening.errors import WeightsMismatch
from screening.settings import Indication, ModelSettings
from screening.types import ClinicalContext, Selection, Study
from tests.worker.factories import make_instance, make_study
from tests.worker.fake_registry import FakeRegistry, choose_frontal
from tests.worker.ports import MODEL

NOTHING = ClinicalContext()
PNEUMONIA = ModelSettings(when="indication", indication=Indication(words=("pneumonia",)))


def decided(study: Study, settings: ModelSettings) -> Decision:
    return decision.narrow(MODEL, settings, study, NOTHING, decision.select(MODEL, study))


def test_a_series_is_taken_or_each_has_its_reason(registry: FakeRegistry) -> None:
    assert decided(make_study(), ModelSettings())[1:] == ("eligible", "the first series")
    registry.selectors[MODEL] = choose_frontal
    found = decided(make_study(), ModelSettings())
    assert found[1:] == ("ineligible", "not a frontal view")
    assert [item.code for item in found.selection.rejected] == ["wrong-view"]


def test_a_site_may_keep_a_model_for_some(registry: FakeRegistry) -> None:
    assert decided(make_study(), ModelSettings(when="manual")).decision == "manual"
    assert decided(make_study(), PNEUMONIA).decision == "not-indicated"
    told = decided(make_study(make_instance(StudyDescription="pneumonia")), PNEUMONIA)
    assert told[1:] == ("eligible", "the first series; indication 'pneumonia' in StudyDescription")


@pytest.mark.parametrize(
    ("fault", "said"),
    [(KeyError("DOE^JANE"), "KeyError in tests.models"), (WeightsMismatch("the card is broken"), "the card is broken")],
)
def test_a_selection_that_fails_rejects_every_series(registry: FakeRegistry, fault: Exception, said: str) -> None:
    def failing(study: Study) -> Selection:
        raise fault

    registry.selectors[MODEL] = failing
    found = decided(make_study(), PNEUMONIA)
    assert found.decision == "failed"
    assert said in found.reason
    assert "DOE" not in found.reason
    assert [item.code for item in found.selection.rejected] == ["selection-failed"]


def test_a_model_that_there_is_not_fails() -> None:
    assert decision.select("nonsense", make_study()).decision == "failed"
