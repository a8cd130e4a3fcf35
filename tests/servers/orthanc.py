"""A throw-away Orthanc: a real archive in a temporary folder, on free ports of loopback, with DICOMweb if installed."""

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from screening.settings import Destination
from tests.conftest import require_program
from tests.servers.postgres import free_port

AE_TITLE = "ORTHANC"
PLUGINS = Path("/usr/share/orthanc/plugins")


@dataclass(frozen=True)
class Orthanc:
    """A running archive."""

    http_port: int
    dicom_port: int

    @property
    def destination(self) -> Destination:
        """Orthanc as a place where results go."""
        return Destination(name="orthanc", ae_title=AE_TITLE, address="127.0.0.1", port=self.dicom_port)

    def request(self, method: str, path: str, body: str | None = None) -> bytes:
        """The body of the response; fails on any status but 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=30)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise RuntimeError(f"{method} {path} was answered with {response.status}: {content[:200]!r}")
        return content

    def get(self, path: str) -> Any:
        """A JSON resource, e.g. ``get("/system")``."""
        return json.loads(self.request("GET", path))

    def count(self) -> int:
        """How many instances are stored."""
        return int(self.get("/statistics")["CountInstances"])

    def find(self, sop_instance_uid: str) -> str | None:
        """Orthanc's own identifier of an instance."""
        found = json.loads(self.request("POST", "/tools/lookup", sop_instance_uid))
        return next((item["ID"] for item in found if item["Type"] == "Instance"), None)

    def download(self, sop_instance_uid: str) -> bytes:
        """The stored file."""
        identifier = self.find(sop_instance_uid)
        if identifier is None:
            raise LookupError(f"Orthanc does not have {sop_instance_uid}")
        return self.request("GET", f"/instances/{identifier}/file")

    def delete(self, sop_instance_uid: str) -> None:
        """Lose an instance."""
        self.request("DELETE", f"/instances/{self.find(sop_instance_uid)}")

    def add_modality(self, name: str, ae_title: str, port: int) -> None:
        """Make an AE on loopback known, so that it may ask and is reported to."""
        modality = {"AET": ae_title, "Host": "127.0.0.1", "Port": port}
        self.request("PUT", f"/modalities/{name}", json.dumps(modality))


def configuration(folder: Path, http_port: int, dicom_port: int) -> dict[str, Any]:
    """What Orthanc is told: nobody but loopback, no other side effects."""
    return {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": http_port,
        "HttpBindAddresses": ["127.0.0.1"],
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAet": AE_TITLE,
        "DicomPort": dicom_port,
        "DicomCheckCalledAet": True,
        "DefaultEncoding": "Utf8",
        "Plugins": [str(path) for path in sorted(PLUGINS.glob("libOrthancDicomWeb*.so"))],
    }


@pytest.fixture(scope="session")
def orthanc_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """An Orthanc for the whole run. Tests that use it carry the marker `orthanc`."""
    require_program("Orthanc")
    folder = tmp_path_factory.mktemp("orthanc")
    process, server = _start(folder)
    yield server
    process.terminate()
    process.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def orthanc(orthanc_server: Orthanc) -> Orthanc:
    """An empty Orthanc that knows nobody."""
    for patient in orthanc_server.get("/patients"):
        orthanc_server.request("DELETE", f"/patients/{patient}")
    for name in orthanc_server.get("/modalities"):
        orthanc_server.request("DELETE", f"/modalities/{name}")
    return orthanc_server


def _start(folder: Path) -> "tuple[subprocess.Popen[bytes], Orthanc]":
    """Start on free ports; another process may take one meanwhile, so it is tried more than once."""
    log = folder / "log"
    for _ in range(3):
        server = Orthanc(http_port=free_port(), dicom_port=free_port())
        path = folder / "orthanc.json"
        path.write_text(json.dumps(configuration(folder, server.http_port, server.dicom_port)), encoding="utf-8")
        with log.open("wb") as output:
            process = subprocess.Popen(["Orthanc", str(path)], stdout=output, stderr=subprocess.STDOUT)
        if _ready(process, server):
            return process, server
        process.kill()
        process.wait(30)
    raise RuntimeError(f"Orthanc does not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _ready(process: "subprocess.Popen[bytes]", server: Orthanc) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return bool(server.get("/system")["Version"])
        except OSError:
            time.sleep(0.05)
    return False
