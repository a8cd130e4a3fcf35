"""The slice of a volume on which findings lie, as the overlay draws a picture."""

import numpy as np

from screening.findings import Findings
from screening.images import Radiograph, Volume

WINDOW = (-160.0, 240.0)  # HU: soft tissue, where findings name no window of their own


def slice_picture(volume: Volume, findings: Findings) -> Radiograph:
    """The slice that the findings want shown, else that of the first group's region, windowed to 0..1.

    Raises
    ------
    ValueError
        If it is no slice of the volume.
    """
    uid = findings.shown or findings.groups[0].region.sop_instance_uid
    black, white = findings.window or WINDOW
    hu = volume.hu[volume.sop_instance_uids.index(uid)]
    pixels = np.clip((hu - black) / (white - black), 0, 1).astype(np.float32)
    return Radiograph(pixels=pixels, spacing=volume.spacing[1:], sop_instance_uid=uid, header=volume.header)
