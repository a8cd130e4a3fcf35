from pathlib import Path

import pytest
from pydicom import dcmread

from benchmarks.receive.workloads import WORKLOADS, Workload, write

SMALL = Workload(name="S", what="small ones", instances=5, rows=8, columns=8, associations=2)


def test_images_are_shared_among_associations_and_written_once(tmp_path: Path) -> None:
    folders = write(SMALL, tmp_path)
    files = [sorted(folder.glob("*.dcm")) for folder in folders]
    assert [len(found) for found in files] == [3, 2]
    headers = [[dcmread(path) for path in found] for found in files]
    assert len({ds.SOPInstanceUID for found in headers for ds in found}) == 5
    assert [len({ds.SeriesInstanceUID for ds in found}) for found in headers] == [1, 1]
    before = files[0][0].read_bytes()
    assert write(SMALL, tmp_path) == folders
    assert files[0][0].read_bytes() == before


def test_radiographs_are_studies_of_their_own(tmp_path: Path) -> None:
    (folder,) = write(Workload(name="R", what="radiographs", instances=3, rows=8, columns=6), tmp_path)
    assert len({dcmread(path).StudyInstanceUID for path in folder.glob("*.dcm")}) == 3


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_a_share_of_a_workload_has_an_image_for_each_association(workload: Workload) -> None:
    assert workload.scaled(0.5).instances == workload.instances // 2
    assert workload.scaled(0).instances == workload.associations
