"""By which UID a finding is tracked: the same in the structured report and in the segmentation (PS3.16 TID 1410)."""

from dicom_node.reports.frame import Frame
from screening.findings import Findings


def tracking_uid(frame: Frame, tracking_identifier: str, index: int | None = None) -> str:
    """Tracking Unique Identifier of a group.

    Viewers merge groups that share one: the index keeps apart those of the same name. Without it, that of the first.

    Raises
    ------
    ValueError
        If no group bears the identifier.
    """
    if index is None:
        outcome = frame.request.outcome
        names = [group.tracking_identifier for group in outcome.groups] if isinstance(outcome, Findings) else []
        index = names.index(tracking_identifier)
    return frame.uids.of(f"tracking/{index}/{tracking_identifier}")
