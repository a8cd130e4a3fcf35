"""A site's table of DICOM files, some of them bad, through `opportune evaluate`: it ends, and says what it left out."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

from tests.worker.cli.command import Ended, opportune
from training.simulate import SIMULATORS

PEOPLE = 4


@dataclass(frozen=True)
class Site:
    """What a model's table looks like."""

    model: str
    header: str
    outcomes: tuple[str, ...]  #: cells after patient and images, for each of the people
    wrong: str  #: cells that no row may have
    said: str  #: of the wrong cells
    other: str  #: modality that the model does not read

    @property
    def columns(self) -> str:
        """The table's first line."""
        return f"patient_id,images,{self.header}"


SITES = (
    Site(
        model="pediatric_age_cxr", header="true_value,sex", outcomes=("100,F", "30,M", ",F", "150,"), wrong="old,F",
        said="true_value must be a number", other="CT",
    ),
    Site(
        model="spine_fracture_xr",
        header="time,event,age,sex,bmi,prior_fracture,glucocorticoid,secondary_osteoporosis,rheumatoid_arthritis,fraxx",
        outcomes=("900,0,61,F,23,0,1,0,0,0.1", "400,1,72,F,,,,,,", "1500,0,,M,27,0,0,,,", "1200,1,70,M,,1,0,0,0,0.2"),
        wrong="-3,2,61,F,23,,,,,",
        said="time must be", other="CT",
    ),
    Site(
        model="ssc_ild_mortality_ct", header="time,event,age,sex",
        outcomes=("900,0,61,F", "400,1,,F", "1500,0,55,", "8,1,70,M"),
        wrong="soon,1,61,F", said="time must be", other="MR",
    ),
    Site(
        model="bone_muscle_ct", header="time,event,age_years,sex,fracture_now,frax",
        outcomes=("900,0,61,F,0,0.1", "400,1,72,F,1,", "1500,0,,M,,", "1200,1,70,M,0,0.2"), wrong="10,maybe,61,F,0,",
        said="event must be", other="MR",
    ),
)  # fmt: skip


def images(folder: Path, site: Site) -> list[str]:
    """Simulated people, one image or folder of slices each."""
    SIMULATORS[site.model](folder, PEOPLE, 7, lambda: None)
    return sorted(
        str(path.relative_to(folder))
        for path in folder.glob("*/*")
        if path.name == "ct" or (path.suffix == ".dcm" and path.name != "segmentation.dcm")
    )


def files_of(path: Path) -> list[Path]:
    """Of an image or of a folder of slices."""
    return sorted(path.iterdir()) if path.is_dir() else [path]


def spoil(folder: Path, good: Path, site: Site) -> list[str]:
    """Bad images beside a good one: of another modality, cut off, no DICOM, an empty folder, none at all."""
    whole = files_of(good)[0].read_bytes()
    (folder / "cut.dcm").write_bytes(whole[: len(whole) // 2])
    (folder / "text.dcm").write_text("This is no DICOM file.")
    (folder / "empty").mkdir()
    (folder / "other").mkdir()
    for source in files_of(good):
        data = pydicom.dcmread(source)
        data.Modality = site.other
        data.save_as(folder / "other" / source.name)
    other = "other" if good.is_dir() else f"other/{good.name}"
    return [other, "cut.dcm", "text.dcm", "empty", "missing.dcm"]


def table(folder: Path, site: Site) -> Path:
    """The first line, the people, the bad images, and a row whose cells are wrong."""
    found = images(folder, site)
    assert len(found) == PEOPLE
    rows = [f"P{k},{name},{cells}" for k, (name, cells) in enumerate(zip(found, site.outcomes, strict=True))]
    fitting = site.outcomes[0]
    rows += [f"B{k},{name},{fitting}" for k, name in enumerate(spoil(folder, folder / found[0], site))]
    shutil.copy(folder / "text.dcm", folder / "again.dcm")
    path = folder / "ours.csv"
    path.write_text("\n".join([site.columns, *rows, f"W,again.dcm,{site.wrong}"]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.model)
def test_bad_rows_never_stop_a_run_and_each_has_its_reason(site: Site, tmp_path: Path) -> None:
    ours = table(tmp_path, site)
    ended: Ended = opportune(
        "evaluate", site.model, "--cohort", ours, "--out", tmp_path / "out", "--boot", 100, "--json"
    )
    assert ended.status == 0, ended.words
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    bad = {row["line"]: row["why"] for row in results["cohorts"][0]["bad"]}
    unusable = {line for line in range(2, 2 + PEOPLE) if site.outcomes[line - 2].startswith(",")}
    assert set(bad) == set(range(2 + PEOPLE, 2 + PEOPLE + 6)) | unusable
    assert ended.json["bad_rows"] == {"ours.csv": len(bad)}
    assert results["cohorts"][0]["columns_unused"] == (["fraxx"] if "fraxx" in site.header else [])
    assert "vendor" in results["cohorts"][0]["columns_absent"] or site.model == "pediatric_age_cxr"
    assert ended.json["rows"] == {"ours.csv": PEOPLE - len(unusable)}
    assert f"got {site.other}" in bad[2 + PEOPLE]
    assert site.said in bad[max(bad)]
    said = (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    assert f"Rows left out: {len(bad)}" in said
    assert [why for why in bad.values() if why.partition(": ")[2] not in said] == []
    assert str(tmp_path) not in said
