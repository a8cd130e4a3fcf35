from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from tests.training.simulators.run import run
from training.simulators.case import FIRST_DAY, Case, Row, simulator


def test_a_case_has_its_own_seed_time_and_folder(tmp_path: Path) -> None:
    case = Case(tmp_path, 300_002, 2)
    patient = case.patient("X", "Foot", SimpleNamespace(age=40.0))
    assert (patient.patient_id, patient.name) == ("SIM-X-00300002", "Phantom^Foot 300002")
    assert case.acquired == FIRST_DAY + timedelta(minutes=22)
    assert patient.birth_date is not None
    assert case.acquired.year - patient.birth_date.year in (40, 41)
    assert case.folder(patient).is_dir()
    assert case.named(case.folder(patient) / "a.dcm") == Path("SIM-X-00300002/a.dcm")
    assert case.study_uid("1") == Case(tmp_path / "b", 300_002, 7).study_uid("1") != case.study_uid("2")


def test_rows_are_written_and_the_end_is_told(tmp_path: Path) -> None:
    done: list[int] = []
    ended: list[list[Row]] = []

    def write(case: Case) -> Row:
        return {"seed": case.seed, "index": case.index}

    make = simulator(("index", "seed"), write, finish=lambda _, rows: ended.append(rows))
    make(tmp_path / "new", 3, 2, lambda: done.append(1))
    assert (tmp_path / "new/labels.csv").read_text() == "index,seed\n0,200000\n1,200001\n2,200002\n"
    assert len(done) == 3
    assert [row["index"] for row in ended[0]] == [0, 1, 2]


def test_labels_can_be_read_back(tmp_path: Path) -> None:
    assert run(tmp_path, ("a",), lambda case: {"a": case.index}, n=2) == [{"a": "0"}, {"a": "1"}]
