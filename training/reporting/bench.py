"""A scored cohort on the bench: statistics of its columns with bootstrap intervals, all on the same draws."""

from dataclasses import dataclass

import numpy as np

from training.evaluation import resampled_binary as binary
from training.evaluation.bootstrap import DRAWS
from training.evaluation.discrimination import delong
from training.evaluation.interval import Bools, Floats
from training.evaluation.resampled_survival import FollowUp
from training.evaluation.resampling import Estimate, Resamples, Statistic
from training.evaluation.scored import ScoredCohort
from training.evaluation.subgroups import EVENTS_NEEDED
from training.reporting.cells import ABSENT, Cell, Form, figure


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """A statistic, on how many rows, and whether on too few events."""

    estimate: Estimate
    n: int
    events: int | None = None
    few: bool = False
    form: Form = Form.SHARE
    delong: tuple[float, float] | None = None

    def cell(self, published: str = "") -> Cell:
        """As it stands in a table."""
        further = {"n": float(self.n)}
        if self.events is not None:
            further["events"] = float(self.events)
        if self.delong is not None:
            further |= {"delong_low": self.delong[0], "delong_high": self.delong[1]}
        return figure(self.estimate, self.form, few=self.few, published=published, further=further)


def cell_of(measured: Measured | None, published: str = "", absent: str = ABSENT) -> Cell:
    """The cell of a statistic, or what stands for one that this bundle or cohort cannot have."""
    return Cell(text=absent, published=published) if measured is None else measured.cell(published)


class Bench:
    """A cohort, its draws, and the rows that are looked at: all of them, or those of `part`."""

    def __init__(
        self, cohort: ScoredCohort, *, draws: int = DRAWS, seed: int = 0, resamples: Resamples | None = None
    ) -> None:
        self.cohort = cohort
        self.resamples = resamples or Resamples(cohort.patient_id, draws=draws, seed=seed)
        self._inside = np.ones(len(cohort), np.bool_)

    def part(self, rows: Bools) -> "Bench":
        """The same cohort and draws, only some rows counted."""
        other = Bench(self.cohort, resamples=self.resamples)
        other._inside = self._inside & rows
        return other

    @property
    def name(self) -> str:
        """Of the cohort."""
        return self.cohort.name

    def has(self, *names: str) -> bool:
        """Whether every column has a number on at least one of the rows."""
        return all(name in self.cohort.values for name in names) and bool(self.rows(*names).any())

    def rows(self, *names: str) -> Bools:
        """(N,) the rows that are looked at and on which all these columns are known."""
        return self._inside & self.cohort.known(*names)

    def column(self, name: str, rows: Bools) -> Floats:
        """A column on some rows."""
        return self.cohort.values[name][rows]

    def flag(self, name: str, rows: Bools) -> Bools:
        """A column of 0 and 1 on some rows."""
        return np.equal(self.cohort.values[name][rows], 1.0)

    def estimate(self, statistic: Statistic, rows: Bools) -> Estimate:
        """A statistic of rows, on the cohort's draws."""
        return self.resamples.of(statistic, rows)

    def auc(self, score: str, event: str, rows: Bools | None = None) -> Measured | None:
        """AUC of a score; DeLong's interval goes with it."""
        if not self.has(score, event):
            return None
        rows = self.rows(score, event) if rows is None else rows
        s, y = self.column(score, rows), self.flag(event, rows)
        ends = None
        if y.any() and not y.all():
            interval = delong(s, y)
            ends = (interval.low, interval.high)
        few = min(int(y.sum()), int((~y).sum())) < EVENTS_NEEDED
        estimate = self.estimate(binary.auc(s, y), rows)
        return Measured(estimate=estimate, n=y.size, events=int(y.sum()), few=few, delong=ends)

    def of_binary(self, statistic: Statistic, event: str, rows: Bools, form: Form = Form.SHARE) -> Measured:
        """Another statistic of a yes-or-no outcome."""
        y = self.flag(event, rows)
        few = min(int(y.sum()), int((~y).sum())) < EVENTS_NEEDED
        return Measured(
            estimate=self.estimate(statistic, rows), n=y.size, events=int(y.sum()), few=few, form=form
        )  # fmt: skip

    def follow_up(self, rows: Bools) -> FollowUp:
        """Times and events of some rows."""
        return FollowUp(self.column("time", rows), self.flag("event", rows))

    def concordance(self, score: str, rows: Bools | None = None) -> Measured | None:
        """Harrell's C of a score that is higher for a shorter life."""
        if not self.has(score, "time", "event"):
            return None
        rows = self.rows(score, "time", "event") if rows is None else rows
        y = self.flag("event", rows)
        statistic = self.follow_up(rows).harrell_c(self.column(score, rows))
        few = int(y.sum()) < EVENTS_NEEDED
        return Measured(estimate=self.estimate(statistic, rows), n=y.size, events=int(y.sum()), few=few)

    def uno(self, score: str, tau: float) -> Measured | None:
        """Uno's C before tau (years)."""
        if not self.has(score, "time", "event"):
            return None
        rows = self.rows(score, "time", "event")
        return self._by(self.follow_up(rows).uno_c(self.column(score, rows), tau), rows, tau)

    def auc_at(self, score: str, horizon: float, rows: Bools | None = None) -> Measured | None:
        """Cumulative/dynamic AUC by a horizon (years), censoring weighted."""
        if not self.has(score, "time", "event"):
            return None
        rows = self.rows(score, "time", "event") if rows is None else rows
        return self._by(self.follow_up(rows).auc_at(self.column(score, rows), horizon), rows, horizon)

    def binary_auc_at(self, score: str, horizon: float) -> Measured | None:
        """AUC of the event by a horizon, those censored before it left out."""
        if not self.has(score, "time", "event"):
            return None
        rows = self.rows(score, "time", "event")
        time, event = self.cohort.values["time"], self.cohort.values["event"] == 1
        rows &= (time > horizon) | (event & (time <= horizon))
        if not rows.any():
            return None
        y = event[rows] & (time[rows] <= horizon)
        few = min(int(y.sum()), int((~y).sum())) < EVENTS_NEEDED
        estimate = self.estimate(binary.auc(self.column(score, rows), y), rows)
        return Measured(estimate=estimate, n=y.size, events=int(y.sum()), few=few)

    def at(self, what: str, risk: str, horizon: float) -> Measured | None:
        """Brier score ("brier") or a parameter of calibration ("slope", "intercept", "in_the_large") by a horizon."""
        if not self.has(risk, "time", "event"):
            return None
        rows = self.rows(risk, "time", "event")
        follow, p = self.follow_up(rows), np.clip(self.column(risk, rows), 0, 1)
        statistic = follow.brier_at(p, horizon) if what == "brier" else follow.calibration_at(p, horizon, what)
        return self._by(statistic, rows, horizon, Form.SHARE if what == "brier" else Form.TWO)

    def _by(self, statistic: Statistic, rows: Bools, horizon: float, form: Form = Form.SHARE) -> Measured:
        """With the number of events by the horizon."""
        time, y = self.column("time", rows), self.flag("event", rows)
        events, beyond = int((y & (time <= horizon)).sum()), int((time > horizon).sum())
        estimate = self.estimate(statistic, rows)
        few = min(events, beyond) < EVENTS_NEEDED
        return Measured(estimate=estimate, n=y.size, events=events, few=few, form=form)
