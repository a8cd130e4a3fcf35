"""What an item of the clinical context may be; the operator's guide lists them all."""

import re
from pathlib import Path

from models.spine_fracture_xr.clinical import ITEMS as REFERRAL
from screening.context_items import ITEMS
from training.cohorts.curb65 import COLUMNS

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "operators-guide.md"


def test_the_guide_lists_every_item_with_its_unit() -> None:
    rows = dict(
        re.findall(r"^\| `([a-z_]+)` \| ([^|]+?) \| [^|]+ \| [^|]+ \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    )
    assert {name: rows.get(name) for name in ITEMS} == {name: kind.unit for name, kind in ITEMS.items()}


def test_items_are_called_as_models_and_tables_call_them() -> None:
    assert set(REFERRAL) - {"age", "female"} <= set(ITEMS)
    assert {column.name for column in COLUMNS} - {"age_years"} <= set(ITEMS)


def test_what_cannot_be_is_told() -> None:
    assert ITEMS["confusion"].objection(1.0) is None
    assert ITEMS["confusion"].objection(0.5) == "must be 0 (no) or 1 (yes)"
    assert ITEMS["bmi"].objection(24.1) is None
    assert ITEMS["bmi"].objection(241.0) == "must lie within 10 to 80 kg/m2"
