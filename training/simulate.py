"""`opportune simulate`: phantoms as valid DICOM files, with what is true about them in labels.csv."""

from collections.abc import Mapping

from training.simulators import (
    bone_muscle_ct,
    cap_mortality_cxr,
    pediatric_age_cxr,
    spine_fracture_xr,
    ssc_ild_mortality_ct,
)
from training.simulators.case import Simulator, simulator

__all__ = ["SIMULATORS", "Simulator"]

SIMULATORS: Mapping[str, Simulator] = {
    "cap_mortality_cxr": simulator(cap_mortality_cxr.COLUMNS, cap_mortality_cxr.write),
    "ssc_ild_mortality_ct": simulator(ssc_ild_mortality_ct.COLUMNS, ssc_ild_mortality_ct.write),
    "pediatric_age_cxr": simulator(pediatric_age_cxr.COLUMNS, pediatric_age_cxr.write),
    "spine_fracture_xr": simulator(
        spine_fracture_xr.COLUMNS, spine_fracture_xr.write, finish=spine_fracture_xr.write_keypoints
    ),
    "bone_muscle_ct": simulator(bone_muscle_ct.COLUMNS, bone_muscle_ct.write),
}
"""By the model whose input they simulate. The same seed gives the same files."""
