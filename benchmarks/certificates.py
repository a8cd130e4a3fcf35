"""An authority for tests and measurements, made by deploy/make-test-ca.sh."""

import os
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from screening.certificates import fingerprint

SCRIPT = Path(__file__).resolve().parents[1] / "deploy" / "make-test-ca.sh"


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate and its key, as files."""

    path: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """As the settings name it."""
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.path.read_text(encoding="ascii")))


class Authority:
    """Signs certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def path(self) -> Path:
        """Its own certificate."""
        return self._folder / "ca.pem"

    def certificate(self, name: str, days: int = 30) -> Certificate:
        """A certificate for a name; one that is over, with days below 0."""
        if not (self._folder / f"{name}.pem").exists():
            subprocess.run(
                [str(SCRIPT), str(self._folder), name],
                check=True,
                capture_output=True,
                env=os.environ | {"DAYS": str(days)},
            )
        return Certificate(path=self._folder / f"{name}.pem", key=self._folder / f"{name}.key")
