import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_node.header import read_instance
from dicom_node.pixels.radiograph import read_radiograph
from tests.conftest import require_program
from tests.training.simulators.run import digests, run
from training.phantoms.spine.radiograph import KEYPOINTS, make_lumbar_radiograph
from training.simulators import spine_fracture_xr as lumbar


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lumbar")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lumbar, "LONGEST_SIDE", 160)
        for name in ("a", "b"):
            run(made / name, lumbar.COLUMNS, lumbar.write, n=2 if name == "a" else 1, finish=lumbar.write_keypoints)
    return made


def test_keypoints_are_those_of_the_picture(folder: Path) -> None:
    points = json.loads((folder / "a/keypoints.json").read_text(encoding="utf-8"))
    assert len(points) == 2
    for number, (name, levels) in enumerate(points.items()):
        film = make_lumbar_radiograph(300_000 + number, longest_side=160)
        path = folder / "a" / name
        picture = read_radiograph(path, read_instance(path, location=name))
        np.testing.assert_allclose(picture.pixels, film.pixels, atol=2e-4)
        assert list(levels) == list(KEYPOINTS)
        for level in KEYPOINTS:
            assert levels[level] == pytest.approx(film.keypoints[level], abs=0.01)
        rows = [levels[level][0] for level in KEYPOINTS]
        assert rows == sorted(rows)
        assert picture.spacing == pytest.approx(film.spacing, rel=1e-4)


def test_headers_are_of_a_lumbar_spine(folder: Path) -> None:
    for path in (folder / "a").rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        assert (ds.Modality, ds.BodyPartExamined) == ("DX", "LSPINE")
        assert ds.ViewPosition in ("LL", "RL")
        assert ds.AnatomicRegionSequence[0].CodeMeaning == "Lumbar spine"
        assert ds.ManufacturerModelName == "Digital spine phantom"
        assert "Simulated" in ds.ImageComments


def test_the_side_at_the_detector_and_the_direction_of_rows_are_told(folder: Path) -> None:
    film = make_lumbar_radiograph(300_000, longest_side=160)
    sides = [lumbar.lateral_view(replace(film, view=replace(film.view, side=side))).view for side in (1.0, -1.0)]
    assert sides == ["RL", "LL"]
    ds = pydicom.dcmread(next((folder / "b").rglob("*.dcm")), stop_before_pixels=True)
    assert ds.PatientOrientation == ["A" if film.view.mirrored else "P", "F"]


def test_the_same_seed_gives_the_same_files(folder: Path) -> None:
    first, second = digests(folder / "a"), digests(folder / "b")
    image = next(name for name in second if name.endswith(".dcm"))
    assert first[image] == second[image]


@pytest.mark.validators
def test_dciodvfy_finds_no_error(folder: Path) -> None:
    require_program("dciodvfy")
    for path in (folder / "a").rglob("*.dcm"):
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        assert "DXImageForPresentation" in said
        assert [line for line in said if line.startswith(("Error", "Warning"))] == []
