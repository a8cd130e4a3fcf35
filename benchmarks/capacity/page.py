"""docs/capacity.md."""

from collections.abc import Mapping, Sequence

from benchmarks.capacity import queueing, traffic
from benchmarks.capacity.forecast import DONE_SECONDS, GOAL_SECONDS, Forecast, Waits, Year
from benchmarks.capacity.service_times import BOOKKEEPING_SECONDS, Measured


def page(
    measured: Measured,
    years: Sequence[Year],
    found: Sequence[Mapping[float, Sequence[Forecast]]],
    needed: Sequence[Mapping[float, int | None]],
    seed: int,
) -> str:
    """The page: what was assumed, how many workers are needed, what is waited for with more and with fewer."""
    parts = [_TOP.format(machine=measured.machine, seed=seed, bookkeeping=BOOKKEEPING_SECONDS)]
    parts += ["\n".join(_services(measured)), _MIDDLE, "\n".join(_needed(years, needed))]
    for year, by_factor in zip(years, found, strict=True):
        name = year.network.name
        parts.append(f"## {name[0].upper()}{name[1:]}")
        for factor, forecasts in by_factor.items():
            parts.append("\n".join(_network(forecasts, factor)))
    return "\n\n".join(parts) + "\n"


def _services(measured: Measured) -> list[str]:
    lines = [
        "| model | runs | median, s | 95 %, s | of a hundred X-rays and CTs, for this model |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, share in traffic.SHARES.items():
        item = measured.models[name]
        lines.append(f"| `{name}` | {item.runs} | {item.median:.2f} | {item.p95:.2f} | {100 * share:.1f} |")
    return lines


def _needed(years: Sequence[Year], needed: Sequence[Mapping[float, int | None]]) -> list[str]:
    factors = list(needed[0])
    lines = [
        "| | X-rays and CTs a year | jobs a year | in the busiest hour | workers busy, on average |"
        + "".join(f" workers{'' if factor == 1 else f', jobs {factor:g} times as long'} |" for factor in factors),
        "|" + " --- |" * (5 + len(factors)),
    ]
    for year, workers in zip(years, needed, strict=True):
        cells = [f" {count if count is not None else 'more than 64'} |" for count in workers.values()]
        lines.append(
            f"| {year.network.name} | {year.network.studies:,} | {len(year.services):,} | {year.busiest_hour[1]:,} |"
            f" {year.load:.2f} |" + "".join(cells)
        )
    return lines


def _network(forecasts: Sequence[Forecast], factor: float) -> list[str]:
    lines = [
        "Jobs as long as measured:" if factor == 1 else f"Jobs {factor:g} times as long:",
        "",
        f"| workers | busy | waited: median | 95 % | 99 % | longest | in the busiest hour: median | 95 % | longest |"
        f" done in {DONE_SECONDS / 60:g} minutes |",
        "|" + " --- |" * 10,
    ]
    for item in forecasts:
        waits = f"{_waits(item.year)} | {_peak(item.busiest_hour)}"
        if item.utilisation >= 1:
            waits = " | ".join(["more comes than is done", *[""] * 6])
        lines.append(f"| {item.workers} | {100 * item.utilisation:.1f} % | {waits} | {100 * item.done:.2f} % |")
    return lines


def _waits(waits: Waits) -> str:
    return " | ".join(map(_told, (waits.median, waits.p95, waits.p99, waits.longest)))


def _peak(waits: Waits) -> str:
    return " | ".join(map(_told, (waits.median, waits.p95, waits.longest)))


def _told(seconds: float) -> str:
    """Seconds as people say them."""
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds else "0"


_TOP = """# How many workers

Made by `python -m benchmarks.capacity --write docs/capacity.md` (seed {seed}): a year of traffic is drawn, and
simulated workers do its jobs one after the other, the oldest first. With the same seed the same page comes out.

A job waits from the moment at which its study is quiet, `node.quiet_seconds` (60 s) after its last image, until a
worker begins.

## What is assumed

- The size of each network, which share of its studies each model takes, the hours and the seasons, bursts and stops:
  `benchmarks/capacity/traffic.py`, each number with its source or as an assumption. Put your own there.
- How long a job takes: a lognormal distribution with the median and the 95th percentile that were measured for each
  model on simulated patients ({machine}), and {bookkeeping} s for the worker's own steps. A worker here is two threads
  on such a machine. Real CTs have more slices than simulated ones, and your processors are not these: measure, with
  `python -m benchmarks.capacity.service_times` on the machine that shall do the work."""

_HOURS = " or ".join(map(str, queueing.MAINTENANCE_HOURS))

_MIDDLE = f"""- Every worker rests for an hour each night, at {_HOURS} o'clock in turn, after its job. Each dies
  {queueing.RESTARTS} times a year, loses its job, which another does {queueing.LEASE_SECONDS:g} s later, and is back
  after {queueing.RESTART_SECONDS:g} s.
- A hospital's router stops {traffic.STOPS} times a year for two hours and then sends everything at once: that, and the
  rest of a worker that is alone, make the longest waits.
- Receiving, indexing and sending are no bottleneck at these rates: [performance.md](performance.md).

## Workers needed

So that 95 of 100 jobs wait {GOAL_SECONDS / 60:g} minutes at most, over the year, and with jobs that take longer than
was measured: other models, more slices, slower processors. One worker more than needed is wise: a machine fails for
longer than a worker does.

In the tables below a year is simulated with 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48 and 64 workers, up to the number with
which nobody waits."""
