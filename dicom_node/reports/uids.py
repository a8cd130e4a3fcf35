"""UIDs that follow from what they name: the same work done twice names the same objects."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("6f2c1a52-3c0b-5d0e-9a5e-6b1f0f7f9d31")
"""Drawn once for this product; changing it would make every stored report look new."""

SCHEMA = "2"
"""Raise it when the layout of the reports changes: other bytes need other UIDs (PS3.4 B.4.1)."""

_SEPARATOR = "\x1f"


def uid_of(*parts: str) -> str:
    """A UID of at most 44 characters under 2.25 (PS3.5 B.2) from texts; the order of the texts matters."""
    return f"2.25.{uuid5(NAMESPACE, _SEPARATOR.join(parts)).int}"


IMPLEMENTATION_CLASS_UID = uid_of("implementation")
"""Names this implementation in the file meta information (PS3.7 D.3.3.2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportUids:
    """The UIDs of one report.

    A change of input, model, weights, settings or layout changes every one of them, because PACS keep what they have
    when other bytes arrive under a known SOP Instance UID.
    """

    study_instance_uid: str
    sop_instance_uids: Sequence[str]
    input_digest: str
    model_name: str
    model_version: str
    weights_sha256: str
    config_digest: str
    run: int

    def of(self, role: str) -> str:
        """The UID of a role: a series, an instance or a tracked finding of this report."""
        sources = hashlib.sha256("\n".join(sorted(self.sop_instance_uids)).encode()).hexdigest()
        return uid_of(
            self.study_instance_uid, sources, self.input_digest, self.model_name, self.model_version,
            self.weights_sha256, self.config_digest, SCHEMA, str(self.run), role,
        )  # fmt: skip

    @property
    def device(self) -> str:
        """Device UID of the algorithm: it changes whenever the model is modified (IHE AIR 6.5.3.1), else never."""
        return uid_of("device", self.model_name, self.model_version, self.weights_sha256)
