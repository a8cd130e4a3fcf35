from pathlib import Path

from PIL import Image

from tests.training.reporting.cohorts import bench, make
from training.evaluation.scored import ScoredCohort
from training.reporting import plots_age


def test_both_plots_are_drawn(tmp_path: Path) -> None:
    cohort = make("pediatric_age_cxr")
    nameless = ScoredCohort(model_name=cohort.model_name, name="x", patient_id=cohort.patient_id, values=cohort.values,
                            groups={})  # fmt: skip
    for number, one in enumerate((cohort, nameless)):
        for draw in (plots_age.scatter, plots_age.agreement):
            path = tmp_path / f"{number}{draw.__name__}.png"
            draw(path, bench(one), "months", "true_months", "months")
            with Image.open(path) as picture:
                assert picture.width > 500
    plain, known = (tmp_path / f"{k}scatter.png" for k in (1, 0))
    assert plain.read_bytes() != known.read_bytes()
