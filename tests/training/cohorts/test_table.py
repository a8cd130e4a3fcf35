import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import ConfigurationError
from training.cohorts.columns import Column, Kind
from training.cohorts.table import CohortTable, Layout, Outcome, read_table

LAYOUT = Layout(
    outcome=Outcome.SURVIVAL,
    clinical=(Column(name="age_years", low=0, high=130), Column(name="smoker", kind=Kind.YES_NO)),
    comparators=("frax",), groups=("sex", "vendor"),
)  # fmt: skip
HEADER = "patient_id,images,time,event,age_years,smoker,frax,sex,vendor"
GOOD = "P1,a.dcm,365,1,64,0,0.12,F,Acme"


def read(folder: Path, *lines: str, check_images: bool = False, layout: Layout = LAYOUT) -> CohortTable:
    path = folder / "cohort.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_table(path, layout, check_images=check_images)


def test_a_good_row(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER, GOOD)
    (row,) = table.rows
    assert (row.line, row.patient_id, row.images) == (2, "P1", (tmp_path / "a.dcm",))
    assert row.values == {
        "time": 365.0, "event": True, "age_years": 64.0, "smoker": False, "frax": 0.12, "sex": "F", "vendor": "Acme",
    }  # fmt: skip
    assert table.counts == {"rows": 1, "kept": 1, "bad": 0, "patients": 1}


def test_one_error_per_bad_row_and_good_rows_are_kept(tmp_path: Path) -> None:
    table = read(
        tmp_path, HEADER, GOOD,
        "P2,b.dcm,-3,2,64,0,0.1,M,Acme",  # two cells
        "P3,c.dcm,100,0,200,,,,",
        "",
        "P4,d.dcm,100",
        'P5,"e.dcm,100,0,,,,,',
        ",f.dcm,100,0,,,,,",
        "P7,g.dcm,100,0,NA,NA,,,",
    )  # fmt: skip
    assert [row.line for row in table.rows] == [2, 9]
    assert [str(row) for row in table.bad] == [
        "line 3: time must be a number of 0 or more; event must be 0 or 1",
        "line 4: age_years must be a number from 0 to 130, or empty",
        "line 6: row must have 9 cells as the header has, got 3",
        "line 7: row must have balanced quotation marks",
        "line 8: patient_id must be a text",
    ]
    assert table.counts == {
        "rows": 7, "kept": 2, "bad": 5, "patients": 2, "bad_age_years": 1, "bad_event": 1, "bad_patient_id": 1,
        "bad_row": 2, "bad_time": 1,
    }  # fmt: skip


def test_columns_over_the_kept_rows(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER, GOOD, "P2,b.dcm,10,0,,1,,M,3")
    assert table.numbers("event").tolist() == [1.0, 0.0]
    assert np.isnan(table.numbers("age_years")).tolist() == [False, True]
    assert table.labels("sex") == ["F", "M"]
    assert table.labels("age_years") == ["64", None]
    assert table.patients() == ["P1", "P2"]
    with pytest.raises(TypeError, match="sex is a column of text"):
        table.numbers("sex")
    with pytest.raises(KeyError):
        table.numbers("height")


def test_images_are_relative_to_the_file_and_must_exist(tmp_path: Path) -> None:
    (tmp_path / "scans" / "one").mkdir(parents=True)
    (tmp_path / "a.dcm").touch()
    table = read(
        tmp_path, HEADER, "P1,a.dcm|scans/one,1,0,,,,,", "P2,a.dcm2|b.dcm,1,0,,,,,", "P3,|a.dcm,1,0,,,,,",
        f"P4,{'x' * 5000},1,0,,,,,", check_images=True,
    )  # fmt: skip
    assert table.rows[0].images == (tmp_path / "a.dcm", tmp_path / "scans" / "one")
    assert [str(row) for row in table.bad] == [
        "line 3: images must be files or folders that exist, 2 of 2 do not",
        "line 4: images must be paths with | between them",
        "line 5: images must be files or folders that exist, 1 of 1 do not",
    ]


def test_an_image_belongs_to_one_row(tmp_path: Path) -> None:
    table = read(
        tmp_path, HEADER, "P1,a.dcm,1,0,,,,,", "P2,b.dcm|a.dcm,1,0,,,,,", "P1,a.dcm,1,0,,,,,", "P1,c.dcm,1,0,,,,,"
    )
    assert [row.line for row in table.rows] == [2, 5]
    assert [str(row) for row in table.bad] == [
        "line 3: images must not belong to two patients, see line 2",
        "line 4: images must not be in two rows, see line 2",
    ]


