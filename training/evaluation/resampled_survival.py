"""Statistics of censored outcomes under (D, N) weights; each agrees with its namesake on repeated rows."""

import numpy as np
import numpy.typing as npt

from training.evaluation.calibration import log_odds
from training.evaluation.interval import Bools, Floats, time_and_event
from training.evaluation.resampled_binary import logistic_parameter, weighted_auc
from training.evaluation.resampling import Statistic, ratio, ratio_each

PAIRS_AT_ONCE = 20_000_000  # of an event and a patient: 80 MB


class FollowUp:
    """(N,) times and event flags (False: censored), and the statistics of scores on them."""

    def __init__(self, time: npt.ArrayLike, event: npt.ArrayLike) -> None:
        """Times must not be negative (ValueError)."""
        self.time, self.event = time_and_event(time, event)
        self._times, self._index = np.unique(self.time, return_inverse=True)

    def harrell_c(self, score: Floats) -> Statistic:
        """`concordance.harrell_c`."""
        return lambda weights: self._concordance(score, weights, weights[:, self.event])

    def uno_c(self, score: Floats, tau: float) -> Statistic:
        """`concordance.uno_c`."""

        def statistic(weights: Floats) -> Floats:
            g = self._censoring(weights)[:, self._index[self.event]]
            inside = weights[:, self.event] * (self.time[self.event] < tau)
            c = self._concordance(score, weights, np.where(inside > 0, ratio(inside, g**2), 0))
            return np.where(((inside > 0) & (g <= 0)).any(1), np.nan, c)

        return statistic

    def auc_at(self, score: Floats, horizon: float) -> Statistic:
        """`time_auc.auc_at`."""
        case, control = self._at(horizon)
        return lambda weights: weighted_auc(score, self._case_weights(weights, case), weights * control)

    def brier_at(self, risk: Floats, horizon: float) -> Statistic:
        """`brier_score.brier_at`."""
        case, _ = self._at(horizon)

        def statistic(weights: Floats) -> Floats:
            inverse = self._weights_at(weights, horizon)
            return ratio(inverse @ (case - risk) ** 2, weights.sum(1))

        return statistic

    def calibration_at(self, risk: Floats, horizon: float, parameter: str) -> Statistic:
        """One parameter of the line of `calibration_at.calibration_at`: "intercept", "slope" or "in_the_large"."""
        x, case = log_odds(risk), self._at(horizon)[0].astype(np.float64)

        def statistic(weights: Floats) -> Floats:
            inverse = self._weights_at(weights, horizon)
            known = np.isfinite(inverse).all(1)
            return np.where(known, logistic_parameter(x, case, np.nan_to_num(inverse), parameter), np.nan)

        return statistic

    def risk_at(self, horizon: float) -> Statistic:
        """`calibration_at.risk_at`: 1 - Kaplan and Meier at the horizon."""
        before = self._times <= horizon

        def statistic(weights: Floats) -> Floats:
            at_risk, events, _ = self._table(weights)
            return np.asarray(1 - np.prod(np.where(before, 1 - events / np.maximum(at_risk, 1), 1), axis=1), np.float64)

        return statistic

    def _at(self, horizon: float) -> tuple[Bools, Bools]:
        return self.event & (self.time <= horizon), self.time > horizon

    def _table(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """(D, K) at each distinct time: at risk, with an event, censored."""
        order = np.argsort(self._index, kind="stable")
        starts = np.searchsorted(self._index[order], np.arange(self._times.size))
        here = np.add.reduceat(weights[:, order], starts, axis=1)
        events = np.add.reduceat((weights * self.event)[:, order], starts, axis=1)
        return np.cumsum(here[:, ::-1], axis=1)[:, ::-1], events, here - events

    def _censoring(self, weights: Floats) -> Floats:
        """(D, K) chance of not being censored up to and including each distinct time."""
        at_risk, events, censored = self._table(weights)
        return np.asarray(np.cumprod(1 - censored / np.maximum(at_risk - events, 1), axis=1), np.float64)

    def _case_weights(self, weights: Floats, case: Bools) -> Floats:
        g = self._censoring(weights)[:, self._index]
        inside = weights * case
        return np.where(inside > 0, ratio(inside, g), 0)

    def _weights_at(self, weights: Floats, horizon: float) -> Floats:
        """(D, N) censoring weights at a horizon, a whole row NaN where nobody is followed beyond it."""
        case, control = self._at(horizon)
        last = int(np.searchsorted(self._times, horizon, side="right")) - 1
        g = self._censoring(weights)[:, last] if last >= 0 else np.ones(len(weights))
        followed = weights * control
        inverse = self._case_weights(weights, case) + ratio_each(followed, g)
        return np.where((followed.sum(1) > 0)[:, None], inverse, np.nan)

    def _concordance(self, score: Floats, weights: Floats, case: Floats) -> Floats:
        """(D,) share of comparable pairs that are concordant, an event of (D, E) weight with all who outlived it."""
        numbers = np.flatnonzero(self.event)
        numerator = denominator = np.zeros(len(weights))
        light = weights.astype(np.float32)  # whole and half numbers below 2^24: exact
        step = max(1, PAIRS_AT_ONCE // self.time.size)
        for start in range(0, numbers.size, step):
            rows = numbers[start : start + step, None]
            outlived = (self.time > self.time[rows]) | ((self.time == self.time[rows]) & ~self.event)
            above = (score < score[rows]) + 0.5 * (score == score[rows])
            part = case[:, start : start + step]
            pairs = light @ outlived.astype(np.float32).T
            won = light @ (above * outlived).astype(np.float32).T
            numerator = numerator + np.einsum("de,de->d", part, won)
            denominator = denominator + np.einsum("de,de->d", part, pairs)
        return ratio(numerator, denominator)
