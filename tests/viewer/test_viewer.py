"""Every result of every model opens in OHIF without an error and shows what it says."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom.dataset import FileDataset

from dicom_node import scu
from dicom_node.identity import Timeouts
from models import registry
from tests.conftest import require_program
from tests.servers.orthanc import Orthanc
from tests.viewer.packages import BUILD, ROOT, package
from tests.viewer.studies import ResultSeries, Screened, labels_of, refused, screened
from tests.viewer.web import served

pytestmark = [pytest.mark.viewer, pytest.mark.timeout(3600)]

REFUSED = "cap_mortality_cxr"
LINES_ON_THE_IMAGE = 5  # OHIF 3.13 writes no more of a group beside its region


@dataclass(frozen=True)
class Opened:
    """A series, and what the browser saw of it."""

    study: Screened
    series: ResultSeries
    seen: dict[str, Any]


def without_age(ds: FileDataset) -> None:
    for keyword in ("PatientBirthDate", "PatientAge"):
        if keyword in ds:
            delattr(ds, keyword)


@pytest.fixture(scope="module", params=[*registry.names(), "refusal"])
def opened(
    request: pytest.FixtureRequest, orthanc_server: Orthanc, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Opened]]:
    """A study with its results, each of which was opened."""
    require_program("node", "chromium")
    folder = tmp_path_factory.mktemp("viewer")
    study = refused(REFUSED, folder, without_age) if request.param == "refusal" else screened(request.param, folder)
    for result in scu.send_files((*study.images, *study.results), orthanc_server.destination, "VIEWER", Timeouts()):
        assert result.stored, result.detail
    yield list(visit(study, request.param, orthanc_server, folder))
    shutil.rmtree(folder)


def visit(study: Screened, name: str, archive: Orthanc, folder: Path) -> Iterator[Opened]:
    pictures = BUILD / "pictures" / name
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    series = study.series
    with served(package("@ohif/app") / "dist", ROOT / "deploy/viewer/app-config.js", archive.http_port) as address:
        task = {
            "playwright": str(package("playwright-core")),
            "chromium": shutil.which("chromium"),
            "address": address,
            "study": study.study_instance_uid,
            "pictures": str(pictures),
            "series": [
                {"uid": item.uid, "name": f"{item.modality}-{item.objects[0].SeriesNumber}", "modality": item.modality,
                 "images": len(item.objects), "hydrate": item.modality == "SR" and bool(points(study)),
                 "slices": [uid for uid, _ in largest_masks(item)]}
                for item in series
            ],
        }  # fmt: skip
        path = folder / "task.json"
        path.write_text(json.dumps(task), encoding="utf-8")
        driver = Path(__file__).with_name("open_series.mjs")
        done = subprocess.run(["node", str(driver), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for item, seen in zip(series, json.loads(done.stdout), strict=True):
        yield Opened(study=study, series=item, seen=seen)


def points(study: Screened) -> list[str]:
    """What OHIF can take over as its own: points without a value."""
    return [
        group["tracking_identifier"]
        for group in study.groups
        if group["region"]["graphic_type"] == "POINT" and not group["measurements"]
    ]


def largest_masks(series: ResultSeries) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """For each segment the image on which it is largest, and the mask (rows, columns) there."""
    found: list[tuple[str, npt.NDArray[np.bool_]]] = []
    for ds in series.objects if series.modality == "SEG" else ():
        frames = list(zip(ds.PerFrameFunctionalGroupsSequence, ds.pixel_array > 0, strict=True))
        for segment in ds.SegmentSequence:
            of_segment = [
                (str(groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID), mask)
                for groups, mask in frames
                if groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment.SegmentNumber
            ]
            found.append(max(of_segment, key=lambda one: int(one[1].sum())))
    return found


def of(opened: list[Opened], modality: str) -> list[Opened]:
    return [item for item in opened if item.series.modality == modality]


def test_every_series_opens_without_a_fault(opened: list[Opened]) -> None:
    assert {item.series.modality for item in opened} >= {"OT", "SR"}
    assert {item.seen["name"]: item.seen["faults"] for item in opened if item.seen["faults"]} == {}


def test_pictures_are_drawn_as_they_were_sent(opened: list[Opened]) -> None:
    (pictures,) = of(opened, "OT")
    assert len(pictures.seen["images"]) == len(pictures.series.objects)
    for ds, shown in zip(pictures.series.objects, pictures.seen["images"], strict=True):
        assert f"/instances/{ds.SOPInstanceUID}/" in shown["image"]
        drawn = canvas(shown)
        assert np.abs(drawn - fitted(ds.pixel_array, drawn.shape)).mean() < 6  # of 255


def canvas(shown: dict[str, Any]) -> npt.NDArray[np.float64]:
    """What the browser had drawn, (rows, columns, 3), 0..255."""
    picture = Image.open(BytesIO(base64.b64decode(shown["drawn"].partition(",")[2]))).convert("RGB")
    return np.asarray(picture, dtype=np.float64)


def fitted(pixels: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """A picture in the middle of a black viewport, as large as it can be."""
    rows, columns = pixels.shape[:2]
    scale = min(shape[0] / rows, shape[1] / columns)
    picture = Image.fromarray(pixels).resize((round(columns * scale), round(rows * scale)))
    viewport = Image.new("RGB", (shape[1], shape[0]))
    viewport.paste(picture, ((shape[1] - picture.width) // 2, (shape[0] - picture.height) // 2))
    return np.asarray(viewport, dtype=np.float64)


def test_every_measurement_is_placed_and_shown(opened: list[Opened]) -> None:
    (report,) = of(opened, "SR")
    found = report.seen["measurements"]
    assert all(item["loaded"] for item in found)
    if report.study.outcome["kind"] == "not_evaluable":
        assert [item["labels"] for item in found] == [[]]
        return
    expected = [(group["tracking_identifier"], labels_of(group)) for group in report.study.groups]
    assert [(item["identifier"], item["labels"]) for item in found] == expected
    for (_, labels), marks in zip(expected, report.seen["marks"], strict=True):
        assert [
            f"{name}: {value}" for name, value in labels[:LINES_ON_THE_IMAGE] if f"{name}: {value}" not in marks
        ] == []


def test_what_ohif_can_take_over_it_offers_and_takes_and_nothing_else(opened: list[Opened]) -> None:
    (report,) = of(opened, "SR")
    wanted = points(report.study)
    assert report.seen["offered"] == bool(wanted)
    assert len(report.seen["panel"]) == len(wanted)


def test_every_mask_is_loaded_and_drawn_where_it_lies(opened: list[Opened]) -> None:
    for masks in of(opened, "SEG"):
        (ds,) = masks.series.objects
        assert masks.seen["segments"] == [str(item.SegmentLabel) for item in ds.SegmentSequence]
        for (uid, mask), shown in zip(largest_masks(masks.series), masks.seen["images"], strict=True):
            assert f"/instances/{uid}/" in shown["image"]
            drawn = canvas(shown)
            coloured = drawn.max(-1) - drawn.min(-1) > 30  # of 255; the image itself is grey
            wanted = fitted(np.repeat(mask[..., None] * np.uint8(255), 3, -1), drawn.shape)[..., 0] > 127
            assert (coloured & wanted).sum() > 0.8 * (coloured | wanted).sum()
