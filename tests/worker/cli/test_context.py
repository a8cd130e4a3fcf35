"""`opportune context import`: all of a file or none of it, and never a patient in a message."""

from pathlib import Path

import pytest

from db import context
from db.engine import transaction
from tests.worker.cli.command import opportune
from tests.worker.ports import make_ports

GOOD = """patient_id,issuer,name,value,code,meaning
ZQ-1,,urea_mmol_per_l,8.1,,
ZQ-1,,,,SCT:233604007,Pneumonia
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "context.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_items_and_diagnoses_are_imported_into_a_new_node(tmp_path: Path) -> None:
    ended = opportune("context", "import", _file(tmp_path, GOOD))
    assert (ended.status, ended.out) == (0, "2 items imported; 0 studies are looked at again\n")
    with transaction(make_ports(tmp_path / "opportune-data").sessions) as session:
        known = context.for_patient(session, "ZQ-1", "")
    assert dict(known.items) == {"urea_mmol_per_l": 8.1}
    assert [code.value for code in known.diagnoses] == ["233604007"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ZQ-2,,urea_mmol_per_l,high,,", "line 4"),
        (",,urea_mmol_per_l,8,,", "patient_id"),
        ("ZQ-2,,,,233604007,", "SCHEME"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_imported(tmp_path: Path, line: str, reason: str) -> None:
    ended = opportune("context", "import", _file(tmp_path, GOOD + line + "\n"))
    assert ended.status == 1
    assert "context.csv line 4" in ended.words
    assert reason in ended.words
    assert "nothing was imported" in ended.words
    assert "ZQ-" not in ended.out + ended.err
    assert not (tmp_path / "opportune-data").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    ended = opportune("context", "import", tmp_path / "absent.csv")
    assert ended.status == 2
    assert "does not exist" in ended.words
