"""Result objects as a PACS holds them."""

import shutil
import subprocess
from collections import Counter
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset

from tests.conftest import require_program
from tests.servers.orthanc import Orthanc

OURS = "Opportune"


def results_of(orthanc: Orthanc) -> list[FileDataset]:
    """Every object of ours that the PACS holds, without those it was sent by others."""
    found = []
    for identifier in orthanc.get("/instances"):
        ds = pydicom.dcmread(BytesIO(orthanc.request("GET", f"/instances/{identifier}/file")))
        if str(ds.get("Manufacturer", "")).startswith(OURS):
            found.append(ds)
    return found


def reports_per_study(orthanc: Orthanc) -> Counter[str]:
    """How many SRs of ours the PACS holds in each study."""
    return Counter(str(ds.StudyInstanceUID) for ds in results_of(orthanc) if ds.Modality == "SR")


def complaints(ds: FileDataset, folder: Path) -> list[str]:
    """What dciodvfy and dsrdump have against an object; two warnings are tolerated (docs/adr, private codes)."""
    require_program("dciodvfy", "dsrdump")
    path = folder / f"{ds.SOPInstanceUID}.dcm"
    ds.save_as(path, enforce_file_format=True)
    said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    found = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]
    if ds.Modality == "SR":
        program = shutil.which("dsrdump") or "dsrdump"
        read = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
        found += [] if read.returncode == 0 else [f"dsrdump: {read.stderr}"]
    return found
