"""Digests that name what a result was computed from."""

import hashlib
from collections.abc import Iterable

from screening.types import Instance, Study


def input_digest(instances: Iterable[Instance]) -> str:
    """SHA-256 over the sorted (SOP Instance UID, file digest) pairs: 64 hexadecimal digits."""
    lines = sorted(f"{instance.sop_instance_uid} {instance.digest}\n" for instance in instances)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def study_digest(study: Study) -> str:
    """The input digest of everything that a study holds."""
    return input_digest(study.instances)
