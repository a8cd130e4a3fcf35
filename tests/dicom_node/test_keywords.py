import ast
import inspect
from pathlib import Path

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

import db.instances
import dicom_node.pixels.spacing
import screening.patient
import screening.types
from dicom_node.keywords import CODE, FUNCTIONAL_GROUPS, KEPT, tag

ASKING = (db.instances, dicom_node.pixels.spacing, screening.patient, screening.types)
"""Modules that ask a Header for keywords in their code."""


def keywords_in(source: str) -> set[str]:
    """Every text in Python code that is a keyword of the data dictionary."""
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and tag_for_keyword(text) is not None}


def test_tags_of_the_dictionary() -> None:
    assert tag("PatientID") == 0x00100020
    assert tag("PixelData") == 0x7FE00010


@pytest.mark.parametrize("keyword", ["PatientId", "Patient ID", "NoSuchKeyword"])
def test_an_unknown_keyword_is_a_fault_of_ours(keyword: str) -> None:
    with pytest.raises(ValueError, match="must be in the DICOM data dictionary"):
        tag(keyword)


def test_each_kept_keyword_is_in_the_dictionary_and_listed_once() -> None:
    assert len({tag(keyword) for keyword in KEPT}) == len(KEPT)


@pytest.mark.parametrize("module", ASKING, ids=lambda module: module.__name__)
def test_what_others_ask_a_header_for_is_kept(module: object) -> None:
    asked = keywords_in(Path(inspect.getfile(module)).read_text(encoding="utf-8"))  # type: ignore[arg-type]
    assert asked
    assert asked <= set(KEPT)


def test_kept_values_are_no_pixels_and_no_bulk_data() -> None:
    """They become JSON in a row of the database."""
    bulk = {"OB", "OD", "OF", "OL", "OV", "OW", "UN", "OB or OW"}
    assert {keyword for keyword in KEPT if dictionary_VR(tag(keyword)) in bulk} == set()


def test_sequences_are_named_as_such() -> None:
    """header.py tells code sequences from values by the end of the keyword."""
    for keyword in (*KEPT, *FUNCTIONAL_GROUPS, *CODE):
        assert keyword.endswith("Sequence") == (dictionary_VR(tag(keyword)) == "SQ"), keyword


def test_functional_groups_begin_with_shared_and_per_frame() -> None:
    """header.py takes the first two for the groups themselves, the rest for what lies in them."""
    assert FUNCTIONAL_GROUPS[:2] == ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    assert not set(FUNCTIONAL_GROUPS) & set(KEPT)
