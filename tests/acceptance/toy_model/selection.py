"""Which series of a study a made-up model reads: the first radiograph. Headers only; no torch."""

from screening.types import Eligible, Ineligible, Selection, Study


def select(study: Study) -> Selection:
    """Choose the first image of the first series of radiographs; reject every other series."""
    chosen, rejected = None, []
    for series in study.series:
        if chosen is None and series.header.text("Modality") in ("CR", "DX"):
            first = series.instances[0].sop_instance_uid
            chosen = Eligible(
                series_instance_uid=series.series_instance_uid,
                sop_instance_uids=(first,),
                reason="the first radiograph",
            )
        else:
            rejected.append(
                Ineligible(
                    series_instance_uid=series.series_instance_uid, code="wrong-modality", reason="another was taken"
                )
            )
    return Selection(chosen=chosen, rejected=tuple(rejected))
