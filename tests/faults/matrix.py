"""Rows of the matrix: what each injects, how often, and what came of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.bench import EMBEDDED, PRODUCTION, Bench, Servers, bench
from tests.faults.oracle import await_clean, judge, unfinished

BOTH = (EMBEDDED, PRODUCTION)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault."""

    number: str  #: of the matrix, with a letter where there are several of a number
    fault: str
    expected: str
    run: Callable[["Case"], None]
    modes: tuple[str, ...] = (PRODUCTION,)
    short: bool = False  #: whether the short form has it


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one row in one mode."""

    number: str
    fault: str
    expected: str
    mode: str
    runs: int
    acknowledged: int
    lost: int
    duplicates: int
    recovery_seconds: float | None  #: the longest; None where nothing has to recover
    failure: str | None  #: what did not hold beside the counts

    @property
    def good(self) -> bool:
        """Whether everything held."""
        return self.failure is None and self.runs > 0 and self.lost == 0 and self.duplicates == 0


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How often faults are injected."""

    kills: int  #: at each step
    random: int  #: kills at random moments
    minutes: float  #: of the soak
    judge_times: bool = True  #: False on a machine that does other work: times are told, and held to nothing


@dataclass
class Case:
    """One row in one mode, at work."""

    mode: str
    effort: Effort
    folder: Path
    servers: Servers
    shared: "SharedBench"
    acknowledged: int = 0
    lost: int = 0
    duplicates: int = 0
    seconds: list[float | None] = field(default_factory=list)
    _begun: dict[int, int] = field(default_factory=dict)

    @contextmanager
    def bench(self, **changes: Any) -> Iterator[Bench]:
        """A bench of this row's own."""
        number = len(list(self.folder.parent.glob(f"{self.folder.name}*")))
        with bench(self.folder.with_name(f"{self.folder.name}-{number}"), self.mode, self.servers, **changes) as made:
            yield made

    @contextmanager
    def common(self) -> Iterator[Bench]:
        """The bench that rows share which leave it as it was; thrown away when one did not end well."""
        made = self.shared.get(self.mode, self.servers)
        self._begun[id(made)] = len(made.acknowledged)
        try:
            yield made
        except BaseException:
            self.shared.drop(self.mode)
            raise

    def count(self, made: Bench, recovery_seconds: float | None = None, *, all_done: bool = True) -> None:
        """One run is over: ask the oracle."""
        self.seconds.append(recovery_seconds)
        self.judge(made, all_done=all_done)

    def judge(self, made: Bench, *, all_done: bool = True) -> None:
        """Ask the oracle. all_done: every job and delivery must have ended well."""
        verdict = judge(made)
        self.acknowledged = max(self.acknowledged, verdict.acknowledged - self._begun.get(id(made), 0))
        self.lost = max(self.lost, verdict.lost)
        self.duplicates = max(self.duplicates, verdict.duplicates)
        assert verdict.good, f"{verdict.lost} lost, {verdict.duplicates} duplicates"
        if all_done:
            assert not unfinished(made), "; ".join(unfinished(made))

    def held_to(self, limit: float) -> None:
        """The last recovery must not have taken longer than so many seconds."""
        last = self.seconds[-1]
        late = self.effort.judge_times and last is not None and last > limit
        assert not late, f"recovered after {last:.0f} s, promised within {limit:g} s"

    def outcome(self, row: Row, failure: str | None) -> Outcome:
        """What came of it."""
        known = [seconds for seconds in self.seconds if seconds is not None]
        return Outcome(
            number=row.number,
            fault=row.fault,
            expected=row.expected,
            mode=self.mode,
            runs=len(self.seconds),
            acknowledged=self.acknowledged,
            lost=self.lost,
            duplicates=self.duplicates,
            recovery_seconds=max(known) if known else None,
            failure=failure,
        )


@dataclass
class SharedBench:
    """One bench for each mode, kept from row to row."""

    folder: Path
    _stacks: dict[str, tuple[ExitStack, Bench]] = field(default_factory=dict)
    _made: int = 0

    def get(self, mode: str, servers: Servers) -> Bench:
        """The bench of a mode."""
        if mode not in self._stacks:
            self._made += 1
            stack = ExitStack()
            made = stack.enter_context(
                bench(self.folder / f"shared-{mode}-{self._made}", mode, servers, commitment="storage-commitment")
            )
            self._stacks[mode] = stack, made
        return self._stacks[mode][1]

    def drop(self, mode: str) -> None:
        """Throw it away."""
        if mode in self._stacks:
            self._stacks.pop(mode)[0].close()

    def close(self) -> None:
        """Throw all away."""
        for mode in tuple(self._stacks):
            self.drop(mode)


@dataclass
class Watch:
    """Measures a recovery."""

    begin: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self.begin


def finish(case: Case, made: Bench) -> None:
    """At the end of a row: the spool is as it was."""
    await_clean(made)
