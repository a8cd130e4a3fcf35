"""Keypoints are judged as they are used: what is refused is missed."""

from dataclasses import replace

import numpy as np
import pytest

from models.hrnet import KeypointHRNet
from models.spine_fracture_xr.keypoints import Located
from training.cohorts.lumbar import LumbarCohort, simulate
from training.fitting import judge_keypoints as module
from training.fitting.judge_keypoints import judge_keypoints


@pytest.fixture(scope="module")
def cohort() -> LumbarCohort:
    return replace(simulate("external", 6, size=96), spacing=np.full(6, 2.0, np.float32))


def finds(monkeypatch: pytest.MonkeyPatch, points: np.ndarray, peaks: np.ndarray) -> None:
    monkeypatch.setattr(module, "find", lambda *_, **__: Located(points.astype(np.float64), peaks.astype(np.float64)))


def test_the_truth_has_no_error(monkeypatch: pytest.MonkeyPatch, cohort: LumbarCohort) -> None:
    finds(monkeypatch, cohort.keypoints / 2, np.ones((6, 5)))
    told = judge_keypoints(KeypointHRNet(5, 4), cohort, size=48)
    assert told["oks_ap"] == 1
    assert told["mean_error_mm"] == pytest.approx(0, abs=1e-4)
    assert told["refused"] == told["pictures_refused"] == told["level_shift_rate"] == 0


def test_an_error_is_told_in_mm_and_a_refusal_is_a_miss(monkeypatch: pytest.MonkeyPatch, cohort: LumbarCohort) -> None:
    peaks = np.ones((6, 5))
    peaks[:3, 2] = 0.01
    finds(monkeypatch, cohort.keypoints / 2 + np.array([0.5, 0.0]), peaks)  # one pixel of the picture, 2 mm
    told = judge_keypoints(KeypointHRNet(5, 4), cohort, size=48)
    assert told["mean_error_mm"] == pytest.approx(2, abs=1e-4)
    assert told["pictures_refused"] == 3
    assert told["refused"] == 0.5
    assert told["oks_ap"] <= 0.5


def test_only_counts_are_left_when_all_are_refused(monkeypatch: pytest.MonkeyPatch, cohort: LumbarCohort) -> None:
    finds(monkeypatch, cohort.keypoints, np.zeros((6, 5)))
    assert judge_keypoints(KeypointHRNet(5, 4), cohort, size=96) == {"pictures": 6, "pictures_refused": 6}