def test_comparators_and_groups_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text("patient_id,images,time,event,age_years,smoker,Frax\nP1,a.dcm,365,1,64,0,0.12\n", encoding="utf-8")
    table = read_table(path, LAYOUT, check_images=False)
    assert (table.ignored, table.absent) == (("Frax",), ("frax", "sex", "vendor"))
    assert np.isnan(table.numbers("frax")).all()
    assert table.labels("sex") == [None]


@pytest.mark.parametrize(("text", "said"), [
    ("", "lacks the columns patient_id, images"),
    ("patient_id,images,time\n", "lacks the columns event, age_years"),
    ("Doe Jane,Doe Jane\n", "lacks"),
    (HEADER + ",sex\n", "columns twice: sex"),
])  # fmt: skip
def test_a_file_with_another_header_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_table(path, LAYOUT)
    assert "Jane" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.csv cannot be read: No such file"):
        read_table(tmp_path / "nowhere.csv", LAYOUT)


def test_spreadsheets_write_a_mark_semicolons_and_other_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    text = "\ufeff" + f"{HEADER};note\r\n{GOOD};M\u00fcller\r\n".replace(",", ";")
    path.write_bytes(text.encode())
    table = read_table(path, LAYOUT, check_images=False)
    assert len(table.rows) == 1
    assert table.ignored == ("note",)


def test_other_encodings_spoil_their_row_only(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_bytes(f"{HEADER}\n{GOOD}\nP2,b.dcm,1,0,,,,,M\u00fcller\n".encode("latin-1"))
    table = read_table(path, LAYOUT, check_images=False)
    assert (len(table.rows), [str(row) for row in table.bad]) == (1, ["line 3: vendor must be UTF-8 text"])


def test_other_outcomes(tmp_path: Path) -> None:
    event = read(tmp_path, "patient_id,images,event", "P1,a,1", layout=Layout(outcome=Outcome.EVENT))
    assert event.rows[0].values == {"event": True}
    value = read(tmp_path, "patient_id,images,true_value", "P1,a,71.5", layout=Layout(outcome=Outcome.VALUE))
    assert value.numbers("true_value").tolist() == [71.5]


def test_a_column_may_be_clinical_and_a_group(tmp_path: Path) -> None:
    sex = Column(name="sex", kind=Kind.TEXT, choices=("F", "M"))
    layout = Layout(outcome=Outcome.EVENT, clinical=(sex,), groups=("sex",))
    table = read(tmp_path, "patient_id,images,event,sex", "P1,a,1,f", "P2,b,1,x", layout=layout)
    assert table.labels("sex") == ["F"]
    assert [str(row) for row in table.bad] == ["line 3: sex must be F or M, or empty"]


def test_no_patient_in_any_representation(tmp_path: Path) -> None:
    table = read(tmp_path, HEADER, "SECRET1,SECRET2.dcm,1,0,77,,,SECRET3,", "SECRET4,SECRET5.dcm,SECRET6,0,,,,,",
                 "SECRET7,SECRET2.dcm,1,0,,,,,")  # fmt: skip
    assert (len(table.rows), len(table.bad)) == (1, 2)
    assert "SECRET" not in repr(table)
    assert "77" not in repr(table)


LINES = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40), max_size=12)


@given(LINES)
def test_whatever_the_lines_are_each_is_kept_or_counted(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    table = read(tmp_path_factory.mktemp("any"), HEADER, GOOD, *lines)
    assert len(table.rows) + len(table.bad) == 1 + sum(bool(line.strip(" \t,")) for line in lines)
    assert table.rows[0].line == 2
    assert all(re.fullmatch(r"line \d+: .+", str(row)) for row in table.bad)


def test_the_example_of_the_page_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "cohort.md").read_text(encoding="utf-8")
    example = page.split("```csv\n")[1].split("```")[0].splitlines()
    layout = Layout(outcome=Outcome.SURVIVAL, clinical=(Column(name="age_years"),), comparators=("frax",),
                    groups=("sex", "vendor"))  # fmt: skip
    table = read(tmp_path, *example, layout=layout)
    assert table.counts == {"rows": 3, "kept": 3, "bad": 0, "patients": 2}
    assert len(table.rows[2].images) == 2
    assert table.ignored == ()
    for name in ("patient_id", "images", "time", "event", "true_value"):
        assert f"| `{name}` |" in page
