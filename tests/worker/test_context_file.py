"""Clinical context from CSV: all of it or, naming the line, none."""

from pathlib import Path

import pytest

from worker.context_file import WrongLine, read_context


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "context.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_items_and_diagnoses_are_read(tmp_path: Path) -> None:
    items = read_context(
        _file(
            tmp_path,
            "patient_id,issuer,name,value,code,meaning\nP1,,urea_mmol_per_l,8.1,,\nP1,HOSP,,,SCT:233604007,Pneumonia\n",
        )
    )
    assert [(item.name, item.value) for item in items] == [("urea_mmol_per_l", 8.1), ("", None)]
    assert items[1].diagnosis is not None
    assert (items[1].diagnosis.scheme, items[1].diagnosis.value) == ("SCT", "233604007")
    assert items[1].issuer_of_patient_id == "HOSP"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,value\nurea,1\n", "line 1: columns must be patient_id"),
        ("patient_id,colour\nP1,red\n", "not known: colour"),
        ("patient_id,name,value\nSECRET,urea_mmol_per_l,abc\n", "line 2"),
        ("patient_id,name,value\n,urea_mmol_per_l,1\n", "line 2"),
        (
            "patient_id,name,value\nSECRET,glucocorticoids,1\n",
            "line 2: no item is called 'glucocorticoids'; there are bmi",
        ),
        ("patient_id,name,value\nSECRET,glucocorticoid,2\n", "line 2: glucocorticoid must be 0"),
        ("patient_id,name,value\nSECRET,bmi,2.41\n", "line 2: bmi must lie within 10 to 80 kg/m2"),
        ("patient_id,code\nSECRET,233604007\n", "code must be SCHEME:VALUE"),
        ("patient_id,name,value\nSECRET,urea_mmol_per_l,nan\n", "line 2"),
    ],
)
def test_a_wrong_line_is_named_without_the_patient(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WrongLine, match=said) as caught:
        read_context(_file(tmp_path, text))
    assert "SECRET" not in str(caught.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "context.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(WrongLine, match="is not a CSV file in UTF-8"):
        read_context(path)
