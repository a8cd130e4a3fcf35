"""Jobs: one model's work on one study, once."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from screening.serialize import context_to_json
from screening.types import ClinicalContext, Instance

NOTHING_KNOWN = ClinicalContext()


def input_digest(instances: Iterable[Instance], context: ClinicalContext = NOTHING_KNOWN) -> str:
    """SHA-256 over the sorted (SOP Instance UID, file digest) pairs and, if anything is in it, the context.

    The same images with the same context give the same digest, and so the same UIDs of the report's objects.
    """
    pairs = sorted((instance.sop_instance_uid, instance.digest) for instance in instances)
    lines = [f"{uid} {digest}\n" for uid, digest in pairs]
    if context.diagnoses or context.items:
        lines.append(json.dumps(context_to_json(context), sort_keys=True))
    return hashlib.sha256("".join(lines).encode("ascii")).hexdigest()


class JobState(StrEnum):
    """State of a job. Every arrow between states is a row of `job_events`."""

    READY = "ready"  #: to be claimed
    CLAIMED = "claimed"  #: a worker holds the lease
    RETRY_WAIT = "retry_wait"  #: failed, to be claimed again at next_attempt_at
    INFERRED = "inferred"  #: findings or a reason, and the report, are stored
    QUARANTINED = "quarantined"  #: failed for good, or too often; an operator decides
    DISMISSED = "dismissed"  #: an operator gave it up, with a reason
    SUPERSEDED = "superseded"  #: a revision with later images took its place


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One model's work on one series. (study, series, input_digest, model, version, config) is unique."""

    job_id: int
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uids: tuple[str, ...]
    input_digest: str  #: `input_digest` of its instances and its context
    model_name: str
    model_version: str
    config_digest: str  #: SHA-256 over what changes numbers: weights, calibration, thresholds
    state: JobState
    attempt: int  #: how often it was claimed
    lease_owner: str | None
    lease_until: datetime | None
    next_attempt_at: datetime | None
    predecessor_id: int | None  #: the job whose report this one replaces
    created_at: datetime
    context: ClinicalContext = field(default_factory=ClinicalContext, repr=False)  #: what of it the model is told
    reason: str | None = None  #: last failure, for an admin


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The right to work on a job: every later write is fenced by owner and attempt."""

    job: Job
    owner: str
    attempt: int
