"""Every real CR, DX and CT through the code of `opportune screen`: docs/real-images.md, and a picture of each.

`python -m benchmarks.real_images DATA PICTURES` reads the folder of real data DATA and draws below PICTURES.
"""

import argparse
import csv
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.real_forced import forced_table
from benchmarks.real_inputs import RADIOGRAPHS, Input, inputs
from benchmarks.real_pictures import draw_sheets
from models import registry
from screening.settings import Settings
from worker.headline import headline
from worker.pipeline import Pipeline
from worker.privacy import quiet_libraries
from worker.screen_folder import read_folder, screen_study

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "real-images.md"
SHOWN = Path(__file__).with_name("real_images.csv")
READS = {
    "cap_mortality_cxr": "radiograph", "pediatric_age_cxr": "radiograph", "spine_fracture_xr": "radiograph",
    "ssc_ild_mortality_ct": "CT", "bone_muscle_ct": "CT",
}  # fmt: skip
BEGIN, END = "<!-- made by benchmarks/real_images.py -->", "<!-- end -->"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one model made of one input."""

    name: str
    modality: str
    model: str
    outcome: str  #: measured, refused (by the header), not evaluable (by the image), failed, not read
    code: str
    reason: str


def screened(item: Input, pipeline: Pipeline, out: Path) -> Iterator[Row]:
    """One row for each model."""
    studies, unread = read_folder(item.folder)
    if not studies:
        reason = unread[0].reason
        yield from (_row(item, name, "not read", "", reason) for name in registry.names())
        return
    for study in studies:
        for result in screen_study(study, Settings(), registry.names(), pipeline, out):
            yield _row(item, result["model"], *_told(result))


def _row(item: Input, model: str, outcome: str, code: str, reason: str) -> Row:
    return Row(name=item.name, modality=item.modality, model=model, outcome=outcome, code=code, reason=reason)


def _told(result: dict[str, Any]) -> tuple[str, str, str]:
    outcome = result["outcome"]
    if result["decision"] == "failed":
        return "failed", "", result["reason"]
    if outcome is None:
        first = result["rejected"][0]
        return "refused", first["code"], first["reason"]
    if outcome["kind"] == "findings":
        return "measured", "", headline(outcome)
    return "not evaluable", outcome["code"], outcome["reason"]


def table(rows: Iterable[Row], shown: dict[str, str]) -> str:
    """Every row but the refusals of images of another kind (a CT for a model of radiographs), which are counted."""
    all_rows = list(rows)
    own = [row for row in all_rows if READS[row.model] == _kind(row)]
    other = Counter(row.code or row.outcome for row in all_rows if READS[row.model] != _kind(row))
    lines = ["| file | it shows | model | outcome | code | reason |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row.name} | {shown.get(row.name, 'no picture')} | {row.model} | {row.outcome} |"
        f" {f'`{row.code}`' if row.code else ''} | {row.reason.replace('|', '/')} |"
        for row in own
    ]
    files, counts = len({row.name for row in all_rows}), Counter(row.outcome for row in own)
    said = [
        f"{files} files or series. Of the {len(own)} rows: "
        + ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()) + ".",
        f"Left out of the table are {sum(other.values())} rows of models that read another modality: "
        + ", ".join(f"{count} `{code}`" if "-" in code else f"{count} {code}" for code, count in other.most_common())
        + ".",
    ]  # fmt: skip
    return "\n".join([*said, "", *lines])


def _kind(row: Row) -> str:
    return "radiograph" if row.modality in RADIOGRAPHS else "CT"


def _caption(item: Input, rows: Iterable[Row]) -> list[str]:
    """The outcome of each model that reads this modality."""
    own = (row for row in rows if row.name == item.name and READS[row.model] == _kind(row))
    return [f"{row.model}: {row.code or row.outcome}" for row in own]


def read_shown() -> dict[str, str]:
    """What each file shows, as seen by eye."""
    with SHOWN.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["shows"] for row in csv.DictReader(file)}


def main() -> None:
    """Screen, draw, and write the tables into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_images", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of real data")
    parser.add_argument("pictures", type=Path, help="folder for the pictures; outside of the repository")
    parser.add_argument("--modality", nargs="*", default=["CR", "DX", "CT"], help="to try a part; writes no page")
    options = parser.parse_args()
    quiet_libraries()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        found = [item for item in inputs(options.data, work / "in") if item.modality in options.modality]
        pipeline = Pipeline(threads=1)
        rows = [row for item in found for row in screened(item, pipeline, work / "out")]
        draw_sheets(found, {item.name: _caption(item, rows) for item in found}, options.pictures)
        made = table(rows, read_shown())
        forced = forced_table([item for item in found if item.modality in RADIOGRAPHS], options.data, read_shown())
    print(made, forced, sep="\n\n")
    if set(options.modality) == {"CR", "DX", "CT"}:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{made}\n\n{forced}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
