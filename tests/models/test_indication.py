"""The indication must be stated: asking for it, or ruling it out, is none."""

import pytest

from models.indication import match, rule
from screening.codes import PNEUMONIA
from screening.settings import Indication, ModelSettings
from screening.types import ClinicalContext
from tests.worker.factories import make_instance, make_study
from tests.worker.fake_registry import FakeRegistry
from tests.worker.ports import MODEL

PNEUMONIA_WORDS = Indication(codes=("SCT:233604007", "ICD10:J18.9"), words=("pneumonia",))
NOTHING = ClinicalContext()


@pytest.mark.parametrize(
    "text",
    ["Pneumonia", "community-acquired PNEUMONIA", "cough. Pneumonia right lower lobe", "no fever, pneumonia known"],
)
def test_a_stated_word_is_an_indication(text: str) -> None:
    study = make_study(make_instance(ReasonForTheRequestedProcedure=text))
    assert match(study, NOTHING, PNEUMONIA_WORDS) == "'pneumonia' in ReasonForTheRequestedProcedure"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chest PA",
        "no pneumonia",
        "rule out pneumonia",
        "r/o pneumonia",
        "pneumonia?",
        "? pneumonia",
        "fever without signs of pneumonia",
        "pneumoniae vaccine",
        "negative for pneumonia",
    ],
)
def test_doubt_negation_and_other_words_are_none(text: str) -> None:
    study = make_study(make_instance(ReasonForTheRequestedProcedure=text, StudyDescription=text))
    assert match(study, NOTHING, PNEUMONIA_WORDS) is None


def test_a_diagnosis_of_the_clinical_context_is_an_indication() -> None:
    context = ClinicalContext(diagnoses=(PNEUMONIA,))
    assert match(make_study(), context, PNEUMONIA_WORDS) == "SCT:233604007 (clinical context)"
    assert match(make_study(), context, Indication(codes=("ICD10:J18.9",))) is None


def test_a_coded_reason_of_the_request_is_an_indication() -> None:
    study = make_study(
        make_instance(ReasonForRequestedProcedureCodeSequence=["I10:X", "icd10:j18.9 Pneumonia, unspecified"])
    )
    assert match(study, NOTHING, PNEUMONIA_WORDS) == "icd10:j18.9 (ReasonForRequestedProcedureCodeSequence)"


def test_a_model_runs_always_unless_it_or_the_site_says_otherwise(registry: FakeRegistry) -> None:
    assert rule(MODEL, ModelSettings()) == ("always", Indication())
    assert rule(MODEL, ModelSettings(when="manual")) == ("manual", Indication())
    assert rule(MODEL, ModelSettings(when="indication", indication=PNEUMONIA_WORDS)) == ("indication", PNEUMONIA_WORDS)


def test_a_model_that_names_its_patients_runs_for_them_only_unless_the_site_says_otherwise(
    registry: FakeRegistry,
) -> None:
    registry.the_indication = own = Indication(words=("SSc-ILD",))
    assert rule(MODEL, ModelSettings()) == ("indication", own)
    assert rule(MODEL, ModelSettings(indication=PNEUMONIA_WORDS)) == ("indication", PNEUMONIA_WORDS)
    assert rule(MODEL, ModelSettings(when="always"))[0] == "always"
    assert rule(MODEL, ModelSettings(when="manual"))[0] == "manual"
