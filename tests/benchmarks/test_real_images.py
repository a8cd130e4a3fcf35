from pathlib import Path

import pytest

from benchmarks.real_images import BEGIN, END, PAGE, Row, read_shown, screened, table
from benchmarks.real_inputs import inputs
from benchmarks.real_pictures import draw_sheets
from worker.pipeline import Pipeline


def row(model: str, outcome: str, code: str = "", modality: str = "CR") -> Row:
    return Row(name="a.dcm", modality=modality, model=model, outcome=outcome, code=code, reason="this | that")


def test_a_table_shows_the_models_of_the_modality_and_counts_the_others() -> None:
    made = table(
        [row("cap_mortality_cxr", "measured"), row("bone_muscle_ct", "refused", "wrong-modality")], {"a.dcm": "a chest"}
    )
    assert "| a.dcm | a chest | cap_mortality_cxr | measured |  | this / that |" in made
    assert "1 files or series. Of the 1 rows: 1 measured." in made
    assert "1 `wrong-modality`" in made
    assert "| bone_muscle_ct |" not in made


def test_the_page_names_every_picture_that_can_be_seen() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert BEGIN in page
    assert END in page
    assert [name for name, shows in read_shown().items() if f"| {name} | {shows} |" not in page] == []


@pytest.mark.real_data
def test_a_real_leg_is_refused_by_all_and_drawn(real_data: Path, tmp_path: Path) -> None:
    found = [item for item in inputs(real_data / "dicom_samples" / "crdx", tmp_path / "in") if "RG3_JLSL" in item.name]
    assert [item.modality for item in found] == ["CR"]
    rows = list(screened(found[0], Pipeline(threads=1), tmp_path / "out"))
    assert {r.outcome for r in rows} == {"refused"}
    assert len(rows) == 5
    draw_sheets(found, {found[0].name: ["refused"]}, tmp_path / "pictures")
    assert (tmp_path / "pictures" / "sheet01.png").stat().st_size > 1000
