"""All rows, by model, in the order of the page."""

from collections.abc import Mapping

from tests.acceptance.quality import radiographs, scans
from tests.acceptance.quality.defects import Defect

ROWS: tuple[Defect, ...] = (*radiographs.ROWS, *scans.ROWS)
BY_MODEL: Mapping[str, tuple[Defect, ...]] = {
    model: tuple(row for row in ROWS if row.model == model) for model in dict.fromkeys(row.model for row in ROWS)
}
