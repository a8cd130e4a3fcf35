import re
from pathlib import Path

import pytest

from dicom_node import access, reception
from dicom_node.contexts import RECEIVED_SOP_CLASSES, RECEIVED_TRANSFER_SYNTAXES, storage_contexts
from models import registry
from screening.codes import PRIVATE_SCHEME
from screening.reports import SendResult
from worker.documents import conformance_tables, fill, private_codes, write

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONFORMANCE.md").read_text(encoding="utf-8")


def test_conformance_statement_is_what_the_code_does() -> None:
    assert fill(PAGE, conformance_tables()) == PAGE, "run: make docs"


def test_tables_name_what_the_listener_accepts() -> None:
    tables = conformance_tables()
    for context in storage_contexts():
        assert f"`{context.abstract_syntax}`" in tables["received-sop-classes"]
        for uid in context.transfer_syntax:
            assert f"`{uid}`" in tables["received-transfer-syntaxes"]
    assert tables["received-sop-classes"].count("\n") == len(RECEIVED_SOP_CLASSES) + 1
    assert tables["received-transfer-syntaxes"].count("\n") == len(RECEIVED_TRANSFER_SYNTAXES) + 1


def test_no_table_shows_a_uid_without_its_name() -> None:
    for table in conformance_tables().values():
        assert not re.search(r"^\| [\d.]+ \|", table, re.MULTILINE)


def test_what_is_sent_first_is_the_3d_report() -> None:
    rows = conformance_tables()["sent-sop-classes"].splitlines()[2:]
    assert [row.split("`")[1].rsplit(".", 1)[1] for row in rows] == ["7", "34", "33", "22", "4", "11", "1", "59"]


def test_every_status_that_we_answer_is_listed() -> None:
    statuses = {value for name, value in vars(reception).items() if name.isupper() and isinstance(value, int)}
    assert len(statuses) >= 6
    for status in statuses:
        assert f"| 0x{status:04X} " in PAGE


def test_every_rejection_that_we_answer_is_listed() -> None:
    for result, source, reason in (access.CALLING_AE_TITLE_NOT_RECOGNISED, access.CALLED_AE_TITLE_NOT_RECOGNISED):
        assert re.search(rf"result {result} \w+, source {source}, reason {reason}", PAGE)


@pytest.mark.parametrize(
    ("text", "delivered", "permanent"),
    [("0x0000", True, False), ("0xBxxx", True, False), ("0xA7xx", False, False), ("0xA9xx, 0xCxxx", False, True)],
)
def test_what_we_make_of_a_response_is_what_the_page_says(text: str, delivered: bool, permanent: bool) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {text}") and "Success" not in line)
    assert ("gives up" in row) == permanent
    assert ("| delivered" in row) == delivered
    for word in text.split(", "):
        result = SendResult(
            status=int(word.replace("x", "0")[2:], 16), detail="", sop_class_uid="1", sop_instance_uid="1"
        )
        assert (result.delivered, result.permanent) == (delivered, permanent)


def test_private_codes_are_ours_and_sorted() -> None:
    values = [code.value for code in private_codes()]
    assert values == sorted(set(values))
    assert {"RISKSTRATUM", "HEATFRAC", "NOTEVALUABLE"} <= set(values)
    assert {code.scheme for code in private_codes()} == {PRIVATE_SCHEME}


def test_fill_replaces_what_is_between_the_marks() -> None:
    page = "before\n<!-- made from code: one -->\nold\nrows\n<!-- end -->\nafter\n"
    assert fill(page, {"one": "new"}) == "before\n<!-- made from code: one -->\nnew\n<!-- end -->\nafter\n"


@pytest.mark.parametrize("tables", [{}, {"other": ""}, {"one": "", "other": ""}])
def test_fill_wants_page_and_tables_to_agree(tables: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="the page has the blocks"):
        fill("<!-- made from code: one -->\n<!-- end -->\n", tables)


def test_write(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "CONFORMANCE.md").write_text(PAGE.replace("Secondary Capture Image Storage", "?"), encoding="utf-8")
    write(tmp_path)
    assert (tmp_path / "CONFORMANCE.md").read_text(encoding="utf-8") == PAGE
    assert (tmp_path / "docs" / "settings.md").read_text(encoding="utf-8") == (ROOT / "docs" / "settings.md").read_text(
        encoding="utf-8"
    )
    assert (tmp_path / "models" / "SHIPPED.sha256").read_text(encoding="utf-8") == registry.PINNED.read_text(
        encoding="utf-8"
    ), "the shipped bundles were changed: run make docs"
